"/v2.0/routers and what is done to one."

from typing import Any

from common.http import Api
from common.schema import Schema
from network.api.crud import Verbs, crud, shaper
from network.core import routers
from network.schemas import attributes as a
from network.schemas.nouns import ROUTER, ROUTES
from network.views.routers import router

api = crud(ROUTER, Verbs(routers.create, routers.update, routers.delete), router)
actions = Api("/v2.0/routers/<key>")
_INTERFACE = Schema(
    {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {"subnet_id": a.UUID.schema, "port_id": a.UUID.schema},
    }
)
_ROUTES = Schema(
    {
        "type": "object",
        "required": ["router"],
        "properties": {
            "router": {
                "type": "object",
                "required": ["routes"],
                "additionalProperties": False,
                "properties": {"routes": ROUTES.schema},
            }
        },
    }
)


@actions.put("/add_router_interface", policy=None, body=_INTERFACE)
def add_interface(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Connect a subnet or a port."
    return routers.add_interface(deps, ctx, key, body.get("subnet_id"), body.get("port_id"))


@actions.put("/remove_router_interface", policy=None, body=_INTERFACE)
def remove_interface(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Disconnect a subnet or a port."
    return routers.remove_interface(deps, ctx, key, body.get("subnet_id"), body.get("port_id"))


@actions.put("/add_extraroutes", policy=None, body=_ROUTES)
def add_routes(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Add routes to those that are there."
    row = routers.change_routes(deps, ctx, key, body["router"]["routes"], True)
    return {"router": shaper(ROUTER, "router", ctx, None)(router(row, deps))}


@actions.put("/remove_extraroutes", policy=None, body=_ROUTES)
def remove_routes(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Take routes away."
    row = routers.change_routes(deps, ctx, key, body["router"]["routes"], False)
    return {"router": shaper(ROUTER, "router", ctx, None)(router(row, deps))}
