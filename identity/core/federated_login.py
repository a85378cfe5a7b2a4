"""Logins that an identity provider vouches for: the claims go through the protocol's mapping, and
out come a user, groups and projects.

Source: Identity API v3 extensions, "OS-FEDERATION".
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from common.context import Context
from common.ids import new_hex
from common.tokens import Claims
from identity.core import Deps, audit, federation, issue, mapping, oidc, projects, times
from identity.core import login as logins
from identity.core.login import Login
from identity.core.scopes import Place
from identity.errors import AuthRefused, NoSuch, Unauthorized
from identity.store import Session, accounts, rows
from identity.store import assignments as assignment_store
from identity.store.models import (
    Assignment,
    FederatedUser,
    Group,
    IdentityProvider,
    Membership,
    Project,
    Protocol,
    User,
)

Vouch = Callable[[IdentityProvider], dict[str, Any]]
"""What a provider says of somebody: claims, of which `sub` and `exp` are always there. Called only
for a provider that is switched on."""


def authenticate(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, vouch: Vouch
) -> tuple[str, Claims]:
    """An unscoped token for whom an identity provider vouches. Raises NoSuch, AuthRefused, Invalid,
    oidc.ProviderUnreachable."""
    started = time.time()
    provider = federation.get_provider(deps, idp_id)
    protocol = federation.get_protocol(deps, idp_id, protocol_id)
    try:
        login = _vouched(deps, ctx, provider, protocol, vouch)
    except Unauthorized as error:
        audit.login(deps, ctx, "unknown", failed=getattr(error, "why", error.message))
        raise
    token, claims = issue.grant(deps, login, Place(), started)
    audit.login(deps, ctx, claims.user_id)
    return token, claims


def _vouched(
    deps: Deps, ctx: Context, provider: IdentityProvider, protocol: Protocol, vouch: Vouch
) -> Login:
    if not provider.enabled:
        raise AuthRefused("the identity provider is switched off")
    said = vouch(provider)
    try:
        rules = federation.get_mapping(deps, protocol.mapping_id).rules
    except NoSuch:
        raise AuthRefused("the protocol's mapping is not there") from None
    found = mapping.evaluate(rules, oidc.assertion(said))
    user = found.user
    if user.get("type") == "local":
        account = _local(deps, user)
    else:
        name = user.get("name") or user.get("id") or said["sub"]
        unique_id = user.get("id") or name
        user_id = _shadow(deps, provider, protocol, unique_id, name)
        account = _account(deps, user_id)
        _provide(deps, ctx, provider, user_id, found)
    logins.refuse_disabled(account)
    login = Login(account=account, methods=[protocol.id], expires_at=float(said["exp"]))
    if user.get("type") != "local":
        login.federation = {"idp": provider.id, "protocol": protocol.id}
        login.groups = _groups(deps, provider, account.user_id, found)
    return login


def _account(deps: Deps, user_id: str) -> Any:
    with deps.db.read() as session:
        account = accounts.by_id(session, user_id)
    if account is None:
        raise AuthRefused("no such user")
    return account


def _local(deps: Deps, user: dict[str, Any]) -> Any:
    "A user that is here, whom the mapping names."
    domain = user.get("domain") or {}
    with deps.db.read() as session:
        if user.get("id"):
            account = accounts.by_id(session, user["id"])
        elif user.get("name") and domain:
            account = accounts.by_name(
                session, user["name"], domain_id=domain.get("id"), domain_name=domain.get("name")
            )
        else:
            raise AuthRefused("the mapping names a local user without a domain")
    if account is None:
        raise AuthRefused("the mapping names a local user who is not there")
    return account


def _shadow(
    deps: Deps, provider: IdentityProvider, protocol: Protocol, unique_id: str, name: str
) -> str:
    "The user that stands here for one of the provider's; made at the first login."
    if len(unique_id) > 255 or len(name) > 255:
        raise AuthRefused("the name of the user is too long")
    key = {"idp_id": provider.id, "protocol_id": protocol.id, "unique_id": unique_id}

    def work(session: Session) -> str:
        known = rows.find(session, FederatedUser, **key)
        if known is not None:
            user = rows.get(session, User, known.user_id, "user")
            if user.login is None and user.name != name:
                user.name = name
            user.last_active_at = times.now()
            return user.id
        user = User(
            id=new_hex(),
            name=name,
            login=None,
            domain_id=provider.domain_id,
            enabled=True,
            options={},
            extra={},
            failed_count=0,
            last_active_at=times.now(),
        )
        rows.add(session, user)
        again = AuthRefused("another login of the same user came first")
        rows.add(session, FederatedUser(id=new_hex(), user_id=user.id, **key), lambda: again)
        return user.id

    try:
        return deps.db.transact(work)
    except AuthRefused:
        return deps.db.transact(work)  # whoever came first has made it


def _groups(
    deps: Deps, provider: IdentityProvider, user_id: str, found: mapping.Mapped
) -> list[str]:
    """The ids of the groups; those that are not here are left out. With an authorization_ttl the
    memberships last beyond the token."""
    with deps.db.write() as session:
        known = {group.id for group in rows.every(session, Group, id=found.group_ids)}
        for name, domain in found.groups:
            domain_id = _domain_id(session, domain) or provider.domain_id
            group = rows.find(session, Group, name=name, domain_id=domain_id)
            if group is not None:
                known.add(group.id)
        rows.remove(session, Membership, user_id=user_id, idp_id=provider.id)
        minutes = provider.authorization_ttl
        if minutes is None:
            minutes = deps.config.federation.default_authorization_ttl_m
        if minutes:
            end = times.now() + datetime.timedelta(minutes=minutes)
            for group_id in sorted(known):
                member = {"user_id": user_id, "group_id": group_id, "idp_id": provider.id}
                rows.add(session, Membership(**member, expires_at=end))
    return sorted(known)


def _domain_id(session: Session, domain: dict[str, str]) -> str | None:
    if domain.get("id"):
        return domain["id"]
    if domain.get("name"):
        row = rows.find(session, Project, is_domain=True, name=domain["name"])
        return row.id if row is not None else ""
    return None


def _provide(
    deps: Deps, ctx: Context, provider: IdentityProvider, user_id: str, found: mapping.Mapped
) -> None:
    "Projects and roles in them that the mapping gives the user; what is missing is made."
    for wanted in found.projects:
        with deps.db.read() as session:
            domain_id = _domain_id(session, wanted.get("domain", {})) or provider.domain_id
            project = rows.find(session, Project, name=wanted["name"], domain_id=domain_id)
        if project is None:
            given = {"name": wanted["name"], "domain_id": domain_id}
            project = projects.create(deps, ctx.elevated(), given)
        with deps.db.write() as session:
            for role in wanted["roles"]:
                row = assignment_store.role_named(session, role["name"])
                if row is None:
                    raise AuthRefused(f"the mapping gives a role that is not there: {role['name']}")
                key = {
                    "actor_id": user_id,
                    "actor_kind": "user",
                    "target_id": project.id,
                    "target_kind": "project",
                    "role_id": row.id,
                    "inherited": False,
                }
                if rows.find(session, Assignment, **key) is None:
                    rows.add(session, Assignment(**key))
