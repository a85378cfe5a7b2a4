"Roles, and which imply which."

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, listing, resources, revocation
from identity.errors import Duplicate, Invalid, NoSuch, NotAllowed
from identity.store import Session, rows
from identity.store import listing as listing_store
from identity.store.models import Assignment, ImpliedRole, Project, Role
from identity.store.types import Filter

_CHANGE = ("name", "description", "options")


def _rule(verb: str, role: Role | None) -> str:
    return f"identity:{verb}_{'domain_' if role is not None and role.domain_id else ''}role"


def target(role: Role | None) -> dict[str, Any]:
    "What policy rules look at."
    return {
        "target.role.id": role.id if role else None,
        "target.role.name": role.name if role else None,
        "target.role.domain_id": (role.domain_id or None) if role else None,
    }


def load(deps: Deps, ctx: Context, role_id: str, verb: str) -> Role:
    "The role, if the caller may do `verb` to it."
    with deps.db.read() as session:
        role = session.get(Role, role_id)
    ctx.enforce(_rule(verb, role), target(role))
    if role is None:
        raise NoSuch("role", role_id)
    return role


def list_roles(deps: Deps, ctx: Context, args: Mapping[str, str]) -> tuple[list[Role], bool]:
    "Global roles, or those of the domain that the query names."
    domain_id = args.get("domain_id")
    ctx.enforce(
        "identity:list_domain_roles" if domain_id else "identity:list_roles",
        {"target.domain_id": domain_id},
    )
    wanted = listing.parse(deps, args, "name")
    wanted = listing.narrowed(wanted, Filter("domain_id", "in", [domain_id or ""]))
    with deps.db.read() as session:
        return listing_store.everything(session, Role, wanted)


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> Role:
    "A new role, of a domain if one is named. Raises Duplicate, Invalid."
    domain_id = given.get("domain_id") or ""
    ctx.enforce("identity:create_domain_role" if domain_id else "identity:create_role", {})
    role = Role(id=new_hex(), domain_id=domain_id, options={}, extra={})
    resources.apply(role, {k: v for k, v in given.items() if k != "domain_id"}, _CHANGE)
    with deps.db.write() as session:
        if domain_id and not getattr(session.get(Project, domain_id), "is_domain", False):
            raise Invalid("domain_id", f"there is no domain {domain_id}.")
        _refuse_taken(session, role)
        rows.add(session, role, lambda: Duplicate.name("role", role.name))
        rows.bump(session, "roles")
    deps.memory.refresh()
    audit.changed(deps, ctx, "role", "created", role.id)
    return role


def _refuse_taken(session: Session, role: Role) -> None:
    with session.no_autoflush:
        other = rows.find(session, Role, name=role.name, domain_id=role.domain_id)
    if other is not None and other.id != role.id:
        raise Duplicate.name("role", role.name, role.domain_id or None)


def update(deps: Deps, ctx: Context, role_id: str, given: dict[str, Any]) -> Role:
    "Change a role. Raises Duplicate, Immutable, NotAllowed."
    load(deps, ctx, role_id, "update")
    with deps.db.write() as session:
        role = rows.get(session, Role, role_id, "role")
        resources.refuse_immutable("role", role, given)
        if given.pop("domain_id", None) not in (None, role.domain_id):
            raise NotAllowed("the domain of a role cannot be changed.")
        if _is_admin(role) and given.get("name", role.name) != role.name:
            raise NotAllowed("the role admin cannot be renamed: nobody could undo it.")
        resources.apply(role, given, _CHANGE)
        _refuse_taken(session, role)
        rows.flush(session, lambda: Duplicate.name("role", role.name))
        rows.bump(session, "roles")
        if "name" in given:
            revocation.revoke(deps, session, f"role:{role_id}")
    deps.memory.refresh()
    audit.changed(deps, ctx, "role", "updated", role_id)
    return role


def _is_admin(role: Role) -> bool:
    return role.name.lower() == "admin" and not role.domain_id


def delete(deps: Deps, ctx: Context, role_id: str) -> None:
    "Delete a role with its assignments; tokens that carry it end."
    load(deps, ctx, role_id, "delete")
    with deps.db.write() as session:
        role = rows.get(session, Role, role_id, "role")
        resources.refuse_immutable("role", role)
        if _is_admin(role):
            raise NotAllowed("the role admin cannot be deleted: nobody could undo it.")
        rows.remove(session, Assignment, role_id=role_id)
        revocation.revoke(deps, session, f"role:{role_id}")
        session.delete(role)
        rows.bump(session, "roles")
    deps.memory.refresh()
    audit.changed(deps, ctx, "role", "deleted", role_id)


def implications(
    deps: Deps, prior_id: str | None = None
) -> tuple[dict[str, Role], Sequence[ImpliedRole]]:
    "All roles by id, and the implications (of one role)."
    with deps.db.read() as session:
        if prior_id is not None:
            rows.get(session, Role, prior_id, "role")
        found = rows.every(session, ImpliedRole, **({"prior_id": prior_id} if prior_id else {}))
        return {r.id: r for r in rows.every(session, Role)}, found


def implication(deps: Deps, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    "Both roles of an implication. Raises NoSuch."
    with deps.db.read() as session:
        prior, implied = (
            rows.get(session, Role, prior_id, "role"),
            rows.get(session, Role, implied_id, "role"),
        )
        if session.get(ImpliedRole, (prior_id, implied_id)) is None:
            raise NoSuch("implied role", f"{prior_id} implies {implied_id}")
        return prior, implied


def imply(deps: Deps, ctx: Context, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    "Let one role imply another. Raises NotAllowed for what no role may imply."
    with deps.db.write() as session:
        prior, implied = (
            rows.get(session, Role, prior_id, "role"),
            rows.get(session, Role, implied_id, "role"),
        )
        if _is_admin(implied):
            raise NotAllowed("the role admin cannot be implied.")
        if implied.domain_id and not prior.domain_id:
            raise NotAllowed("a global role cannot imply a role of a domain.")
        if session.get(ImpliedRole, (prior_id, implied_id)) is None:
            rows.add(session, ImpliedRole(prior_id=prior_id, implied_id=implied_id))
            rows.bump(session, "roles")
    deps.memory.refresh()
    return prior, implied


def end_implication(deps: Deps, ctx: Context, prior_id: str, implied_id: str) -> None:
    "End an implication; tokens that carry the first role end."
    with deps.db.write() as session:
        if not rows.remove(session, ImpliedRole, prior_id=prior_id, implied_id=implied_id):
            raise NoSuch("implied role", f"{prior_id} implies {implied_id}")
        revocation.revoke(deps, session, f"role:{prior_id}")
        rows.bump(session, "roles")
    deps.memory.refresh()
