"""Federation: identity providers, their protocols and mappings, and a login that a provider vouches
for.

Source: Identity API v3 extensions, "OS-FEDERATION".
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from common.tokens import Claims
from identity.core import Deps, audit, issue, listing, mapping, oidc, projects, revocation, times
from identity.core import login as logins
from identity.core.login import Login
from identity.core.scopes import Place
from identity.errors import AuthRefused, Duplicate, Invalid, NoSuch, NotAllowed, Unauthorized
from identity.store import Session, accounts, rows
from identity.store import assignments as assignment_store
from identity.store import listing as listing_store
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
from identity.store.models import Mapping as MappingRow

_PROVIDERS = oidc.Providers()


# Identity providers


def list_providers(deps: Deps, args: Mapping[str, str]) -> tuple[list[IdentityProvider], bool]:
    "Those that a query asks for."
    wanted = listing.parse(deps, args, "id", booleans="enabled")
    with deps.db.read() as session:
        return listing_store.everything(session, IdentityProvider, wanted)


def get_provider(deps: Deps, idp_id: str) -> IdentityProvider:
    "An identity provider. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, IdentityProvider, idp_id, "identity provider")


def create_provider(
    deps: Deps, ctx: Context, idp_id: str, given: dict[str, Any]
) -> IdentityProvider:
    """A new identity provider; without a domain one of its own is made for its users. Raises
    Duplicate, Invalid."""
    domain_id = given.get("domain_id")
    with deps.db.read() as session:
        if session.get(IdentityProvider, idp_id) is not None:
            raise Duplicate.name("identity_provider", idp_id)
        if domain_id is not None:
            domain = session.get(Project, domain_id)
            if domain is None or not domain.is_domain:
                raise Invalid("domain_id", f"there is no domain {domain_id}.")
    if domain_id is None:
        words = f"Auto generated federated domain for Identity Provider: {idp_id}"
        made = projects.create_domain(deps, ctx, {"name": new_hex(), "description": words})
        domain_id = made.id
    row = IdentityProvider(
        id=idp_id,
        enabled=given.get("enabled", False),
        description=given.get("description"),
        domain_id=domain_id,
        authorization_ttl=given.get("authorization_ttl"),
        remote_ids=given.get("remote_ids") or [],
    )
    with deps.db.write() as session:
        _refuse_taken(session, row)
        rows.add(session, row, lambda: Duplicate.name("identity_provider", idp_id))
    audit.changed(deps, ctx, "identity_provider", "created", idp_id)
    return row


def update_provider(
    deps: Deps, ctx: Context, idp_id: str, given: dict[str, Any]
) -> IdentityProvider:
    """Change one; whoever came by one that is switched off is logged out. Raises NoSuch,
    Duplicate, NotAllowed for another domain."""
    with deps.db.write() as session:
        row = rows.get(session, IdentityProvider, idp_id, "identity provider")
        if given.get("domain_id", row.domain_id) != row.domain_id:
            raise NotAllowed("the domain of an identity provider cannot be changed.")
        for name in ("enabled", "description", "authorization_ttl"):
            if name in given:
                setattr(row, name, given[name])
        if "remote_ids" in given:
            row.remote_ids = given["remote_ids"] or []
            _refuse_taken(session, row)
        if given.get("enabled") is False:
            _log_out(deps, session, idp_id)
    audit.changed(deps, ctx, "identity_provider", "updated", idp_id)
    return row


def _refuse_taken(session: Session, row: IdentityProvider) -> None:
    for other in rows.every(session, IdentityProvider):
        both = set(other.remote_ids) & set(row.remote_ids)
        if other.id != row.id and both:
            raise Duplicate("remote_id", f"Duplicate remote ID: {', '.join(sorted(both))}")


def _log_out(deps: Deps, session: Session, idp_id: str) -> None:
    users = {row.user_id for row in rows.every(session, FederatedUser, idp_id=idp_id)}
    if users:
        revocation.revoke(deps, session, *(f"user:{user_id}" for user_id in sorted(users)))


def delete_provider(deps: Deps, ctx: Context, idp_id: str) -> None:
    "Forget an identity provider, its protocols and what it knows users by. Raises NoSuch."
    with deps.db.write() as session:
        row = rows.get(session, IdentityProvider, idp_id, "identity provider")
        _log_out(deps, session, idp_id)
        rows.remove(session, Membership, idp_id=idp_id)
        session.delete(row)
    audit.changed(deps, ctx, "identity_provider", "deleted", idp_id)


# Mappings


def list_mappings(deps: Deps, args: Mapping[str, str]) -> tuple[list[MappingRow], bool]:
    "All mappings."
    with deps.db.read() as session:
        return listing_store.everything(session, MappingRow, listing.parse(deps, args, "id"))


def get_mapping(deps: Deps, mapping_id: str) -> MappingRow:
    "A mapping. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, MappingRow, mapping_id, "mapping")


def create_mapping(deps: Deps, ctx: Context, mapping_id: str, given: dict[str, Any]) -> MappingRow:
    "A new mapping. Raises Duplicate."
    row = MappingRow(
        id=mapping_id, rules=given["rules"], schema_version=given.get("schema_version") or "1.0"
    )
    with deps.db.write() as session:
        if session.get(MappingRow, mapping_id) is not None:
            raise Duplicate.name("mapping", mapping_id)
        rows.add(session, row, lambda: Duplicate.name("mapping", mapping_id))
    audit.changed(deps, ctx, "mapping", "created", mapping_id)
    return row


def update_mapping(deps: Deps, ctx: Context, mapping_id: str, given: dict[str, Any]) -> MappingRow:
    "Other rules. Raises NoSuch."
    with deps.db.write() as session:
        row = rows.get(session, MappingRow, mapping_id, "mapping")
        for name in ("rules", "schema_version"):
            if given.get(name) is not None:
                setattr(row, name, given[name])
    audit.changed(deps, ctx, "mapping", "updated", mapping_id)
    return row


def delete_mapping(deps: Deps, ctx: Context, mapping_id: str) -> None:
    "Forget a mapping; protocols that name it let nobody in. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, MappingRow, mapping_id, "mapping"))
    audit.changed(deps, ctx, "mapping", "deleted", mapping_id)


# Protocols


def list_protocols(deps: Deps, idp_id: str) -> list[Protocol]:
    "The protocols of a provider. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, IdentityProvider, idp_id, "identity provider")
        return list(rows.every(session, Protocol, idp_id=idp_id))


def get_protocol(deps: Deps, idp_id: str, protocol_id: str) -> Protocol:
    "A protocol. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol")


def create_protocol(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, given: dict[str, Any]
) -> Protocol:
    "A new protocol. Raises NoSuch, Duplicate, Invalid."
    with deps.db.write() as session:
        rows.get(session, IdentityProvider, idp_id, "identity provider")
        _need_mapping(session, given)
        if session.get(Protocol, (idp_id, protocol_id)) is not None:
            raise Duplicate.name("federation_protocol", protocol_id)
        row = Protocol(
            idp_id=idp_id,
            id=protocol_id,
            mapping_id=given["mapping_id"],
            remote_id_attribute=given.get("remote_id_attribute"),
        )
        rows.add(session, row, lambda: Duplicate.name("federation_protocol", protocol_id))
    audit.changed(deps, ctx, "protocol", "created", protocol_id)
    return row


def update_protocol(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, given: dict[str, Any]
) -> Protocol:
    "Another mapping. Raises NoSuch, Invalid."
    with deps.db.write() as session:
        row = rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol")
        _need_mapping(session, given)
        for name in ("mapping_id", "remote_id_attribute"):
            if name in given:
                setattr(row, name, given[name])
    audit.changed(deps, ctx, "protocol", "updated", protocol_id)
    return row


def _need_mapping(session: Session, given: dict[str, Any]) -> None:
    if "mapping_id" in given and session.get(MappingRow, given["mapping_id"]) is None:
        raise Invalid("mapping_id", f"there is no mapping {given['mapping_id']}.")


def delete_protocol(deps: Deps, ctx: Context, idp_id: str, protocol_id: str) -> None:
    "Forget a protocol. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol"))
        rows.remove(session, FederatedUser, idp_id=idp_id, protocol_id=protocol_id)
    audit.changed(deps, ctx, "protocol", "deleted", protocol_id)


# Logins


def authenticate(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, bearer: str
) -> tuple[str, Claims]:
    """An unscoped token for whom an identity provider vouches. Raises NoSuch, AuthRefused, Invalid,
    oidc.ProviderUnreachable."""
    started = time.time()
    provider = get_provider(deps, idp_id)
    protocol = get_protocol(deps, idp_id, protocol_id)
    try:
        login = _vouched(deps, ctx, provider, protocol, bearer)
    except Unauthorized as error:
        audit.login(deps, ctx, "unknown", failed=getattr(error, "why", error.message))
        raise
    token, claims = issue.grant(deps, login, Place(), started)
    audit.login(deps, ctx, claims.user_id)
    return token, claims


def _vouched(
    deps: Deps, ctx: Context, provider: IdentityProvider, protocol: Protocol, bearer: str
) -> Login:
    if not provider.enabled:
        raise AuthRefused("the identity provider is switched off")
    if not bearer:
        raise AuthRefused("there is no bearer token")
    said = oidc.claims(deps, _PROVIDERS, bearer, provider.remote_ids)
    try:
        rules = get_mapping(deps, protocol.mapping_id).rules
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
