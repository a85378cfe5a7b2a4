"Limits, quota sets and quota classes."

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Version
from compute.core import Deps, quotas
from compute.schemas import quotas as schemas

api = Api("/v2.1")
ABSOLUTE = {
    "maxTotalInstances": "instances",
    "maxTotalCores": "cores",
    "maxTotalRAMSize": "ram",
    "maxServerMeta": "metadata_items",
    "maxImageMeta": "metadata_items",
    "maxPersonality": "injected_files",
    "maxPersonalitySize": "injected_file_content_bytes",
    "maxTotalKeypairs": "key_pairs",
    "maxServerGroups": "server_groups",
    "maxServerGroupMembers": "server_group_members",
}
NETWORK_ABSOLUTE = {
    "maxTotalFloatingIps": "floating_ips",
    "maxSecurityGroups": "security_groups",
    "maxSecurityGroupRules": "security_group_rules",
}
USED = {
    "totalInstancesUsed": "instances",
    "totalCoresUsed": "cores",
    "totalRAMUsed": "ram",
    "totalServerGroupsUsed": "server_groups",
}


@api.get("/limits", policy="os_compute_api:limits", query=schemas.LIMITS)
def limits(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "What the project may have and has."
    project = args.get("tenant_id") or ctx.project_id or ""
    if project != ctx.project_id:
        ctx.enforce("os_compute_api:limits:other_project", {"project_id": project})
    allowed, used = quotas.show(deps, project), quotas.usage(deps, project)
    out = {name: allowed[key] for name, key in ABSOLUTE.items() if _shown(name, version)}
    out |= {name: used[key] for name, key in USED.items()}
    if version < "2.36":
        out |= {name: quotas.NETWORK[key] for name, key in NETWORK_ABSOLUTE.items()}
        out |= {"totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0}
    return {"limits": {"rate": [], "absolute": out}}


def _shown(name: str, version: Version) -> bool:
    if name == "maxImageMeta":
        return version < "2.39"
    return not (name.startswith("maxPersonality") and version >= "2.57")


def _set(
    values: Mapping[str, Any], version: Version, ident: str | None = None, network: Any = None
) -> dict[str, Any]:
    out = dict(values)
    if version < "2.36":
        out |= {k: network(v) if network else v for k, v in quotas.NETWORK.items()}
    if version >= "2.57":
        for name in schemas.NAMES["files"]:
            out.pop(name, None)
    return {"id": ident, **out} if ident is not None else out


@api.get("/os-quota-sets/<project_id>", query=schemas.USER)
def show(
    ctx: Context, deps: Deps, project_id: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "Limits of a project, or of a user in it."
    ctx.enforce("os_compute_api:os-quota-sets:show", {"project_id": project_id})
    return {
        "quota_set": _set(quotas.show(deps, project_id, args.get("user_id")), version, project_id)
    }


@api.get("/os-quota-sets/<project_id>/defaults", policy="os_compute_api:os-quota-sets:defaults")
def defaults(deps: Deps, project_id: str, version: Version) -> dict[str, Any]:
    "Limits of a project for which none were set."
    return {"quota_set": _set(quotas.defaults(deps), version, project_id)}


@api.get("/os-quota-sets/<project_id>/detail", query=schemas.USER)
def detail(
    ctx: Context, deps: Deps, project_id: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "Limits and what is used of them."
    ctx.enforce("os_compute_api:os-quota-sets:detail", {"project_id": project_id})
    user = args.get("user_id")
    allowed, used = quotas.show(deps, project_id, user), quotas.usage(deps, project_id, user)
    rows = {k: {"limit": v, "in_use": used[k], "reserved": 0} for k, v in allowed.items()}
    return {
        "quota_set": _set(
            rows, version, project_id, lambda v: {"limit": v, "in_use": 0, "reserved": 0}
        )
    }


@api.put("/os-quota-sets/<project_id>", body=schemas.UPDATE, query=schemas.USER)
def update(
    ctx: Context,
    deps: Deps,
    project_id: str,
    body: dict[str, Any],
    args: MultiDict[str, str],
    version: Version,
) -> dict[str, Any]:
    "Set limits."
    ctx.enforce("os_compute_api:os-quota-sets:update", {"project_id": project_id})
    changes = dict(body["quota_set"])
    force = str(changes.pop("force", False)).lower() in ("true", "1", "on", "yes", "t", "y")
    values = quotas.update(
        deps,
        project_id,
        {k: int(v) for k, v in changes.items()},
        user_id=args.get("user_id"),
        force=force,
    )
    return {"quota_set": _set(values, version)}


@api.delete("/os-quota-sets/<project_id>", query=schemas.USER, status=202)
def delete(ctx: Context, deps: Deps, project_id: str, args: MultiDict[str, str]) -> None:
    "Back to the defaults."
    ctx.enforce("os_compute_api:os-quota-sets:delete", {"project_id": project_id})
    quotas.clear(deps, project_id, args.get("user_id"))


def _class(values: dict[str, int], version: Version) -> dict[str, Any]:
    out: dict[str, Any] = dict(values)
    if version < "2.50":
        out.pop("server_groups")
        out.pop("server_group_members")
    else:
        for name in quotas.NETWORK:
            out.pop(name, None)
    if version >= "2.57":
        for name in schemas.NAMES["files"]:
            out.pop(name, None)
    return out


@api.get("/os-quota-class-sets/<name>", policy="os_compute_api:os-quota-class-sets:show")
def show_class(deps: Deps, name: str, version: Version) -> dict[str, Any]:
    "Limits of a class."
    return {"quota_class_set": {"id": name, **_class(quotas.show_class(deps, name), version)}}


@api.put(
    "/os-quota-class-sets/<name>",
    policy="os_compute_api:os-quota-class-sets:update",
    body=schemas.UPDATE_CLASS,
)
def update_class(deps: Deps, name: str, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "Set them."
    values = quotas.update_class(
        deps, name, {k: int(v) for k, v in body["quota_class_set"].items()}
    )
    return {"quota_class_set": _class(values, version)}
