"Registered limits, limits, and the model that they follow."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, limits
from identity.schemas import access as schemas
from identity.views import access as views
from identity.views import links

api = Api()
_ONE = "/v3/registered_limits/<limit_id>"


@api.get("/v3/registered_limits", policy="identity:list_registered_limits")
def list_registered(deps: Deps, args: Any) -> dict[str, Any]:
    found, more = limits.list_registered(deps, args)
    return links.collection("registered_limits", found, views.registered_limit, more=more)


@api.post(
    "/v3/registered_limits",
    policy="identity:create_registered_limits",
    body=schemas.CREATE_REGISTERED,
    status=201,
)
def create_registered(deps: Deps, body: Any) -> dict[str, Any]:
    return links.collection(
        "registered_limits",
        limits.create_registered(deps, body["registered_limits"]),
        views.registered_limit,
    )


@api.get(_ONE, policy="identity:get_registered_limit")
def show_registered(deps: Deps, limit_id: str) -> dict[str, Any]:
    return {"registered_limit": views.registered_limit(limits.registered(deps, limit_id))}


@api.patch(_ONE, policy="identity:update_registered_limit", body=schemas.UPDATE_REGISTERED)
def update_registered(deps: Deps, body: Any, limit_id: str) -> dict[str, Any]:
    return {
        "registered_limit": views.registered_limit(
            limits.update_registered(deps, limit_id, body["registered_limit"])
        )
    }


@api.delete(_ONE, policy="identity:delete_registered_limit")
def delete_registered(deps: Deps, limit_id: str) -> None:
    limits.delete_registered(deps, limit_id)


@api.get("/v3/limits/model", policy="identity:get_limit_model")
def model(deps: Deps) -> dict[str, Any]:
    name = deps.config.limit.enforcement_model
    return {
        "model": {"name": name, "description": limits.MODELS[name]},
        "links": links.own("limits/model"),
    }


@api.get("/v3/limits", policy="identity:list_limits")
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more = limits.list_limits(deps, ctx, args)
    return links.collection("limits", found, views.limit, more=more)


@api.post("/v3/limits", policy="identity:create_limits", body=schemas.CREATE_LIMITS, status=201)
def create(deps: Deps, body: Any) -> dict[str, Any]:
    return links.collection("limits", limits.create(deps, body["limits"]), views.limit)


@api.get("/v3/limits/<limit_id>", policy=None)
def show(ctx: Context, deps: Deps, limit_id: str) -> dict[str, Any]:
    return {"limit": views.limit(limits.load(deps, ctx, limit_id))}


@api.patch("/v3/limits/<limit_id>", policy="identity:update_limit", body=schemas.UPDATE_LIMIT)
def update(deps: Deps, body: Any, limit_id: str) -> dict[str, Any]:
    return {"limit": views.limit(limits.update(deps, limit_id, body["limit"]))}


@api.delete("/v3/limits/<limit_id>", policy="identity:delete_limit")
def delete(deps: Deps, limit_id: str) -> None:
    limits.delete(deps, limit_id)
