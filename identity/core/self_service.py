"What a caller may do with their own token: where they may go, and what is there."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from identity.core import Deps, listing, times
from identity.errors import NotAllowed
from identity.store import assignments as store
from identity.store import projects as project_store
from identity.store import revocations as revocation_store
from identity.store.models import Project


def catalog(deps: Deps, ctx: Context) -> list[dict[str, Any]]:
    "The catalog of the caller's token. Raises NotAllowed for an unscoped one."
    if not (ctx.project_id or ctx.domain_id or ctx.system):
        raise NotAllowed("an unscoped token has no catalog.")
    return deps.memory.catalog(ctx.project_id, ctx.user_id)


def projects(deps: Deps, ctx: Context) -> tuple[list[Project], dict[str, list[str]]]:
    "Enabled projects in which the caller has a role, and their tags."
    with deps.db.read() as session:
        ids = store.scopes_of(session, ctx.user_id or "", _groups(deps, ctx))[0]
        found = [p for p in project_store.by_ids(session, ids) if p.enabled and not p.is_domain]
        enabled = {
            d.id for d in project_store.by_ids(session, {p.domain_id for p in found}) if d.enabled
        }
        found = [p for p in found if p.domain_id in enabled]
        return found, project_store.tags(session, [p.id for p in found])


def projects_of(
    deps: Deps, user_id: str, args: Mapping[str, str]
) -> tuple[list[Project], bool, dict[str, list[str]]]:
    "Projects in which a user has a role."
    wanted = listing.parse(deps, args, "name domain_id parent_id", booleans="enabled")
    with deps.db.read() as session:
        ids = store.scopes_of(session, user_id)[0]
        found, more = project_store.projects(session, wanted, ids=ids)
        return found, more, project_store.tags(session, [p.id for p in found])


def domains(deps: Deps, ctx: Context) -> list[Project]:
    "Enabled domains in which the caller has a role."
    with deps.db.read() as session:
        ids = store.scopes_of(session, ctx.user_id or "", _groups(deps, ctx))[1]
        return [d for d in project_store.by_ids(session, ids) if d.enabled and d.is_domain]


def has_system(deps: Deps, ctx: Context) -> bool:
    "Whether the caller has a role on the system."
    with deps.db.read() as session:
        return store.scopes_of(session, ctx.user_id or "", _groups(deps, ctx))[2]


def _groups(deps: Deps, ctx: Context) -> list[str]:
    claims = deps.verified.get(ctx.token or "")
    return list(claims.groups or ()) if claims else []


def revoke_events(deps: Deps) -> list[dict[str, Any]]:
    "Revocations in the form of OS-REVOKE, for services that still read it."
    names = {
        "audit": "audit_id",
        "chain": "audit_chain_id",
        "user": "user_id",
        "project": "project_id",
        "domain": "domain_id",
        "trust": "OS-TRUST:trust_id",
        "role": "role_id",
        "appcred": "application_credential_id",
    }
    with deps.db.read() as session:
        records = revocation_store.since(session, 0)
    events = []
    for record in records:
        kind, _, rest = record.key.partition(":")
        event: dict[str, Any] = {
            "issued_before": times.iso(record.issued_before),
            "revoked_at": times.iso(record.revoked_at),
        }
        if kind == "grant":
            user_id, _, scope = rest.partition(":")
            event |= {"user_id": user_id, "project_id": scope}
        else:
            event[names.get(kind, kind)] = rest
        events.append(event)
    return events
