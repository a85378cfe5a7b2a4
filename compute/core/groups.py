"Server groups."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from compute.core import Deps, quotas
from compute.errors import InvalidParameter, QuotaExceeded, ServerGroupNotFound
from compute.store import quotas as store
from compute.store import servers as server_store
from compute.store.models import ServerGroup


def create(
    deps: Deps, ctx: Context, name: str, policy: str, rules: Mapping[str, Any]
) -> ServerGroup:
    "A new group. Raises QuotaExceeded."
    if rules and policy != "anti-affinity":
        raise InvalidParameter("Only anti-affinity policy supports rules.")
    row = ServerGroup(
        project_id=ctx.project_id,
        user_id=ctx.user_id,
        name=name,
        policy=policy,
        rules={k: int(v) for k, v in rules.items()},
    )
    with deps.db.write() as session:
        store.take_turn(session, ctx.project_id or "")
        limit = quotas.effective(deps, session, ctx.project_id, ctx.user_id)["server_groups"]
        if limit != -1 and store.count_groups(session, ctx.project_id or "") >= limit:
            raise QuotaExceeded("Quota exceeded, too many server groups.", over="server_groups")
        session.add(row)
    return row


def get(deps: Deps, ctx: Context, group_id: str) -> tuple[ServerGroup, list[str]]:
    "(group, ids of members)."
    with deps.db.read() as session:
        return _get(session, ctx, group_id), server_store.group_members(session, [group_id])[
            group_id
        ]


def _get(session: Any, ctx: Context, group_id: str) -> ServerGroup:
    row = store.group(session, group_id)
    if row is None or (row.project_id != ctx.project_id and not ctx.is_admin):
        raise ServerGroupNotFound(group_id=group_id)
    return row


def find(
    deps: Deps, project_id: str | None, limit: int | None, offset: int
) -> list[tuple[ServerGroup, list[str]]]:
    "Groups of a project, or of all."
    with deps.db.read() as session:
        rows = store.groups(session, project_id, limit, offset)
        members = server_store.group_members(session, [r.id for r in rows])
    return [(r, members[r.id]) for r in rows]


def delete(deps: Deps, ctx: Context, group_id: str) -> None:
    "Delete it; its servers stay where they are."
    with deps.db.write() as session:
        session.delete(_get(session, ctx, group_id))


def for_boot(deps: Deps, session: Any, ctx: Context, hints: Mapping[str, Any]) -> str | None:
    "The group that scheduler hints name. Raises InvalidParameter for one that is not there."
    wanted = hints.get("group")
    wanted = wanted[0] if isinstance(wanted, list) else wanted
    if not wanted:
        return None
    row = store.group(session, str(wanted))
    if row is None or row.project_id != ctx.project_id:
        raise InvalidParameter(f"Instance group {wanted} could not be found.")
    return row.id


def admit(deps: Deps, session: Any, ctx: Context, group_id: str, count: int) -> None:
    "Raise QuotaExceeded where `count` more members would be too many."
    limit = quotas.effective(deps, session, ctx.project_id, ctx.user_id)["server_group_members"]
    members = len(server_store.group_hosts(session, group_id))
    if limit != -1 and members + count > limit:
        raise QuotaExceeded(
            "Quota exceeded, too many servers in group", over="server_group_members"
        )
