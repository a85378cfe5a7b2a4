"Flavors, their access lists and extra specs."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Version
from compute.api.listing import limit_of, pattern_of
from compute.core import Deps, flavors
from compute.errors import InvalidParameter
from compute.schemas import flavors as schemas
from compute.views import flavors as views
from compute.views.links import base

api = Api("/v2.1/flavors")
READ = "os_compute_api:flavors"
SORT = {
    "created_at": "created_at",
    "description": "description",
    "disabled": "disabled",
    "ephemeral_gb": "ephemeral_gib",
    "flavorid": "flavorid",
    "id": "id",
    "is_public": "is_public",
    "memory_mb": "memory_mib",
    "name": "name",
    "root_gb": "root_gib",
    "rxtx_factor": "rxtx_factor",
    "swap": "swap_mib",
    "updated_at": "updated_at",
    "vcpus": "vcpus",
    "vcpu_weight": "id",
}


@api.get("", policy=READ, query=schemas.LIST)
def index(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Names only."
    rows, more = _rows(ctx, deps, args, version, "flavors")
    return {"flavors": [views.brief(r, version) for r in rows], **more}


@api.get("/detail", policy=READ, query=schemas.LIST)
def detail(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Everything."
    rows, more = _rows(ctx, deps, args, version, "flavors/detail")
    return {"flavors": [views.detail(ctx, r, version) for r in rows], **more}


def _rows(
    ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version, path: str
) -> tuple[list[Any], dict[str, Any]]:
    key, way = args.get("sort_key", "flavorid"), args.get("sort_dir", "asc")
    named = pattern_of("name", args.get("name", "")) if version >= "2.102" else ""
    if version >= "2.102" and key == "rxtx_factor":
        raise InvalidParameter(field="sort_key", value=key, reason="It is not known.")
    if key not in SORT or way not in ("asc", "desc"):
        raise InvalidParameter(
            field="sort_key" if key not in SORT else "sort_dir",
            value=key,
            reason="It is not known.",
        )
    limit = limit_of(deps, args)
    rows = flavors.find(
        deps,
        ctx,
        is_public=_public(args.get("is_public", "true")),
        limit=limit,
        marker=args.get("marker"),
        sort_key=SORT[key],
        descending=way == "desc",
        min_disk=_number(args, "minDisk"),
        min_ram=_number(args, "minRam"),
        name=named,
    )
    if rows and len(rows) == limit:
        return rows, {
            "flavors_links": [
                {"rel": "next", "href": f"{base()}/{path}?limit={limit}&marker={rows[-1].flavorid}"}
            ]
        }
    return rows, {}


def _number(args: MultiDict[str, str], name: str) -> int:
    text = args.get(name, "0")
    if not text.isdigit() or int(text) > 2**31 - 1:
        raise InvalidParameter(f"Invalid {name} filter [{text}]")
    return int(text)


def _public(text: str) -> bool | None:
    if text.lower() == "none":
        return None
    if text.lower() not in (
        "1",
        "t",
        "true",
        "on",
        "y",
        "yes",
        "0",
        "f",
        "false",
        "off",
        "n",
        "no",
    ):
        raise InvalidParameter(f"Invalid is_public filter [{text}]")
    return text.lower() in ("1", "t", "true", "on", "y", "yes")


@api.post("", policy="os_compute_api:os-flavor-manage:create", body=schemas.CREATE)
def create(ctx: Context, deps: Deps, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "A new flavor."
    return {"flavor": views.detail(ctx, flavors.create(deps, ctx, body["flavor"]), version)}


@api.get("/<flavor_id>", policy=READ)
def show(ctx: Context, deps: Deps, flavor_id: str, version: Version) -> dict[str, Any]:
    "One flavor."
    return {"flavor": views.detail(ctx, flavors.get(deps, ctx, flavor_id), version)}


@api.put(
    "/<flavor_id>",
    policy="os_compute_api:os-flavor-manage:update",
    body=schemas.UPDATE,
    since="2.55",
)
def update(
    ctx: Context, deps: Deps, flavor_id: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Change the description."
    row = flavors.describe(deps, flavor_id, body["flavor"]["description"])
    return {"flavor": views.detail(ctx, row, version)}


@api.delete("/<flavor_id>", policy="os_compute_api:os-flavor-manage:delete", status=202)
def delete(deps: Deps, flavor_id: str) -> None:
    "Delete it."
    flavors.delete(deps, flavor_id)


@api.get("/<flavor_id>/os-flavor-access", policy="os_compute_api:os-flavor-access")
def access(deps: Deps, flavor_id: str) -> dict[str, Any]:
    "Who may use a private flavor."
    return views.access(flavor_id, flavors.access(deps, flavor_id))


@api.post(
    "/<flavor_id>/action",
    policy="os_compute_api:os-flavor-access:add_tenant_access",
    body=schemas.ACTION,
)
def action(
    ctx: Context, deps: Deps, flavor_id: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Give or take access."
    if "addTenantAccess" in body:
        projects = flavors.grant(
            deps, flavor_id, body["addTenantAccess"]["tenant"], strict=version >= "2.7"
        )
    else:
        ctx.enforce(
            "os_compute_api:os-flavor-access:remove_tenant_access", {"project_id": ctx.project_id}
        )
        projects = flavors.revoke(deps, flavor_id, body["removeTenantAccess"]["tenant"])
    return views.access(flavor_id, projects)


@api.get("/<flavor_id>/os-extra_specs", policy="os_compute_api:os-flavor-extra-specs:index")
def specs(ctx: Context, deps: Deps, flavor_id: str) -> dict[str, Any]:
    "All extra specs."
    return {"extra_specs": flavors.specs(deps, ctx, flavor_id)}


@api.post(
    "/<flavor_id>/os-extra_specs",
    policy="os_compute_api:os-flavor-extra-specs:create",
    body=schemas.ADD_SPECS,
)
def add_specs(deps: Deps, flavor_id: str, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "Add extra specs."
    flavors.add_specs(deps, flavor_id, body["extra_specs"], validate=version >= "2.86")
    return {"extra_specs": {k: str(v) for k, v in body["extra_specs"].items()}}


@api.get("/<flavor_id>/os-extra_specs/<key>", policy="os_compute_api:os-flavor-extra-specs:show")
def spec(ctx: Context, deps: Deps, flavor_id: str, key: str) -> dict[str, str]:
    "One extra spec."
    return {key: flavors.spec(deps, ctx, flavor_id, key)}


@api.put(
    "/<flavor_id>/os-extra_specs/<key>",
    policy="os_compute_api:os-flavor-extra-specs:update",
    body=schemas.SET_SPEC,
)
def set_spec(
    deps: Deps, flavor_id: str, key: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Set one."
    if key not in body:
        raise InvalidParameter("Request body and URI mismatch")
    flavors.add_specs(deps, flavor_id, body, validate=version >= "2.86")
    return {k: str(v) for k, v in body.items()}


@api.delete(
    "/<flavor_id>/os-extra_specs/<key>",
    policy="os_compute_api:os-flavor-extra-specs:delete",
    status=200,
)
def drop_spec(deps: Deps, flavor_id: str, key: str) -> Any:
    "Remove one."
    flavors.drop_spec(deps, flavor_id, key)
    return b""
