"Application credentials, access rules and trusts."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, application_credentials, trusts
from identity.errors import NoSuch
from identity.schemas import access as schemas
from identity.views import access as views
from identity.views import links
from identity.views import roles as role_views

api = Api()
_APP = "/v3/users/<user_id>/application_credentials"
_RULES = "/v3/users/<user_id>/access_rules"
_TRUSTS = "/v3/OS-TRUST/trusts"


def _enforce(ctx: Context, rule: str, user_id: str) -> None:
    ctx.enforce(f"identity:{rule}", {"user_id": user_id, "target.user.id": user_id})


@api.get(_APP, policy=None)
def index(ctx: Context, deps: Deps, args: Any, user_id: str) -> dict[str, Any]:
    _enforce(ctx, "list_application_credentials", user_id)
    found, more = application_credentials.list_all(deps, user_id, args)
    return links.collection(
        "application_credentials",
        found,
        lambda r: views.application_credential(r, *application_credentials.details(deps, r.id)),
        more=more,
    )


@api.post(_APP, policy=None, body=schemas.CREATE_APPLICATION_CREDENTIAL, status=201)
def create(ctx: Context, deps: Deps, body: Any, user_id: str) -> dict[str, Any]:
    _enforce(ctx, "create_application_credential", user_id)
    row, secret = application_credentials.create(deps, ctx, user_id, body["application_credential"])
    return {
        "application_credential": views.application_credential(
            row, *application_credentials.details(deps, row.id), secret
        )
    }


@api.get(f"{_APP}/<credential_id>", policy=None)
def show(ctx: Context, deps: Deps, user_id: str, credential_id: str) -> dict[str, Any]:
    _enforce(ctx, "get_application_credential", user_id)
    row = application_credentials.load(deps, user_id, credential_id)
    return {
        "application_credential": views.application_credential(
            row, *application_credentials.details(deps, row.id)
        )
    }


@api.delete(f"{_APP}/<credential_id>", policy=None)
def delete(ctx: Context, deps: Deps, user_id: str, credential_id: str) -> None:
    _enforce(ctx, "delete_application_credential", user_id)
    application_credentials.delete(deps, ctx, user_id, credential_id)


@api.get(_RULES, policy=None)
def list_rules(ctx: Context, deps: Deps, args: Any, user_id: str) -> dict[str, Any]:
    _enforce(ctx, "list_access_rules", user_id)
    found, more = application_credentials.list_rules(deps, user_id, args)
    return links.collection("access_rules", found, views.access_rule, more=more)


@api.get(f"{_RULES}/<rule_id>", policy=None)
def show_rule(ctx: Context, deps: Deps, user_id: str, rule_id: str) -> dict[str, Any]:
    _enforce(ctx, "get_access_rule", user_id)
    return {"access_rule": views.access_rule(application_credentials.rule(deps, user_id, rule_id))}


@api.delete(f"{_RULES}/<rule_id>", policy=None)
def delete_rule(ctx: Context, deps: Deps, user_id: str, rule_id: str) -> None:
    _enforce(ctx, "delete_access_rule", user_id)
    application_credentials.delete_rule(deps, user_id, rule_id)


@api.get(_TRUSTS, policy=None)
def list_trusts(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    return links.collection(
        "trusts", trusts.list_all(deps, ctx, args), lambda t: views.trust(t, None)
    )


@api.post(_TRUSTS, policy=None, body=schemas.CREATE_TRUST, status=201)
def create_trust(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    trust = trusts.create(deps, ctx, body["trust"])
    return {"trust": views.trust(trust, trusts.roles(deps, trust.id))}


@api.get(f"{_TRUSTS}/<trust_id>", policy=None)
def show_trust(ctx: Context, deps: Deps, trust_id: str) -> dict[str, Any]:
    trust = trusts.load(deps, ctx, trust_id, "identity:get_trust")
    return {"trust": views.trust(trust, trusts.roles(deps, trust_id))}


@api.delete(f"{_TRUSTS}/<trust_id>", policy=None)
def delete_trust(ctx: Context, deps: Deps, trust_id: str) -> None:
    trusts.delete(deps, ctx, trust_id)


@api.get(f"{_TRUSTS}/<trust_id>/roles", policy=None)
def trust_roles(ctx: Context, deps: Deps, trust_id: str) -> dict[str, Any]:
    trusts.load(deps, ctx, trust_id, "identity:list_roles_for_trust")
    return links.collection("roles", trusts.roles(deps, trust_id), role_views.role)


@api.get(f"{_TRUSTS}/<trust_id>/roles/<role_id>", policy=None)
def trust_role(ctx: Context, deps: Deps, trust_id: str, role_id: str) -> dict[str, Any]:
    trusts.load(deps, ctx, trust_id, "identity:get_role_for_trust")
    for role in trusts.roles(deps, trust_id):
        if role.id == role_id:
            return {"role": role_views.role(role)}
    raise NoSuch("role", role_id)
