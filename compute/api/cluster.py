"For operators: aggregates, server groups, usage, migrations, external events."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import BadRequest
from common.http import Api, Reply, Version
from compute.api.listing import limit_of, offset_of, time_of
from compute.core import Deps, aggregates, external, groups
from compute.schemas import cluster as schemas
from compute.schemas import hosts as host_schemas
from compute.views import cluster as views

api = Api("/v2.1")
RULE = "os_compute_api:os-aggregates"


@api.get("/os-aggregates", policy=f"{RULE}:index")
def list_aggregates(deps: Deps, version: Version) -> dict[str, Any]:
    "All aggregates."
    return {"aggregates": [views.aggregate(r, version) for r in aggregates.find(deps)]}


@api.post("/os-aggregates", policy=f"{RULE}:create", body=host_schemas.CREATE_AGGREGATE)
def create_aggregate(deps: Deps, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "A new one; its hosts and metadata are not in the answer, as ever."
    wish = body["aggregate"]
    row = views.aggregate(
        aggregates.create(deps, wish["name"], wish.get("availability_zone")), version
    )
    return {"aggregate": {k: v for k, v in row.items() if k not in ("hosts", "metadata")}}


@api.get("/os-aggregates/<ident>", policy=f"{RULE}:show")
def show_aggregate(deps: Deps, ident: str, version: Version) -> dict[str, Any]:
    "One."
    return {"aggregate": views.aggregate(aggregates.get(deps, ident), version)}


@api.put("/os-aggregates/<ident>", policy=f"{RULE}:update", body=host_schemas.UPDATE_AGGREGATE)
def update_aggregate(
    deps: Deps, ident: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Change name or zone."
    return {
        "aggregate": views.aggregate(aggregates.update(deps, ident, body["aggregate"]), version)
    }


@api.delete("/os-aggregates/<ident>", policy=f"{RULE}:delete", status=200)
def delete_aggregate(deps: Deps, ident: str) -> Any:
    "Delete it."
    aggregates.delete(deps, ident)
    return b""


@api.post("/os-aggregates/<ident>/action", policy=None, body=host_schemas.AGGREGATE_ACTION)
def aggregate_action(
    ctx: Context, deps: Deps, ident: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Add or remove a host, set metadata."
    action, value = next(iter(body.items()))
    ctx.enforce(f"{RULE}:{action}", {"project_id": ctx.project_id})
    if action == "set_metadata":
        row = aggregates.set_metadata(deps, ident, value["metadata"])
    else:
        row = (aggregates.add_host if action == "add_host" else aggregates.remove_host)(
            deps, ident, value["host"]
        )
    return {"aggregate": views.aggregate(row, version)}


@api.post(
    "/os-aggregates/<ident>/images",
    policy="compute:aggregates:images",
    body=host_schemas.CACHE,
    since="2.81",
    status=202,
)
def cache_images(ctx: Context, deps: Deps, ident: str, body: dict[str, Any]) -> None:
    "Have the hosts fetch images ahead of use."
    ids = [i["id"] for i in body["cache"]]
    if len(set(ids)) != len(ids):
        raise BadRequest("Duplicate images in request")
    aggregates.cache_images(deps, ctx, ident, ids)


@api.get("/os-server-groups", policy="os_compute_api:os-server-groups:index", query=schemas.GROUPS)
def list_groups(
    ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "The project's, or everybody's."
    project = ctx.project_id
    if "all_projects" in args and ctx.is_admin:
        ctx.enforce("os_compute_api:os-server-groups:index:all_projects", {"project_id": project})
        project = None
    rows = groups.find(deps, project, limit_of(deps, args), offset_of(args))
    return {"server_groups": [views.group(g, m, version) for g, m in rows]}


@api.post("/os-server-groups", policy="os_compute_api:os-server-groups:create", body=schemas.GROUP)
def create_group(
    ctx: Context, deps: Deps, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "A new group."
    wish = body["server_group"]
    policy = wish["policy"] if version >= "2.64" else wish["policies"][0]
    row = groups.create(deps, ctx, wish["name"], policy, wish.get("rules") or {})
    return {"server_group": views.group(row, [], version)}


@api.get("/os-server-groups/<ident>", policy=None)
def show_group(ctx: Context, deps: Deps, ident: str, version: Version) -> dict[str, Any]:
    "One."
    row, members = groups.get(deps, ctx, ident)
    ctx.enforce("os_compute_api:os-server-groups:show", {"project_id": row.project_id})
    return {"server_group": views.group(row, members, version)}


@api.delete("/os-server-groups/<ident>", policy=None)
def delete_group(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    row, _ = groups.get(deps, ctx, ident)
    ctx.enforce("os_compute_api:os-server-groups:delete", {"project_id": row.project_id})
    groups.delete(deps, ctx, ident)


@api.post(
    "/os-server-external-events",
    policy="os_compute_api:os-server-external-events:create",
    body=schemas.EVENTS,
)
def events(ctx: Context, deps: Deps, body: dict[str, Any]) -> Reply:
    "Other services tell what happened."
    rows, code = external.handle(deps, ctx, body["events"])
    return Reply({"events": rows}, code)


def moment(args: MultiDict[str, str], name: str) -> Any:
    "A time in the query, or None."
    return time_of(name, args[name]) if name in args else None
