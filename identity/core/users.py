"Users."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, directory, listing, passwords, resources, revocation
from identity.errors import Duplicate, Invalid, NoSuch, NotAllowed
from identity.store import Session, rows
from identity.store import assignments as assignment_store
from identity.store import people as store
from identity.store.models import (
    Credential,
    FederatedUser,
    IdentityProvider,
    OAuthToken,
    Project,
    Protocol,
    Trust,
    User,
)
from identity.store.types import Filter

KNOWN = (
    "name",
    "domain_id",
    "enabled",
    "default_project_id",
    "description",
    "options",
    "password",
    "original_password",
    "federated",
    "password_expires_at",
    "domain",
    "id",
)
_CHANGE = ("name", "enabled", "default_project_id", "description", "options")
Found = tuple[list[User], bool, dict[str, Any]]
"""Users, whether there are more, and when each one's password ends."""


def target(user: User | None) -> dict[str, Any]:
    "What policy rules look at; for an unknown user nothing that could match."
    if user is None:
        return {}  # a rule whose key is missing does not hold; one compared with None might
    return {
        "target.user.id": user.id,
        "target.user.domain_id": user.domain_id,
        "user_id": user.id,
        "target.domain_id": user.domain_id,
    }


def load(deps: Deps, ctx: Context, user_id: str, rule: str) -> User:
    """The user, if the caller passes `rule`. Raises Forbidden before NoSuch for those who may
    not know."""
    with deps.db.read() as session:
        user = session.get(User, user_id)
    ctx.enforce(rule, target(user))
    if user is None:
        raise NoSuch("user", user_id)
    return user


def list_users(
    deps: Deps, ctx: Context, args: Mapping[str, str], group_id: str | None = None
) -> Found:
    "Users for a query."
    wanted = listing.parse(deps, args, "name domain_id default_project_id", booleans="enabled")
    if group_id is None:
        ctx.enforce(
            "identity:list_users", {"target.user.domain_id": ctx.domain_id} if ctx.domain_id else {}
        )
        if ctx.domain_id:
            wanted = listing.narrowed(wanted, Filter("domain_id", "equals", ctx.domain_id))
    text = args.get("password_expires_at")
    expires = listing.date_filter("password_expires_at", text, "expires_at") if text else None
    if group_id is None:
        directory.refresh(deps, "user", args.get("domain_id") or ctx.domain_id, args.get("name"))
    with deps.db.read() as session:
        found, more = store.users(
            session,
            wanted,
            group_id=group_id,
            expires=expires,
            idp_id=args.get("idp_id"),
            protocol_id=args.get("protocol_id"),
            unique_id=args.get("unique_id"),
        )
        return found, more, store.expiries(session, [u.id for u in found])


def expiry(deps: Deps, user_id: str) -> Any:
    "When the user's password ends."
    with deps.db.read() as session:
        return store.expiries(session, [user_id]).get(user_id)


def federated(deps: Deps, user_id: str) -> list[dict[str, Any]]:
    "How identity providers know the user."
    found: dict[str, dict[str, Any]] = {}
    with deps.db.read() as session:
        for row in rows.every(session, FederatedUser, user_id=user_id):
            entry = found.setdefault(row.idp_id, {"idp_id": row.idp_id, "protocols": []})
            entry["protocols"].append({"protocol_id": row.protocol_id, "unique_id": row.unique_id})
    return list(found.values())


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> User:
    "A new user. Raises Duplicate, Invalid, PasswordRefused."
    domain_id = given.get("domain_id") or ctx.domain_id or ctx.project_domain_id or "default"
    ctx.enforce("identity:create_user", {"target.user.domain_id": domain_id})
    directory.refuse_change(deps, domain_id)
    password = given.get("password")
    if password is not None:
        passwords.refuse_weak(deps, password)
    hashed = deps.hasher.hash(password) if password is not None else None
    user = User(
        id=new_hex(), domain_id=domain_id, enabled=True, options={}, extra={}, failed_count=0
    )
    resources.apply(
        user, {k: v for k, v in given.items() if k not in KNOWN or k in _CHANGE}, _CHANGE
    )
    user.login = user.name
    with deps.db.write() as session:
        domain = session.get(Project, domain_id)
        if domain is None or not domain.is_domain:
            raise NoSuch("domain", domain_id)
        _check_default_project(session, given)
        if rows.find(session, User, domain_id=domain_id, login=user.login):
            raise Duplicate.name("user", user.name, domain_id)
        rows.add(session, user, lambda: Duplicate.name("user", user.name, domain_id))
        if hashed is not None:
            passwords.store(deps, session, user, hashed, self_service=False)
        _set_federated(session, user, given.get("federated"))
    audit.changed(deps, ctx, "user", "created", user.id)
    return user


