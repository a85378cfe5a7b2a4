"Roles and implications."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, roles
from identity.schemas import roles as schemas
from identity.views import links
from identity.views import roles as views

api = Api()
_IMPLIES = "/v3/roles/<prior_role_id>/implies"


@api.get("/v3/roles", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more = roles.list_roles(deps, ctx, args)
    return links.collection("roles", found, views.role, more=more)


@api.post("/v3/roles", policy=None, body=schemas.CREATE, status=201)
def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    return {"role": views.role(roles.create(deps, ctx, body["role"]))}


@api.get("/v3/roles/<role_id>", policy=None)
def show(ctx: Context, deps: Deps, role_id: str) -> dict[str, Any]:
    return {"role": views.role(roles.load(deps, ctx, role_id, "get"))}


@api.patch("/v3/roles/<role_id>", policy=None, body=schemas.UPDATE)
def update(ctx: Context, deps: Deps, body: Any, role_id: str) -> dict[str, Any]:
    return {"role": views.role(roles.update(deps, ctx, role_id, body["role"]))}


@api.delete("/v3/roles/<role_id>", policy=None)
def delete(ctx: Context, deps: Deps, role_id: str) -> None:
    roles.delete(deps, ctx, role_id)


@api.get(_IMPLIES, policy="identity:list_implied_roles")
def list_implied(deps: Deps, prior_role_id: str) -> dict[str, Any]:
    known, found = roles.implications(deps, prior_role_id)
    return {
        "role_inference": {
            "prior_role": views.short(known[prior_role_id]),
            "implies": [views.short(known[i.implied_id]) for i in found],
        },
        "links": links.own(f"roles/{prior_role_id}/implies"),
    }


@api.get(f"{_IMPLIES}/<implied_role_id>", policy="identity:get_implied_role")
def show_implied(deps: Deps, prior_role_id: str, implied_role_id: str) -> dict[str, Any]:
    return views.inference(*roles.implication(deps, prior_role_id, implied_role_id))


@api.head(f"{_IMPLIES}/<implied_role_id>", policy="identity:check_implied_role", status=204)
def check_implied(deps: Deps, prior_role_id: str, implied_role_id: str) -> None:
    roles.implication(deps, prior_role_id, implied_role_id)


@api.put(f"{_IMPLIES}/<implied_role_id>", policy="identity:create_implied_role", status=201)
def imply(ctx: Context, deps: Deps, prior_role_id: str, implied_role_id: str) -> dict[str, Any]:
    return views.inference(*roles.imply(deps, ctx, prior_role_id, implied_role_id))


@api.delete(f"{_IMPLIES}/<implied_role_id>", policy="identity:delete_implied_role")
def end_implication(ctx: Context, deps: Deps, prior_role_id: str, implied_role_id: str) -> None:
    roles.end_implication(deps, ctx, prior_role_id, implied_role_id)


@api.get("/v3/role_inferences", policy="identity:list_role_inference_rules")
def inferences(deps: Deps) -> dict[str, Any]:
    known, found = roles.implications(deps)
    priors: dict[str, list[Any]] = {}
    for row in found:
        priors.setdefault(row.prior_id, []).append(views.short(known[row.implied_id]))
    return {
        "role_inferences": [
            {"prior_role": views.short(known[prior]), "implies": implied}
            for prior, implied in priors.items()
        ],
        "links": links.own("role_inferences"),
    }
