"Where a token holds: project, domain, system, trust, or nowhere; and with which roles."

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.tokens import Claims
from identity.core import Deps
from identity.core.login import Login
from identity.errors import AuthRefused, Invalid, NotAllowed
from identity.store import Session, accounts, rows
from identity.store import trusts as trust_store
from identity.store.models import OAuthToken, Trust
from identity.store.types import Account, Target

Scope = dict[str, Any] | str | None


@dataclass
class Place:
    "A scope with the roles that a login has in it. No target and no system: unscoped."

    target: Target | None = None
    system: bool = False
    roles: list[list[str]] = field(default_factory=list)
    trust: Trust | None = None
    account: Account | None = None
    """Who the token is for, where that is not who logged in (a trust with impersonation)."""
    target_as_project: bool = False
    """A domain that was asked for as a project stays one in the token (`is_domain`)."""


def resolve(deps: Deps, login: Login, scope: Scope) -> Place:
    "The Place that a login asks for. Raises AuthRefused where it has no role, Invalid, NotAllowed."
    if login.credential is not None:
        return _of_credential(deps, login, scope)
    if login.oauth is not None:
        return _of_oauth(deps, login, login.oauth, scope)
    if scope is None:
        return _default(deps, login)
    if isinstance(scope, str):
        if scope != "unscoped":
            raise Invalid("auth.scope", f"{scope!r} is not a scope.")
        return Place()
    _refuse_rescope(deps, login, scope)
    if "OS-TRUST:trust" in scope:
        with deps.db.read() as session:
            return _of_trust(deps, session, login, scope["OS-TRUST:trust"]["id"])
    if "system" in scope:
        ids = accounts.system_role_ids(deps.db, _user_id(login), login.groups)
        return _checked(Place(system=True, roles=deps.memory.expand(ids, None)))
    if "project" in scope:
        place = _checked(_at(deps, login, _project(scope["project"])))
        place.target_as_project = True
        return place
    if "domain" in scope:
        place = _at(deps, login, _domain(scope["domain"]))
        if place.target is None or not place.target.is_domain:
            raise AuthRefused("no such scope")
        return _checked(place)
    return Place()


def _refuse_rescope(deps: Deps, login: Login, scope: dict[str, Any]) -> None:
    claims = login.origin
    if claims is None:
        return
    if claims.trust:
        raise NotAllowed("a token of a trust cannot be rescoped.")
    if claims.application_credential:
        raise NotAllowed("a token of an application credential cannot be rescoped.")
    if claims.oauth:
        raise NotAllowed("a token of OAuth cannot be rescoped.")
    scoped = claims.project_id or claims.domain_id or claims.system
    if scoped and not deps.config.token.allow_rescope_scoped:
        raise NotAllowed("rescoping a scoped token.")


def _project(named: dict[str, Any]) -> dict[str, str]:
    "What is known of a project, for `accounts.place`."
    if "id" in named:
        return {"target_id": named["id"]}
    domain = named.get("domain")
    if "name" in named and domain:
        if domain.get("id") is not None:
            return {"name": named["name"], "domain_id": domain["id"]}
        return {"name": named["name"], "domain_name": domain.get("name") or ""}
    raise Invalid("auth.scope.project", "it needs an id, or a name and a domain.")


def _domain(named: dict[str, Any]) -> dict[str, str]:
    if "id" in named:
        return {"target_id": named["id"]}
    if "name" in named:
        return {"name": named["name"]}
    raise Invalid("auth.scope.domain", "it needs an id or a name.")


def _at(deps: Deps, login: Login, known: dict[str, str]) -> Place:
    "The place that is known by that, with the roles of the login in it."
    found = accounts.place(deps.db, _user_id(login), login.groups, **known)
    if found is None:
        raise AuthRefused("no such scope")
    target, ids = found
    return Place(target=_usable(target), roles=deps.memory.expand(ids, target.domain_id))


def _user_id(login: Login) -> str:
    assert login.account is not None
    return login.account.user_id


def _usable(target: Target | None) -> Target:
    if target is None:
        raise AuthRefused("no such scope")
    if not (target.enabled and target.domain_enabled):
        raise AuthRefused("the scope is disabled")
    return target


def _checked(place: Place) -> Place:
    if not place.roles:
        raise AuthRefused("no role in this scope")
    return place


def _default(deps: Deps, login: Login) -> Place:
    account = login.account
    assert account is not None
    claims = login.origin
    if claims is not None and _delegated(claims):
        raise NotAllowed("a token of something delegated cannot be rescoped.")
    if account.default_project_id and login.federation is None:
        try:
            place = _at(deps, login, {"target_id": account.default_project_id})
        except AuthRefused:
            return Place()
        if place.roles and place.target is not None and not place.target.is_domain:
            return place
    return Place()


def _delegated(claims: Claims) -> bool:
    return bool(claims.trust or claims.application_credential or claims.oauth)


def _of_credential(deps: Deps, login: Login, scope: Scope) -> Place:
    credential = login.credential
    assert credential is not None
    if scope is not None:
        raise AuthRefused("an application credential has its own scope")
    return _with_some(deps, login, credential.project_id, login.credential_roles)


def _of_oauth(deps: Deps, login: Login, token: OAuthToken, scope: Scope) -> Place:
    if scope is not None and scope != {"project": {"id": token.project_id}}:
        raise AuthRefused("an OAuth access token has its own scope")
    return _with_some(deps, login, token.project_id, set(token.role_ids))


def _with_some(deps: Deps, login: Login, project_id: str, role_ids: set[str]) -> Place:
    "A project with those of these roles that the user still has in it."
    place = _at(deps, login, {"target_id": project_id})
    wanted = deps.memory.expand(role_ids, place.target.domain_id if place.target else None)
    place.roles = [pair for pair in place.roles if pair in wanted]
    return _checked(place)


def _of_trust(deps: Deps, session: Session, login: Login, trust_id: str) -> Place:
    trust = trust_store.living(session, trust_id)
    assert login.account is not None
    if trust is None or trust.trustee_user_id != login.account.user_id:
        raise AuthRefused("no such trust for this user")
    if login.origin is not None and _delegated(login.origin):
        raise NotAllowed("a token of a trust cannot be used for another trust.")
    trustor = accounts.by_id(session, trust.trustor_user_id)
    if trustor is None or not (trustor.enabled and trustor.domain_enabled):
        raise NotAllowed("the trustor is disabled.")
    place = Place(trust=trust, account=trustor if trust.impersonation else login.account)
    if trust.project_id is None:
        return place
    found = accounts.place(session, trustor.user_id, target_id=trust.project_id)
    place.target = _usable(found[0] if found else None)
    ids = found[1] if found else set()
    has = {i for i, _ in deps.memory.expand(ids, place.target.domain_id)}
    given = [r.role_id for r in rows.every(session, trust_store.TrustRole, trust_id=trust.id)]
    if not has.issuperset(given):
        raise NotAllowed("the trustor lost a role that the trust gives.")
    place.roles = deps.memory.expand(set(given), place.target.domain_id)
    return _checked(place)
