"Groups and who is in them."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, directory, listing, resources, revocation
from identity.errors import Duplicate, NoSuch, NotAllowed
from identity.store import assignments as assignment_store
from identity.store import people as store
from identity.store import rows
from identity.store.models import Group, Membership, Project, User
from identity.store.types import Filter

_CHANGE = ("name", "description")
_KNOWN = ("name", "description", "domain_id")


def target(group: Group | None) -> dict[str, Any]:
    "What policy rules look at."
    return {"target.group.id": group.id, "target.group.domain_id": group.domain_id} if group else {}


def load(deps: Deps, ctx: Context, group_id: str, rule: str, user: User | None = None) -> Group:
    "The group, if the caller passes `rule` (about it, and a user)."
    with deps.db.read() as session:
        group = session.get(Group, group_id)
    more = {"target.user.id": user.id, "target.user.domain_id": user.domain_id} if user else {}
    ctx.enforce(rule, {**target(group), **more})
    if group is None:
        raise NoSuch("group", group_id)
    return group


def load_with_members(deps: Deps, ctx: Context, group_id: str, rule: str) -> Group:
    "The same, and who is in it is up to date where a directory knows."
    group = load(deps, ctx, group_id, rule)
    directory.refresh_members(deps, group)
    return group


def list_groups(
    deps: Deps, ctx: Context, args: Mapping[str, str], user_id: str | None = None
) -> tuple[list[Group], bool]:
    "Groups for a query, of a user if one is named."
    wanted = listing.parse(deps, args, "name domain_id")
    if user_id is None:
        ctx.enforce("identity:list_groups", {"target.group.domain_id": ctx.domain_id})
        if ctx.domain_id:
            wanted = listing.narrowed(wanted, Filter("domain_id", "equals", ctx.domain_id))
        directory.refresh(deps, "group", args.get("domain_id") or ctx.domain_id, args.get("name"))
    with deps.db.read() as session:
        return store.groups(session, wanted, user_id=user_id)


def membership_ends(deps: Deps, user_id: str) -> dict[str, Any]:
    "When each membership of a user ends, by group."
    with deps.db.read() as session:
        return store.memberships(session, user_id)


def create(deps: Deps, ctx: Context, given: dict[str, Any]) -> Group:
    "A new group. Raises Duplicate, Invalid."
    domain_id = given.get("domain_id") or ctx.domain_id or ctx.project_domain_id or "default"
    ctx.enforce("identity:create_group", {"target.group.domain_id": domain_id})
    directory.refuse_change(deps, domain_id)
    group = Group(id=new_hex(), domain_id=domain_id, extra={})
    resources.apply(group, {k: v for k, v in given.items() if k != "domain_id"}, _CHANGE)
    with deps.db.write() as session:
        domain = session.get(Project, domain_id)
        if domain is None or not domain.is_domain:
            raise NoSuch("domain", domain_id)
        if rows.find(session, Group, domain_id=domain_id, name=group.name):
            raise Duplicate.name("group", group.name, domain_id)
        rows.add(session, group, lambda: Duplicate.name("group", group.name, domain_id))
    audit.changed(deps, ctx, "group", "created", group.id)
    return group


def update(deps: Deps, ctx: Context, group_id: str, given: dict[str, Any]) -> Group:
    "Change a group. Raises NoSuch, Duplicate, NotAllowed."
    kept = load(deps, ctx, group_id, "identity:update_group")
    directory.refuse_change(deps, kept.domain_id, group_id)
    with deps.db.write() as session:
        group = rows.get(session, Group, group_id, "group")
        if given.pop("domain_id", group.domain_id) != group.domain_id:
            raise NotAllowed("the domain of a group cannot be changed.")
        other = rows.find(
            session, Group, domain_id=group.domain_id, name=given.get("name", group.name)
        )
        if other is not None and other.id != group_id:
            raise Duplicate.name("group", given["name"], group.domain_id)
        resources.apply(group, given, _CHANGE)
        rows.flush(session, lambda: Duplicate.name("group", given.get("name"), group.domain_id))
    audit.changed(deps, ctx, "group", "updated", group_id)
    return group


def delete(deps: Deps, ctx: Context, group_id: str) -> None:
    "Delete a group; what its users had through it ends."
    kept = load(deps, ctx, group_id, "identity:delete_group")
    directory.refuse_change(deps, kept.domain_id, group_id)
    with deps.db.write() as session:
        group = rows.get(session, Group, group_id, "group")
        revocation.revoke(deps, session, *(f"user:{u}" for u in store.members(session, group_id)))
        assignment_store.forget_actor(session, "group", group_id)
        session.delete(group)
    audit.changed(deps, ctx, "group", "deleted", group_id)


def _both(deps: Deps, ctx: Context, group_id: str, user_id: str, rule: str) -> Group:
    with deps.db.read() as session:
        user = session.get(User, user_id)
    group = load(deps, ctx, group_id, rule, user)
    if user is None:
        raise NoSuch("user", user_id)
    return group


def check_member(deps: Deps, ctx: Context, group_id: str, user_id: str) -> None:
    "Return if the user is in the group. Raises NoSuch."
    directory.refresh_members(
        deps, _both(deps, ctx, group_id, user_id, "identity:check_user_in_group")
    )
    with deps.db.read() as session:
        if not store.is_member(session, user_id, group_id):
            raise NoSuch("user in group", f"{user_id} in {group_id}")


def add_member(deps: Deps, ctx: Context, group_id: str, user_id: str) -> None:
    "Put a user into a group; they may be in it."
    group = _both(deps, ctx, group_id, user_id, "identity:add_user_to_group")
    directory.refuse_change(deps, group.domain_id, group_id)
    with deps.db.write() as session:
        if session.get(Membership, (user_id, group_id, "")) is None:
            rows.add(session, Membership(user_id=user_id, group_id=group_id, idp_id=""))


def remove_member(deps: Deps, ctx: Context, group_id: str, user_id: str) -> None:
    "Take a user out of a group; tokens that had roles from it end. Raises NoSuch."
    group = _both(deps, ctx, group_id, user_id, "identity:remove_user_from_group")
    directory.refuse_change(deps, group.domain_id, group_id)
    with deps.db.write() as session:
        if not rows.remove(session, Membership, user_id=user_id, group_id=group_id):
            raise NoSuch("user in group", f"{user_id} in {group_id}")
        revocation.revoke(deps, session, f"user:{user_id}")
