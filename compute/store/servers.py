"""Queries over servers, tags and block devices.

A list is asked for by conditions, `(operator, column, value)`: core says what, this module how.
Names, addresses: regular expressions run inside the database (Python's on SQLite).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, delete, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from compute.store.models import BlockDevice, Job, Server, ServerTag, now

Condition = tuple[str, str, Any]


@dataclass
class ServerQuery:
    "Which servers, in which order, how many, after which one."

    conditions: list[Condition] = field(default_factory=list)
    sort: list[tuple[str, str]] = field(default_factory=list)
    limit: int | None = None
    marker: Server | None = None


def get(
    session: Session, server_id: str, *, deleted: bool = False, lock: bool = False
) -> Server | None:
    "The server, deleted ones only on request; `lock` holds its row for this transaction."
    query = select(Server).where(Server.id == server_id)
    if not deleted:
        query = query.where(Server.deleted.is_(False))
    if lock:
        query = query.with_for_update()
    return session.scalars(query).first()


def by_ids(session: Session, ids: Iterable[str]) -> dict[str, Server]:
    "Servers that exist and are not deleted, by id."
    wanted = list(ids)
    if not wanted:
        return {}
    query = select(Server).where(Server.id.in_(wanted), Server.deleted.is_(False))
    return {s.id: s for s in session.scalars(query)}


def find(session: Session, query: ServerQuery) -> list[Server]:
    "The servers that meet every condition."
    statement = select(Server).where(*(_clause(session, c) for c in query.conditions))
    sort = [*query.sort]
    for key, way in (("created_at", "desc"), ("id", "desc")):
        if all(k != key for k, _ in sort):
            sort.append((key, sort[-1][1] if sort and key == "id" else way))
    columns = [(_sortable(key), way) for key, way in sort]
    if query.marker is not None:
        statement = statement.where(_after(columns, [getattr(query.marker, k) for k, _ in sort]))
    statement = statement.order_by(*(c.desc() if way == "desc" else c.asc() for c, way in columns))
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return list(session.scalars(statement))


def _sortable(key: str) -> Any:
    return getattr(Server, key)


def _after(columns: Sequence[tuple[Any, str]], values: Sequence[Any]) -> Any:
    "Rows that come after the one with `values`: the keyset condition, with NULLs first going up."
    alternatives: list[Any] = []
    equal: list[Any] = []
    for (column, way), value in zip(columns, values, strict=True):
        if value is None:
            beyond = column.is_not(None) if way == "asc" else None
        elif way == "asc":
            beyond = column > value
        else:
            beyond = or_(column < value, column.is_(None))
        if beyond is not None:
            alternatives.append(and_(*equal, beyond))
        equal.append(column.is_(None) if value is None else column == value)
    return or_(*alternatives)


def _clause(session: Session, condition: Condition) -> Any:
    operator, name, value = condition
    if operator.startswith("tags"):
        return _tag_clause(operator, value)
    if operator == "states":
        return or_(*(and_(Server.vm_state == vm, _task_clause(tasks)) for vm, tasks in value))
    if operator == "meta":
        return and_(*(_has_meta(k, v) for k, v in value.items()))
    column = getattr(Server, name)
    if operator == "regex":
        return column.regexp_match(_lines(session, value) if name == "ips" else value)
    return {
        "eq": lambda: column.is_(None) if value is None else column == value,
        "in": lambda: column.in_(value),
        "ge": lambda: column >= value,
        "le": lambda: column <= value,
        "ne": lambda: column != value,
        "set": lambda: column.is_not(None) if value else column.is_(None),
    }[operator]()


def _task_clause(tasks: Sequence[str | None] | None) -> Any:
    if tasks is None:
        return True
    named = [t for t in tasks if t is not None]
    clause = Server.task_state.in_(named)
    return or_(clause, Server.task_state.is_(None)) if None in tasks else clause


def _lines(session: Session, pattern: str) -> str:
    # ^ and $ must match at each address of the column, which has one a line.
    return ("(?w)" if session.get_bind().dialect.name == "postgresql" else "(?m)") + pattern


def _has_meta(key: str, value: str) -> Any:
    fragment = f"{json.dumps(key)}:{json.dumps(value)}"
    return type_coerce(Server.meta, Text).contains(fragment, autoescape=True)


def _tag_clause(operator: str, tags: Sequence[str]) -> Any:
    def has(tag: str) -> Any:
        return Server.id.in_(select(ServerTag.server_id).where(ServerTag.tag == tag))

    some = Server.id.in_(select(ServerTag.server_id).where(ServerTag.tag.in_(tags)))
    return {
        "tags_all": lambda: and_(*map(has, tags)),
        "tags_any": lambda: some,
        "tags_not_all": lambda: ~and_(*map(has, tags)),
        "tags_not_any": lambda: ~some,
    }[operator]()


def usage(session: Session, project_id: str, user_id: str | None = None) -> tuple[int, int, int]:
    "(servers, vcpus, MiB) that count against the quota of a project, or of one user in it."
    query = select(
        func.count(),
        func.coalesce(func.sum(Server.vcpus), 0),
        func.coalesce(func.sum(Server.memory_mib), 0),
    ).where(
        Server.project_id == project_id, Server.deleted.is_(False), Server.vm_state != "soft-delete"
    )
    if user_id:
        query = query.where(Server.user_id == user_id)
    row = session.execute(query).one()
    return int(row[0]), int(row[1]), int(row[2])


def on_host(session: Session, host: str) -> list[Server]:
    "Servers that are, or come to be, on `host`."
    return list(
        session.scalars(select(Server).where(Server.host == host, Server.deleted.is_(False)))
    )


def group_hosts(session: Session, group_id: str) -> list[tuple[str, str | None]]:
    "(server id, host) of the members of a server group."
    query = select(Server.id, Server.host).where(
        Server.group_id == group_id, Server.deleted.is_(False)
    )
    return [(r[0], r[1]) for r in session.execute(query)]


def group_members(session: Session, group_ids: Sequence[str]) -> dict[str, list[str]]:
    "Members of many groups at once."
    members: dict[str, list[str]] = {g: [] for g in group_ids}
    if group_ids:
        query = (
            select(Server.group_id, Server.id)
            .where(Server.group_id.in_(group_ids), Server.deleted.is_(False))
            .order_by(Server.created_at)
        )
        for group, server in session.execute(query):
            members[str(group)].append(server)
    return members


def counts_by_host(session: Session) -> dict[str, tuple[int, int]]:
    "host -> (servers, servers that something is being done to)."
    query = (
        select(Server.host, func.count(), func.count(Server.task_state))
        .where(Server.deleted.is_(False), Server.host.is_not(None))
        .group_by(Server.host)
    )
    return {str(r[0]): (r[1], r[2]) for r in session.execute(query)}


def of_hosts(session: Session, hosts: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    "host -> [(id, name)] of its servers."
    out: dict[str, list[tuple[str, str]]] = {h: [] for h in hosts}
    query = (
        select(Server.host, Server.id, Server.name)
        .where(Server.host.in_(hosts), Server.deleted.is_(False))
        .order_by(Server.created_at)
    )
    for host, server_id, name in session.execute(query):
        out[str(host)].append((server_id, name))
    return out


def by_port(session: Session, port_id: str) -> Server | None:
    "The server that has the port."
    query = select(Server).where(
        Server.deleted.is_(False), type_coerce(Server.nics, Text).contains(port_id, autoescape=True)
    )
    return session.scalars(query).first()


def by_address(session: Session, address: str) -> list[Server]:
    "Servers with this exact address, on whatever network."
    query = select(Server).where(
        Server.deleted.is_(False), Server.ips.contains(address, autoescape=True)
    )
    return [s for s in session.scalars(query) if address in s.ips.split("\n")]


def used_between(
    session: Session, start: datetime, end: datetime, project_id: str | None = None
) -> list[Server]:
    "Servers, deleted ones too, that ran at some time between `start` and `end`."
    query = select(Server).where(
        Server.launched_at.is_not(None),
        Server.launched_at < end,
        or_(Server.terminated_at.is_(None), Server.terminated_at >= start),
    )
    if project_id:
        query = query.where(Server.project_id == project_id)
    return list(session.scalars(query.order_by(Server.project_id, Server.launched_at, Server.id)))


def tags_of(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    "Tags of many servers at once."
    out: dict[str, list[str]] = {i: [] for i in ids}
    if ids:
        query = select(ServerTag).where(ServerTag.server_id.in_(ids)).order_by(ServerTag.tag)
        for row in session.scalars(query):
            out[row.server_id].append(row.tag)
    return out


def set_tags(session: Session, server_id: str, tags: Iterable[str]) -> None:
    "Make the tags exactly these."
    session.execute(delete(ServerTag).where(ServerTag.server_id == server_id))
    session.add_all(ServerTag(server_id=server_id, tag=t) for t in dict.fromkeys(tags))


def devices_of(session: Session, ids: Sequence[str]) -> dict[str, list[BlockDevice]]:
    "Block devices of many servers at once, in order."
    out: dict[str, list[BlockDevice]] = {i: [] for i in ids}
    if ids:
        query = (
            select(BlockDevice)
            .where(BlockDevice.server_id.in_(ids))
            .order_by(BlockDevice.position, BlockDevice.created_at)
        )
        for row in session.scalars(query):
            out[row.server_id].append(row)
    return out


def volumes_of(session: Session, ids: Sequence[str]) -> dict[str, list[BlockDevice]]:
    "The same, only what has a volume."
    return {k: [d for d in v if d.volume_id] for k, v in devices_of(session, ids).items()}


def touch(session: Session, server_id: str, **values: Any) -> int:
    "Set columns of one server; returns how many rows that was."
    values.setdefault("updated_at", now())
    result = session.execute(update(Server).where(Server.id == server_id).values(**values))
    return int(result.rowcount)  # type: ignore[attr-defined]


def forget(session: Session, before: datetime, limit: int = 200) -> int:
    "Drop rows of servers deleted before `before`, with all that hangs on them."
    ids = list(
        session.scalars(
            select(Server.id)
            .where(Server.deleted.is_(True), Server.deleted_at < before)
            .limit(limit)
        )
    )
    if ids:
        session.execute(delete(Server).where(Server.id.in_(ids)))
    return len(ids)


def set_device(session: Session, uuid: str, **values: Any) -> None:
    "Set columns of one block device."
    session.execute(
        update(BlockDevice)
        .where(BlockDevice.uuid == uuid)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def without_job(session: Session, before: datetime) -> list[Server]:
    "Servers in the middle of something since `before` that no open job is for."
    open_job = select(Job.id).where(Job.server_id == Server.id, Job.state.in_(("ready", "waiting")))
    query = select(Server).where(
        Server.deleted.is_(False),
        Server.updated_at < before,
        ~open_job.exists(),
        or_(Server.task_state.is_not(None), Server.vm_state == "building"),
    )
    return list(session.scalars(query.limit(100)))


def after(session: Session, server_id: str, limit: int) -> list[str]:
    "Ids of servers that are not deleted and have ports, in order of their ids, after `server_id`."
    query = select(Server.id).where(
        Server.deleted.is_(False), Server.id > server_id, Server.ips != ""
    )
    return list(session.scalars(query.order_by(Server.id).limit(limit)))


def resting_since(session: Session, vm_state: str, before: datetime) -> list[Server]:
    "Servers that are in a state since `before` with nothing being done to them."
    query = select(Server).where(
        Server.deleted.is_(False),
        Server.vm_state == vm_state,
        Server.task_state.is_(None),
        Server.updated_at < before,
    )
    return list(session.scalars(query.limit(100)))


def set_root_image(session: Session, server_id: str, image_id: str) -> None:
    "The image of the local root disk."
    session.execute(
        update(BlockDevice)
        .where(
            BlockDevice.server_id == server_id,
            BlockDevice.boot_index == 0,
            BlockDevice.destination_type == "local",
        )
        .values(image_id=image_id)
    )


def device_of_volume(session: Session, volume_id: str) -> BlockDevice | None:
    "A block device that has the volume."
    return session.scalars(select(BlockDevice).where(BlockDevice.volume_id == volume_id)).first()


def mark_attached(session: Session, server_id: str) -> None:
    "Every device of a server is in the guest."
    session.execute(
        update(BlockDevice)
        .where(BlockDevice.server_id == server_id)
        .values(attached=True)
        .execution_options(synchronize_session=False)
    )
