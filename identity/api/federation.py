"Federation: identity providers, mappings, protocols; and logins with a provider's bearer token."

from __future__ import annotations

import json
from typing import Any

from common.context import Context
from common.http import Api, Reply, Request
from identity.core import Deps, federated_login, federation, oidc
from identity.errors import Invalid
from identity.schemas import federation as schemas
from identity.views import federation as views
from identity.views import links
from identity.views import tokens as token_views

api = Api()
_FED = "/v3/OS-FEDERATION"
_IDP = f"{_FED}/identity_providers"
_PROTOCOL = f"{_IDP}/<idp_id>/protocols/<protocol_id>"


def _given(body: dict[str, Any], noun: str, row_id: str) -> dict[str, Any]:
    "What a body says; an id in it must be that of the URL."
    given: dict[str, Any] = body[noun]
    if (given.pop("id", None) or row_id) != row_id:
        raise Invalid(f"{noun}.id", "it is not the id in the URL.")
    return given


@api.get(_IDP, policy="identity:list_identity_providers")
def providers(deps: Deps, args: Any) -> dict[str, Any]:
    found, more = federation.list_providers(deps, args)
    return links.collection("identity_providers", found, views.provider, more=more)


@api.put(
    f"{_IDP}/<idp_id>",
    policy="identity:create_identity_provider",
    body=schemas.CREATE["identity_provider"],
    status=201,
)
def create_provider(ctx: Context, deps: Deps, body: Any, idp_id: str) -> dict[str, Any]:
    made = federation.create_provider(deps, ctx, idp_id, _given(body, "identity_provider", idp_id))
    return {"identity_provider": views.provider(made)}


@api.get(f"{_IDP}/<idp_id>", policy="identity:get_identity_provider")
def provider(deps: Deps, idp_id: str) -> dict[str, Any]:
    return {"identity_provider": views.provider(federation.get_provider(deps, idp_id))}


@api.patch(
    f"{_IDP}/<idp_id>",
    policy="identity:update_identity_provider",
    body=schemas.UPDATE["identity_provider"],
)
def update_provider(ctx: Context, deps: Deps, body: Any, idp_id: str) -> dict[str, Any]:
    row = federation.update_provider(deps, ctx, idp_id, _given(body, "identity_provider", idp_id))
    return {"identity_provider": views.provider(row)}


@api.delete(f"{_IDP}/<idp_id>", policy="identity:delete_identity_provider")
def delete_provider(ctx: Context, deps: Deps, idp_id: str) -> None:
    federation.delete_provider(deps, ctx, idp_id)


@api.get(f"{_FED}/mappings", policy="identity:list_mappings")
def mappings(deps: Deps, args: Any) -> dict[str, Any]:
    found, more = federation.list_mappings(deps, args)
    return links.collection("mappings", found, views.mapping, more=more)


@api.put(
    f"{_FED}/mappings/<mapping_id>",
    policy="identity:create_mapping",
    body=schemas.CREATE["mapping"],
    status=201,
)
def create_mapping(ctx: Context, deps: Deps, body: Any, mapping_id: str) -> dict[str, Any]:
    made = federation.create_mapping(deps, ctx, mapping_id, _given(body, "mapping", mapping_id))
    return {"mapping": views.mapping(made)}


@api.get(f"{_FED}/mappings/<mapping_id>", policy="identity:get_mapping")
def mapping(deps: Deps, mapping_id: str) -> dict[str, Any]:
    return {"mapping": views.mapping(federation.get_mapping(deps, mapping_id))}


@api.patch(
    f"{_FED}/mappings/<mapping_id>",
    policy="identity:update_mapping",
    body=schemas.UPDATE["mapping"],
)
def update_mapping(ctx: Context, deps: Deps, body: Any, mapping_id: str) -> dict[str, Any]:
    row = federation.update_mapping(deps, ctx, mapping_id, _given(body, "mapping", mapping_id))
    return {"mapping": views.mapping(row)}


@api.delete(f"{_FED}/mappings/<mapping_id>", policy="identity:delete_mapping")
def delete_mapping(ctx: Context, deps: Deps, mapping_id: str) -> None:
    federation.delete_mapping(deps, ctx, mapping_id)


@api.get(f"{_IDP}/<idp_id>/protocols", policy="identity:list_protocols")
def protocols(deps: Deps, idp_id: str) -> dict[str, Any]:
    found = federation.list_protocols(deps, idp_id)
    return links.collection("protocols", found, views.protocol)


@api.put(_PROTOCOL, policy="identity:create_protocol", body=schemas.CREATE["protocol"], status=201)
def create_protocol(
    ctx: Context, deps: Deps, body: Any, idp_id: str, protocol_id: str
) -> dict[str, Any]:
    made = federation.create_protocol(
        deps, ctx, idp_id, protocol_id, _given(body, "protocol", protocol_id)
    )
    return {"protocol": views.protocol(made)}


@api.get(_PROTOCOL, policy="identity:get_protocol")
def protocol(deps: Deps, idp_id: str, protocol_id: str) -> dict[str, Any]:
    return {"protocol": views.protocol(federation.get_protocol(deps, idp_id, protocol_id))}


@api.patch(_PROTOCOL, policy="identity:update_protocol", body=schemas.UPDATE["protocol"])
def update_protocol(
    ctx: Context, deps: Deps, body: Any, idp_id: str, protocol_id: str
) -> dict[str, Any]:
    row = federation.update_protocol(
        deps, ctx, idp_id, protocol_id, _given(body, "protocol", protocol_id)
    )
    return {"protocol": views.protocol(row)}


@api.delete(_PROTOCOL, policy="identity:delete_protocol")
def delete_protocol(ctx: Context, deps: Deps, idp_id: str, protocol_id: str) -> None:
    federation.delete_protocol(deps, ctx, idp_id, protocol_id)


def _login(ctx: Context, deps: Deps, request: Request, idp_id: str, protocol_id: str) -> Reply:
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    bearer = bearer.strip() if kind.lower() == "bearer" else ""
    token, claims = federated_login.authenticate(
        deps, ctx, idp_id, protocol_id, lambda p: oidc.claims(deps, bearer, p.id, p.remote_ids)
    )
    text = json.dumps({"token": token_views.token(claims)})
    headers = {
        "X-Subject-Token": token,
        "Content-Type": "application/json",
        "Vary": "X-Auth-Token",
    }
    return Reply(text, 201, headers)


api.get(f"{_PROTOCOL}/auth", open=True)(_login)
api.post(f"{_PROTOCOL}/auth", open=True)(_login)
