"What was done to a server: os-instance-actions."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Version
from compute.api.listing import changes_of, limit_of
from compute.core import Deps, records
from compute.schemas import records as schemas
from compute.views import records as views
from compute.views.links import base

api = Api("/v2.1/servers/<server_id>/os-instance-actions")


@api.get("", query=schemas.ACTIONS)
def index(
    ctx: Context, deps: Deps, server_id: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "Newest first."
    filters: dict[str, Any] = {"deleted": version >= "2.21"}
    if version >= "2.58":
        filters |= {"limit": limit_of(deps, args), "marker": args.get("marker")}
        filters |= changes_of(args)
    rows = records.actions(deps, ctx, server_id, **filters)
    out: dict[str, Any] = {"instanceActions": [views.action(r, version) for r in rows]}
    if version >= "2.58" and rows and len(rows) == filters["limit"]:
        path = f"{base()}/servers/{server_id}/os-instance-actions"
        href = f"{path}?limit={filters['limit']}&marker={rows[-1].request_id}"
        out["links"] = [{"rel": "next", "href": href}]
    return out


@api.get("/<request_id>")
def show(
    ctx: Context, deps: Deps, server_id: str, request_id: str, version: Version
) -> dict[str, Any]:
    "One action with its events."
    action, events = records.action(deps, ctx, server_id, request_id, deleted=version >= "2.21")
    return {"instanceAction": views.action_with_events(ctx, action, events, version)}
