"Domains."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, projects
from identity.errors import NoSuch
from identity.schemas import projects as schemas
from identity.views import links
from identity.views import projects as views

api = Api()


@api.get("/v3/domains", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more = projects.list_domains(deps, ctx, args)
    return links.collection("domains", found, views.domain, more=more)


@api.post("/v3/domains", policy="identity:create_domain", body=schemas.CREATE_DOMAIN, status=201)
def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    return {"domain": views.domain(projects.create_domain(deps, ctx, body["domain"]))}


@api.get("/v3/domains/<domain_id>", policy=None)
def show(ctx: Context, deps: Deps, domain_id: str) -> dict[str, Any]:
    try:
        domain = projects.get(deps, domain_id, domain=True)
    except NoSuch:
        ctx.enforce("identity:get_domain", {})
        raise
    ctx.enforce("identity:get_domain", projects.target(domain))
    return {"domain": views.domain(domain)}


@api.patch("/v3/domains/<domain_id>", policy=None, body=schemas.UPDATE_DOMAIN)
def update(ctx: Context, deps: Deps, body: Any, domain_id: str) -> dict[str, Any]:
    ctx.enforce("identity:update_domain", {"target.domain.id": domain_id})
    return {
        "domain": views.domain(projects.update(deps, ctx, domain_id, body["domain"], domain=True))
    }


@api.delete("/v3/domains/<domain_id>", policy="identity:delete_domain")
def delete(ctx: Context, deps: Deps, domain_id: str) -> None:
    projects.delete_domain(deps, ctx, domain_id)
