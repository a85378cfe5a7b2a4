"Application credentials and their access rules."

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, listing, revocation, times
from identity.errors import Duplicate, Invalid, LimitReached, NoSuch, NotAllowed
from identity.store import Session, accounts, rows
from identity.store import listing as listing_store
from identity.store.models import (
    AccessRule,
    ApplicationCredential,
    ApplicationCredentialRole,
    ApplicationCredentialRule,
    Role,
)
from identity.store.types import Filter


def load(deps: Deps, user_id: str, credential_id: str) -> ApplicationCredential:
    "One of a user's application credentials. Raises NoSuch."
    with deps.db.read() as session:
        return _load(session, user_id, credential_id)


def _load(session: Session, user_id: str, credential_id: str) -> ApplicationCredential:
    found = session.get(ApplicationCredential, credential_id)
    if found is None or found.user_id != user_id:
        raise NoSuch("application credential", credential_id)
    return found


def list_all(
    deps: Deps, user_id: str, args: Mapping[str, str]
) -> tuple[list[ApplicationCredential], bool]:
    "A user's application credentials."
    wanted = listing.narrowed(
        listing.parse(deps, args, "name"), Filter("user_id", "equals", user_id)
    )
    with deps.db.read() as session:
        return listing_store.everything(session, ApplicationCredential, wanted)


def details(deps: Deps, credential_id: str) -> tuple[list[Role], list[AccessRule]]:
    "Roles and access rules of an application credential."
    with deps.db.read() as session:
        links = rows.every(
            session, ApplicationCredentialRole, application_credential_id=credential_id
        )
        rules = rows.every(
            session, ApplicationCredentialRule, application_credential_id=credential_id
        )
        return (
            sorted(
                rows.every(session, Role, id=[link.role_id for link in links]), key=lambda r: r.name
            ),
            list(rows.every(session, AccessRule, id=[r.access_rule_id for r in rules])),
        )


def create(
    deps: Deps, ctx: Context, user_id: str, given: dict[str, Any]
) -> tuple[ApplicationCredential, str]:
    """A new one for the project of the caller's token, with its secret, which nobody can read
    later. Raises NotAllowed when an application credential that is restricted makes another."""
    if ctx.application_credential_id and ctx.application_credential_restricted:
        raise NotAllowed(
            "a restricted application credential cannot manage application credentials."
        )
    if ctx.oauth_token_id:
        raise NotAllowed("a token of OAuth cannot create application credentials.")
    if not ctx.project_id:
        raise NotAllowed("an application credential needs a project: use a token of one.")
    expires = times.parse(given["expires_at"]) if given.get("expires_at") else None
    if expires is not None and expires <= times.now():
        raise Invalid("expires_at", "it is in the past.")
    secret = given.get("secret") or secrets.token_urlsafe(64)
    hashed = deps.hasher.hash(secret)
    row = ApplicationCredential(
        id=new_hex(),
        name=given["name"],
        user_id=user_id,
        project_id=ctx.project_id,
        secret_hash=hashed,
        description=given.get("description"),
        expires_at=expires,
        unrestricted=bool(given.get("unrestricted")),
        # an empty list is what clients send for none: it restricts nothing
        has_rules=bool(given.get("access_rules")),
    )
    with deps.db.write() as session:
        most = deps.config.application_credential.user_limit
        if most >= 0 and rows.count(session, ApplicationCredential, user_id=user_id) >= most:
            raise LimitReached("application credential", most)
        if rows.find(session, ApplicationCredential, user_id=user_id, name=row.name):
            raise Duplicate.name("application_credential", row.name)
        role_ids = _roles(deps, session, ctx, given.get("roles"))
        rows.add(session, row, lambda: Duplicate.name("application_credential", row.name))
        rows.add_all(
            session,
            (
                ApplicationCredentialRole(application_credential_id=row.id, role_id=i)
                for i in role_ids
            ),
        )
        for rule in {tuple(sorted(r.items())): r for r in given.get("access_rules") or ()}.values():
            rows.add(
                session,
                ApplicationCredentialRule(
                    application_credential_id=row.id,
                    access_rule_id=_rule(session, user_id, rule).id,
                ),
            )
    audit.changed(deps, ctx, "application_credential", "created", row.id)
    return row, secret


def _roles(
    deps: Deps, session: Session, ctx: Context, given: list[dict[str, Any]] | None
) -> list[str]:
    if not given:
        return list(ctx.role_ids)
    has = set(ctx.role_ids)
    if not (ctx.trust_id or ctx.application_credential_id):
        # what the caller was given since the token; what was delegated has bounds of its own
        place = accounts.place(session, str(ctx.user_id), target_id=str(ctx.project_id))
        has |= {i for i, _ in deps.memory.expand(place[1], place[0].domain_id)} if place else set()
    found = []
    for named in given:
        role = (
            session.get(Role, named["id"])
            if "id" in named
            else rows.find(session, Role, name=named["name"], domain_id="")
        )
        if role is None:
            raise NoSuch("role", named.get("id") or named.get("name"))
        if role.id not in has:
            raise Invalid("roles", f"the caller does not have the role {role.id} in the project.")
        found.append(role.id)
    return list(dict.fromkeys(found))


def _rule(session: Session, user_id: str, given: dict[str, str]) -> AccessRule:
    if "id" in given:
        found = session.get(AccessRule, given["id"])
        if found is None or found.user_id != user_id:
            raise NoSuch("access rule", given["id"])
        return found
    hashed = hashlib.sha256(given["path"].encode()).hexdigest()
    key = {
        "user_id": user_id,
        "service": given["service"],
        "method": given["method"],
        "path_hash": hashed,
    }
    return rows.find(session, AccessRule, **key) or rows.add(
        session, AccessRule(id=new_hex(), path=given["path"], **key)
    )


def delete(deps: Deps, ctx: Context, user_id: str, credential_id: str) -> None:
    "Delete one; tokens that it gave end."
    if ctx.application_credential_id and ctx.application_credential_restricted:
        raise NotAllowed(
            "a restricted application credential cannot manage application credentials."
        )
    with deps.db.write() as session:
        session.delete(_load(session, user_id, credential_id))
        revocation.revoke(deps, session, f"appcred:{credential_id}")
    audit.changed(deps, ctx, "application_credential", "deleted", credential_id)


def list_rules(deps: Deps, user_id: str, args: Mapping[str, str]) -> tuple[list[AccessRule], bool]:
    "Access rules of a user."
    wanted = listing.narrowed(
        listing.parse(deps, args, "service path method"), Filter("user_id", "equals", user_id)
    )
    with deps.db.read() as session:
        return listing_store.everything(session, AccessRule, wanted)


def rule(deps: Deps, user_id: str, rule_id: str) -> AccessRule:
    "One access rule of a user. Raises NoSuch."
    with deps.db.read() as session:
        found = session.get(AccessRule, rule_id)
    if found is None or found.user_id != user_id:
        raise NoSuch("access rule", rule_id)
    return found


def delete_rule(deps: Deps, user_id: str, rule_id: str) -> None:
    "Delete an access rule that no application credential uses. Raises NotAllowed."
    rule(deps, user_id, rule_id)
    with deps.db.write() as session:
        if rows.find(session, ApplicationCredentialRule, access_rule_id=rule_id):
            raise NotAllowed("an application credential uses the access rule.")
        rows.remove(session, AccessRule, id=rule_id)
