"""Grants: a role for a user or group on a project, a domain or the system, inherited by what is
below or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.context import Context
from identity.core import Deps, audit, revocation
from identity.core.roles import target as role_target
from identity.errors import NoSuch, NotAllowed
from identity.store import Session, rows
from identity.store import assignments as store
from identity.store import people as people_store
from identity.store.models import (
    ApplicationCredential,
    Assignment,
    Group,
    Project,
    Role,
    User,
)


@dataclass(frozen=True)
class Where:
    "The actor and the target of a grant, as a URL names them."

    actor_kind: str
    actor_id: str
    target_kind: str
    target_id: str
    inherited: bool = False

    @property
    def values(self) -> dict[str, Any]:
        "The columns of an assignment."
        return {
            "actor_kind": self.actor_kind,
            "actor_id": self.actor_id,
            "target_kind": self.target_kind,
            "target_id": self.target_id,
            "inherited": self.inherited,
        }


def _enforce(
    deps: Deps, ctx: Context, verb: str, where: Where, role_id: str | None, *, strict: bool = True
) -> Role | None:
    """Look everything up, ask policy, then say what does not exist. With `strict` False an actor
    may be gone (revoking)."""
    with deps.db.read() as session:
        model: Any = User if where.actor_kind == "user" else Group
        actor = session.get(model, where.actor_id)
        place = None if where.target_kind == "system" else session.get(Project, where.target_id)
        role = session.get(Role, role_id) if role_id else None
    facts = role_target(role) if role_id else {}
    facts[f"target.{where.actor_kind}.domain_id"] = actor.domain_id if actor else None
    if place is not None:
        facts[
            "target.domain.id" if where.target_kind == "domain" else "target.project.domain_id"
        ] = place.id if place.is_domain else place.domain_id
    ctx.enforce(
        _rule(verb, where),
        {k: v for k, v in facts.items() if v is not None or k == "target.role.domain_id"},
    )
    if actor is None and strict:
        raise NoSuch(where.actor_kind, where.actor_id)
    if where.target_kind != "system" and (
        place is None or (where.target_kind == "domain" and not place.is_domain)
    ):
        raise NoSuch(where.target_kind, where.target_id)
    if role_id and role is None:
        raise NoSuch("role", role_id)
    return role


def _rule(verb: str, where: Where) -> str:
    if where.target_kind != "system":
        return f"identity:{verb}_grant{'s' if verb == 'list' else ''}"
    return f"identity:{verb}_system_grant{'s' if verb == 'list' else ''}_for_{where.actor_kind}"


def list_roles(deps: Deps, ctx: Context, where: Where) -> list[Role]:
    "Roles granted there."
    _enforce(deps, ctx, "list", where, None)
    with deps.db.read() as session:
        found = store.matching(session, **where.values)
        return sorted(
            rows.every(session, Role, id=[a.role_id for a in found]), key=lambda r: r.name
        )


def check(deps: Deps, ctx: Context, where: Where, role_id: str) -> None:
    "Return if the role is granted. Raises NoSuch."
    _enforce(deps, ctx, "check", where, role_id)
    with deps.db.read() as session:
        if not store.matching(session, **where.values, role_id=role_id):
            raise NoSuch("role assignment", f"{role_id} for {where.actor_kind} {where.actor_id}")


def grant(deps: Deps, ctx: Context, where: Where, role_id: str) -> None:
    "Give the role; it may be given already. Raises NoSuch, NotAllowed."
    role = _enforce(deps, ctx, "create", where, role_id)
    assert role is not None
    with deps.db.write() as session:
        if role.domain_id:
            _refuse_foreign(session, role, where)
        if not store.matching(session, **where.values, role_id=role_id):
            rows.add(session, Assignment(**where.values, role_id=role_id))
    _tell(deps, ctx, "created", where, role_id)


def _refuse_foreign(session: Session, role: Role, where: Where) -> None:
    if where.target_kind == "system":
        raise NotAllowed("a role of a domain cannot be granted on the system.")
    place = rows.get(session, Project, where.target_id, where.target_kind)
    if (place.id if place.is_domain else place.domain_id) != role.domain_id:
        raise NotAllowed(f"the role {role.id} belongs to another domain.")


def revoke(deps: Deps, ctx: Context, where: Where, role_id: str) -> None:
    "Take the role away; tokens that have it from here end. Raises NoSuch."
    _enforce(deps, ctx, "revoke", where, role_id, strict=False)
    with deps.db.write() as session:
        if not rows.remove(session, Assignment, **where.values, role_id=role_id):
            raise NoSuch("role assignment", f"{role_id} for {where.actor_kind} {where.actor_id}")
        users = (
            [where.actor_id]
            if where.actor_kind == "user"
            else people_store.members(session, where.actor_id)
        )
        if where.inherited:  # it held wherever below: end all of these users' tokens
            keys = [f"user:{u}" for u in users]
        else:
            keys = [
                f"grant:{u}:{'system' if where.target_kind == 'system' else where.target_id}"
                for u in users
            ]
        revocation.revoke(deps, session, *keys)
        _forget_credentials(session, where, users)
    _tell(deps, ctx, "deleted", where, role_id)


def _forget_credentials(session: Session, where: Where, users: list[str]) -> None:
    # An application credential must not outlive a role of its owner in its project (API reference).
    if where.target_kind == "project" and not where.inherited and users:
        rows.remove(session, ApplicationCredential, user_id=users, project_id=where.target_id)


def _tell(deps: Deps, ctx: Context, operation: str, where: Where, role_id: str) -> None:
    audit.granted(
        deps,
        ctx,
        operation,
        role_id,
        {where.actor_kind: where.actor_id},
        {where.target_kind: where.target_id},
        where.inherited,
    )
