"Tokens: issued, shown, revoked; the keys and revocations that verifiers need."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api, Reply, Request
from common.http.answer import to_json
from identity.api.oauth1 import signed
from identity.core import Deps, issue, revocation, self_service, tokens
from identity.core.listing import flag
from identity.errors import Invalid, NeedsReceipt
from identity.schemas import auth as schemas
from identity.views import links
from identity.views import projects as project_views
from identity.views import tokens as views

api = Api()
_VARY = {"Vary": "X-Auth-Token"}


@api.post("/v3/auth/tokens", open=True, body=schemas.TOKEN)
def create(ctx: Context, deps: Deps, body: Any, args: Any, request: Request) -> Reply:
    receipt = request.headers.get("Openstack-Auth-Receipt")
    try:
        token, claims = issue.authenticate(deps, ctx, body["auth"], receipt, _signed(body, request))
    except NeedsReceipt as error:
        return Reply(error.body, 401, error.headers)
    text = _text(deps, token, claims, nocatalog="nocatalog" in args)
    return Reply(text, 201, {"X-Subject-Token": token, "Content-Type": "application/json", **_VARY})


def _signed(body: Any, request: Request) -> Any:
    return signed(request) if "oauth1" in body["auth"]["identity"]["methods"] else None


def _text(deps: Deps, token: str, claims: Any, *, nocatalog: bool) -> bytes:
    """The body of a token's answer; the whole one is remembered, for a token is validated many
    times."""
    stamp = deps.memory.stamp("catalog")
    if not nocatalog and (known := deps.verified.text(token, stamp)):
        return known
    body = to_json(views.token(claims))
    if not nocatalog and (claims.project_id or claims.domain_id or claims.system):
        catalog = deps.memory.catalog_json(claims.project_id, claims.user_id)
        more = f', "catalog": {catalog}'
        if providers := deps.memory.service_providers_json():
            more += f', "service_providers": {providers}'
        body = b"".join((body[:-1], more.encode(), b"}"))
    text = b'{"token": %b}' % body
    if not nocatalog:
        deps.verified.put_text(token, stamp, text)
    return text


def _shown(ctx: Context, deps: Deps, args: Any, request: Request, rule: str) -> Reply:
    token = request.headers.get("X-Subject-Token")
    if not token:
        raise Invalid("X-Subject-Token", "the header is required.")
    claims = tokens.subject(deps, ctx, token, rule, allow_expired=flag(args, "allow_expired"))
    text = _text(deps, token, claims, nocatalog="nocatalog" in args)
    return Reply(text, 200, {"X-Subject-Token": token, "Content-Type": "application/json", **_VARY})


@api.get("/v3/auth/tokens", policy=None)
def show(ctx: Context, deps: Deps, args: Any, request: Request) -> Reply:
    return _shown(ctx, deps, args, request, "identity:validate_token")


@api.head("/v3/auth/tokens", policy=None)
def check(ctx: Context, deps: Deps, args: Any, request: Request) -> Reply:
    return _shown(ctx, deps, args, request, "identity:check_token")


@api.delete("/v3/auth/tokens", policy=None)
def revoke(ctx: Context, deps: Deps, request: Request) -> None:
    claims = tokens.subject(
        deps, ctx, request.headers.get("X-Subject-Token"), "identity:revoke_token"
    )
    tokens.revoke(deps, claims)


@api.get("/v3/auth/keys", open=True)
def keys(deps: Deps) -> Reply:
    return Reply(deps.keys.jwks(), 200, {"Cache-Control": "no-cache"})


@api.get("/v3/auth/revocations", policy="identity:list_revocations")
def revocations(deps: Deps, args: Any) -> dict[str, Any]:
    since = args.get("since", "0")
    if not since.isascii() or not since.isdigit() or len(since) > 18:
        raise Invalid("since", f"{since!r} is not a sequence number.")
    return revocation.listed(deps, int(since))


@api.get("/v3/auth/catalog", policy="identity:get_auth_catalog")
def catalog(ctx: Context, deps: Deps) -> dict[str, Any]:
    return {
        "catalog": self_service.catalog(deps, ctx),
        "links": {"next": None, "self": f"{links.root()}/v3/auth/catalog", "previous": None},
    }


@api.get("/v3/auth/projects", policy="identity:get_auth_projects")
def projects(ctx: Context, deps: Deps) -> dict[str, Any]:
    rows, tags = self_service.projects(deps, ctx)
    return links.collection(
        "projects", rows, lambda p: project_views.project(p, tags.get(p.id, []))
    )


@api.get("/v3/auth/domains", policy="identity:get_auth_domains")
def domains(ctx: Context, deps: Deps) -> dict[str, Any]:
    return links.collection("domains", self_service.domains(deps, ctx), project_views.domain)


@api.get("/v3/auth/system", policy="identity:get_auth_system")
def system(ctx: Context, deps: Deps) -> dict[str, Any]:
    scopes = [{"all": True}] if self_service.has_system(deps, ctx) else []
    return {"system": scopes, "links": {"self": f"{links.root()}/v3/auth/system"}}


@api.get("/v3/OS-FEDERATION/projects", policy="identity:get_auth_projects")
def federation_projects(ctx: Context, deps: Deps) -> dict[str, Any]:
    return projects(ctx, deps)


@api.get("/v3/OS-FEDERATION/domains", policy="identity:get_auth_domains")
def federation_domains(ctx: Context, deps: Deps) -> dict[str, Any]:
    return domains(ctx, deps)


@api.get("/v3/OS-REVOKE/events", policy="identity:list_revoke_events")
def revoke_events(deps: Deps) -> dict[str, Any]:
    return {
        "events": self_service.revoke_events(deps),
        "links": {"next": None, "previous": None, "self": f"{links.root()}/v3/OS-REVOKE/events"},
    }
