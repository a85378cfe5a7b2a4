"OAuth 1.0a: consumers, request and access tokens, and what users allowed."

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from common.context import Context
from common.http import Api, Reply, Request
from identity.core import Deps, oauth1
from identity.errors import Invalid, NoSuch
from identity.schemas import oauth1 as schemas
from identity.views import links
from identity.views import oauth1 as views
from identity.views import roles as role_views

api = Api()
_CONSUMERS = "/v3/OS-OAUTH1/consumers"
_CONSUMER = f"{_CONSUMERS}/<consumer_id>"
_TOKENS = "/v3/users/<user_id>/OS-OAUTH1/access_tokens"
_TOKEN = f"{_TOKENS}/<token_id>"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-store"}


def signed(request: Request) -> oauth1.SignedRequest:
    "What a consumer may have signed: at the address that it used, or the public one."
    public = f"{links.root()}{request.path}"
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    urls = tuple(dict.fromkeys((request.url, f"{public}{query}")))
    body = request.get_data().decode("utf-8", "replace")
    return oauth1.SignedRequest(urls, request.method, dict(request.headers), body)


def _told(made: oauth1.Issued) -> Reply:
    values = {"oauth_token": made.id, "oauth_token_secret": made.secret}
    if made.expires_at is not None:
        values["oauth_expires_at"] = views.time(made.expires_at)
    # The moment as it is: clients of Keystone read it without decoding.
    return Reply(urlencode(values, safe=":"), 201, _FORM)


@api.get(_CONSUMERS, policy="identity:list_consumers")
def consumers(deps: Deps) -> dict[str, Any]:
    return links.collection("consumers", oauth1.list_consumers(deps), views.consumer)


@api.post(_CONSUMERS, policy="identity:create_consumer", body=schemas.CREATE_CONSUMER, status=201)
def create_consumer(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    row, secret = oauth1.create_consumer(deps, ctx, body["consumer"])
    return {"consumer": views.consumer(row) | {"secret": secret}}


@api.get(_CONSUMER, policy="identity:get_consumer")
def consumer(deps: Deps, consumer_id: str) -> dict[str, Any]:
    return {"consumer": views.consumer(oauth1.get_consumer(deps, consumer_id))}


@api.patch(_CONSUMER, policy="identity:update_consumer", body=schemas.UPDATE_CONSUMER)
def update_consumer(ctx: Context, deps: Deps, body: Any, consumer_id: str) -> dict[str, Any]:
    row = oauth1.update_consumer(deps, ctx, consumer_id, body["consumer"])
    return {"consumer": views.consumer(row)}


@api.delete(_CONSUMER, policy="identity:delete_consumer")
def delete_consumer(ctx: Context, deps: Deps, consumer_id: str) -> None:
    oauth1.delete_consumer(deps, ctx, consumer_id)


@api.post("/v3/OS-OAUTH1/request_token", open=True)
def request_token(ctx: Context, deps: Deps, request: Request) -> Reply:
    project_id = request.headers.get("Requested-Project-Id")
    if not project_id:
        raise Invalid("Requested-Project-Id", "the header is required.")
    return _told(oauth1.request_token(deps, ctx, signed(request), project_id))


@api.put(
    "/v3/OS-OAUTH1/authorize/<token_id>",
    policy="identity:authorize_request_token",
    body=schemas.AUTHORIZE,
)
def authorize(ctx: Context, deps: Deps, body: Any, token_id: str) -> dict[str, Any]:
    verifier = oauth1.authorize(deps, ctx, token_id, body["roles"])
    return {"token": {"oauth_verifier": verifier}}


@api.post("/v3/OS-OAUTH1/access_token", open=True)
def access_token(ctx: Context, deps: Deps, request: Request) -> Reply:
    return _told(oauth1.access_token(deps, ctx, signed(request)))


@api.get(_TOKENS, policy="identity:list_access_tokens")
def tokens(deps: Deps, user_id: str) -> dict[str, Any]:
    return links.collection("access_tokens", oauth1.list_tokens(deps, user_id), views.token)


@api.get(_TOKEN, policy="identity:get_access_token")
def token(deps: Deps, user_id: str, token_id: str) -> dict[str, Any]:
    return {"access_token": views.token(oauth1.get_token(deps, user_id, token_id))}


@api.delete(_TOKEN, policy="identity:delete_access_token")
def delete_token(ctx: Context, deps: Deps, user_id: str, token_id: str) -> None:
    oauth1.delete_token(deps, ctx, user_id, token_id)


@api.get(f"{_TOKEN}/roles", policy="identity:list_access_token_roles")
def token_roles(deps: Deps, user_id: str, token_id: str) -> dict[str, Any]:
    return links.collection("roles", oauth1.roles(deps, user_id, token_id), role_views.role)


@api.get(f"{_TOKEN}/roles/<role_id>", policy="identity:get_access_token_role")
def token_role(deps: Deps, user_id: str, token_id: str, role_id: str) -> dict[str, Any]:
    for role in oauth1.roles(deps, user_id, token_id):
        if role.id == role_id:
            return {"role": role_views.role(role)}
    raise NoSuch("role", role_id)