def _check_default_project(session: Session, given: dict[str, Any]) -> None:
    project = (
        session.get(Project, given["default_project_id"])
        if given.get("default_project_id")
        else None
    )
    if project is not None and project.is_domain:
        raise Invalid("default_project_id", "a domain cannot be the default project.")


def _set_federated(session: Session, user: User, given: list[dict[str, Any]] | None) -> None:
    if given is None:
        return
    rows.remove(session, FederatedUser, user_id=user.id)
    for entry in given:
        if session.get(IdentityProvider, entry["idp_id"]) is None:
            raise Invalid("federated", f"there is no identity provider {entry['idp_id']}.")
        for protocol in entry["protocols"]:
            if session.get(Protocol, (entry["idp_id"], protocol["protocol_id"])) is None:
                raise Invalid("federated", f"there is no protocol {protocol['protocol_id']}.")
            rows.add(
                session,
                FederatedUser(user_id=user.id, idp_id=entry["idp_id"], **protocol),
                lambda: Duplicate("federated user", "another user has this unique_id"),
            )


def update(deps: Deps, ctx: Context, user_id: str, given: dict[str, Any]) -> User:
    """Change a user; a new password or disabling ends all tokens. Raises NoSuch, Duplicate,
    NotAllowed, PasswordRefused."""
    kept = load(deps, ctx, user_id, "identity:update_user")
    directory.refuse_change(deps, kept.domain_id, user_id)
    password = given.get("password")
    if password is not None:
        passwords.refuse_weak(deps, password)
    hashed = deps.hasher.hash(password) if password is not None else None
    with deps.db.write() as session:
        user = rows.get(session, User, user_id, "user")
        if given.get("domain_id", user.domain_id) != user.domain_id:
            raise NotAllowed("the domain of a user cannot be changed.")
        _check_default_project(session, given)
        if "name" in given and given["name"] != user.name:
            if rows.find(session, User, domain_id=user.domain_id, login=given["name"]):
                raise Duplicate.name("user", given["name"], user.domain_id)
            user.login = given["name"] if user.login is not None else None
        resources.apply(
            user, {k: v for k, v in given.items() if k not in KNOWN or k in _CHANGE}, _CHANGE
        )
        rows.flush(session, lambda: Duplicate.name("user", given.get("name"), user.domain_id))
        if hashed is not None:
            user.login = user.login or user.name
            passwords.store(deps, session, user, hashed, self_service=False)
        elif "password" in given:
            store.forget_passwords(session, user_id, 0)
        _set_federated(session, user, given.get("federated"))
        if given.get("enabled") is True:
            user.last_active_at, user.failed_count, user.failed_at = user.last_active_at, 0, None
        if "password" in given or given.get("enabled") is False:
            revocation.revoke(deps, session, f"user:{user_id}")
    audit.changed(deps, ctx, "user", "updated", user_id)
    return user


def delete(deps: Deps, ctx: Context, user_id: str) -> None:
    "Delete a user and all that is theirs."
    kept = load(deps, ctx, user_id, "identity:delete_user")
    directory.refuse_change(deps, kept.domain_id, user_id)
    with deps.db.write() as session:
        user = rows.get(session, User, user_id, "user")
        assignment_store.forget_actor(session, "user", user_id)
        rows.remove(session, Credential, user_id=user_id)
        rows.remove(session, OAuthToken, user_id=user_id)
        rows.remove(session, Trust, trustor_user_id=user_id)
        rows.remove(session, Trust, trustee_user_id=user_id)
        session.delete(user)
        revocation.revoke(deps, session, f"user:{user_id}")
    audit.changed(deps, ctx, "user", "deleted", user_id)
