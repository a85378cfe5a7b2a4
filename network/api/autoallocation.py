"/v2.0/auto-allocated-topology"

from typing import Any

from common.http import Api
from network import errors
from network.core import autoallocation

api = Api("/v2.0/auto-allocated-topology")
DRY = "dry-run"


def _project(ctx: Any, named: str) -> str:
    # Clients without a project to name say None, or nothing.
    return (ctx.project_id or "") if named in ("None", "null", "") else named


def _shown(project_id: str, network_id: str) -> dict[str, Any]:
    return {
        "auto_allocated_topology": {
            "id": network_id,
            "tenant_id": project_id,
            "project_id": project_id,
        }
    }


@api.get("")
@api.get("/<named>")
def show(ctx: Any, deps: Any, args: Any, named: str = "") -> dict[str, Any]:
    "The project's network, made if need be; with `fields=dry-run` only whether it could be."
    project_id, fields = _project(ctx, named), args.getlist("fields")
    if fields and fields != [DRY]:
        raise errors.HTTPBadRequest(reason=f"Unrecognized field: {', '.join(fields)}")
    if fields:
        autoallocation.check(deps, ctx, project_id)
        return _shown(project_id, f"{DRY}=pass")
    return _shown(project_id, autoallocation.get(deps, ctx, project_id))


@api.delete("")
@api.delete("/<named>")
def delete(ctx: Any, deps: Any, named: str = "") -> None:
    "Network, subnets and router go."
    autoallocation.delete(deps, ctx, _project(ctx, named))
