"Security groups; every project has one named default as soon as anybody looks."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access, quotas, reading
from network.store import outbox
from network.store import security as store
from network.store.models import DefaultGroup, SecurityGroup, SecurityRule

DEFAULT = "default"


def ensure_default(session: Any, deps: Deps, project_id: str) -> str:
    "The id of the project's default group, made if there is none yet."
    found = store.default_id(session, project_id)
    if found:
        return found
    group = _new(
        session,
        project_id,
        {"name": DEFAULT, "description": "Default security group", "stateful": True},
        True,
    )
    session.add(DefaultGroup(project_id=project_id, security_group_id=group.id))
    session.flush()
    return group.id


def look(deps: Deps, project_id: str | None) -> None:
    "Make sure that the project has its default group, before its groups are listed."
    if not project_id:
        return
    with deps.db.read() as session:
        if store.default_id(session, project_id):
            return
    deps.write(lambda session: ensure_default(session, deps, project_id))


def _new(session: Any, project_id: str, values: dict[str, Any], is_default: bool) -> SecurityGroup:
    group = SecurityGroup(
        project_id=project_id,
        name=values["name"],
        description=values["description"],
        stateful=values["stateful"],
    )
    session.add(group)
    session.flush()
    for template in store.templates(session, is_default):
        remote = group.id if template.remote_group_id == "PARENT" else template.remote_group_id
        session.add(
            SecurityRule(
                security_group_id=group.id,
                project_id=project_id,
                direction=template.direction,
                ethertype=template.ethertype,
                protocol=template.protocol,
                port_range_min=template.port_range_min,
                port_range_max=template.port_range_max,
                remote_ip_prefix=template.remote_ip_prefix,
                remote_group_id=remote,
                remote_address_group_id=template.remote_address_group_id,
                description=template.description,
            )
        )
    session.flush()
    outbox.mark(session, f"sg:{group.id}")
    return group


def check_ids(session: Any, ctx: Context, ids: Sequence[str], project_id: str) -> list[str]:
    """The ids, if a port of the project may have these groups. Raises SecurityGroupNotFound,
    SecurityGroupConflict."""
    wanted = list(dict.fromkeys(ids))
    if wanted:
        usable = store.usable(
            session, wanted, [project_id, ctx.project_id or ""], access.sees_all(ctx)
        )
        for key in wanted:
            if key not in usable:
                raise errors.missing("security_group", key)
        if len(store.kinds(session, wanted)) > 1:
            raise errors.SecurityGroupConflict(ids=", ".join(wanted))
    return wanted


def create(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> SecurityGroup:
    """A group with the rules of the templates. Raises SecurityGroupDefaultAlreadyExists for a
    second default."""
    project_id = values["project_id"]
    access.enforce(ctx, "create_security_group", {"project_id": project_id}, guarded)

    def work(session: Any) -> SecurityGroup:
        ensure_default(session, deps, project_id)
        if values["name"] == DEFAULT:
            raise errors.SecurityGroupDefaultAlreadyExists()
        quotas.check(session, deps, project_id, "security_group")
        quotas.check(
            session, deps, project_id, "security_group_rule", len(store.templates(session, False))
        )
        group = _new(session, project_id, values, False)
        session.expire(group)
        return reading.any_of(session, "security_group", group.id)

    return deps.write(work)


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> SecurityGroup:
    """Change a group. Raises SecurityGroupCannotUpdateDefault, SecurityGroupDefaultAlreadyExists
    for another one called default, SecurityGroupInUse."""

    def work(session: Any) -> SecurityGroup:
        row = reading.find(session, ctx, "security_group", key)
        access.enforce(ctx, "update_security_group", reading.owner(row), guarded)
        access.check_revision(row, revision)
        if "name" in values and values["name"] != row.name and store.is_default(session, key):
            raise errors.SecurityGroupCannotUpdateDefault()
        if values.get("name") == DEFAULT and row.name != DEFAULT:
            raise errors.SecurityGroupDefaultAlreadyExists()
        if values.get("stateful", row.stateful) != row.stateful and store.in_use(session, key):
            raise errors.SecurityGroupInUse(id=key, reason="cannot be updated because it is in use")
        for name in ("name", "description", "stateful"):
            if name in values:
                setattr(row, name, values[name])
        row.touch()
        outbox.mark(session, f"sg:{key}")
        session.flush()
        return reading.any_of(session, "security_group", key)

    return deps.write(work)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    """Delete a group. Raises SecurityGroupInUse, SecurityGroupCannotRemoveDefault
    (administrators may: it is made again)."""

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "security_group", key)
        access.enforce(ctx, "delete_security_group", reading.owner(row))
        access.check_revision(row, revision)
        if store.is_default(session, key) and not ctx.is_admin:
            raise errors.SecurityGroupCannotRemoveDefault()
        if store.in_use(session, key):
            raise errors.SecurityGroupInUse(id=key, reason="in use")
        store.forget(session, key)
        for rule in store.rules_of(session, key):
            session.delete(rule)
        # Rules of other groups that name this one as their remote go with it.
        poorer = set()
        for rule in store.rules_to(session, key):
            poorer.add(rule.security_group_id)
            session.delete(rule)
        session.flush()
        for group_id in poorer - {key}:
            reading.any_of(session, "security_group", group_id).touch()
        outbox.mark(session, f"sg:{key}", *(f"sg:{group_id}" for group_id in poorer))
        session.delete(row)

    deps.write(work)
