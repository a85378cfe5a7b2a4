"Queries over limits, project locks, server groups and console tokens."

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

import common.db
from compute.store.models import ConsoleToken, ProjectLock, Quota, ServerGroup


def limits(session: Session, owners: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    "(scope, owner) pairs -> {scope: {resource: limit}} of what was set for them."
    out: dict[str, dict[str, int]] = {scope: {} for scope, _ in owners}
    rows = session.scalars(select(Quota).where(Quota.owner.in_([o for _, o in owners])))
    for row in rows:
        if (row.scope, row.owner) in owners:
            out[row.scope][row.resource] = row.hard_limit
    return out


def set_limit(session: Session, scope: str, owner: str, resource: str, limit: int) -> None:
    "Set one limit."
    row = session.scalars(
        select(Quota).where(Quota.scope == scope, Quota.owner == owner, Quota.resource == resource)
    ).first()
    if row is None:
        session.add(Quota(scope=scope, owner=owner, resource=resource, hard_limit=limit))
    else:
        row.hard_limit = limit
    session.flush()


def clear(session: Session, scope: str, owner: str) -> None:
    "Forget what was set for an owner (for a project: for its users too)."
    session.execute(delete(Quota).where(Quota.scope == scope, Quota.owner == owner))
    if scope == "project":
        session.execute(
            delete(Quota).where(
                Quota.scope == "user", Quota.owner.startswith(owner + "/", autoescape=True)
            )
        )


def take_turn(session: Session, project_id: str) -> None:
    "Count and add alone until the transaction ends; see `common.db.take_turn`."
    common.db.take_turn(session, ProjectLock, project_id)


def group(session: Session, group_id: str) -> ServerGroup | None:
    "One server group."
    return session.get(ServerGroup, group_id)


def groups(
    session: Session, project_id: str | None, limit: int | None = None, offset: int = 0
) -> list[ServerGroup]:
    "Server groups of a project, or of all."
    query = select(ServerGroup).order_by(ServerGroup.created_at, ServerGroup.id)
    if project_id is not None:
        query = query.where(ServerGroup.project_id == project_id)
    if limit is not None:
        query = query.limit(limit)
    return list(session.scalars(query.offset(offset) if offset else query))


def count_groups(session: Session, project_id: str, user_id: str | None = None) -> int:
    "How many server groups a project (or one user in it) has."
    query = (
        select(func.count()).select_from(ServerGroup).where(ServerGroup.project_id == project_id)
    )
    if user_id:
        query = query.where(ServerGroup.user_id == user_id)
    return session.scalar(query) or 0


def console_token(session: Session, token_hash: str) -> ConsoleToken | None:
    "A console token by its hash."
    return session.get(ConsoleToken, token_hash)


def drop_console_tokens(
    session: Session, *, server_id: str | None = None, before: datetime | None = None
) -> None:
    "Forget tokens of a server, or those that expired before a moment."
    query = delete(ConsoleToken)
    if server_id:
        query = query.where(ConsoleToken.server_id == server_id)
    if before:
        query = query.where(ConsoleToken.expires_at < before)
    session.execute(query)
