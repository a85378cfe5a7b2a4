"""Containers, and the objects in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, delete, literal, select, type_coerce, union_all, update
from sqlalchemy.orm import Session

from objectstore.store import listing
from objectstore.store.models import Change, Container, Object, Version


def get(session: Session, account: str, name: str, lock: bool = False) -> Container | None:
    """The container, if it exists; with `lock` nobody else changes it or its objects until the
    transaction ends."""
    statement = select(Container).where(Container.account == account, Container.name == name)
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement).first()


def by_id(session: Session, container_id: int) -> Container | None:
    "The container with that id."
    return session.get(Container, container_id)


def with_sync(session: Session) -> list[Container]:
    "Containers that have something to synchronise."
    ids = select(Change.container_id).distinct()
    return list(session.scalars(select(Container).where(Container.id.in_(ids))))


def add(session: Session, account: str, name: str, now: int, policy: int) -> Container:
    "A new, empty container."
    container = Container(
        account=account,
        name=name,
        created=now,
        changed=now,
        policy=policy,
        objects=0,
        bytes=0,
        version_objects=0,
        version_bytes=0,
        meta={},
        sysmeta={},
    )
    session.add(container)
    session.flush()
    return container


def count(
    session: Session,
    container_id: int,
    now: int,
    objects: int,
    size: int,
    versions: int = 0,
    version_size: int = 0,
) -> None:
    "Add to the totals."
    session.execute(
        update(Container)
        .where(Container.id == container_id)
        .values(
            changed=now,
            objects=Container.objects + objects,
            bytes=Container.bytes + size,
            version_objects=Container.version_objects + versions,
            version_bytes=Container.version_bytes + version_size,
        ),
        execution_options={"synchronize_session": False},
    )


def remove(session: Session, container: Container) -> None:
    "Forget an empty container."
    session.execute(delete(Change).where(Change.container_id == container.id))
    session.delete(container)


_COLUMNS = ("name", "size", "etag", "content_type", "ts", "kind")


def _columns(table: Any) -> list[Any]:
    return [
        *(getattr(table, c) for c in _COLUMNS),
        type_coerce(table.sysmeta, Text),
        table.version_id,
    ]


_OBJECTS = select(*_columns(Object))


def objects(session: Session, container_id: int, query: listing.Query) -> list[Any]:
    "Rows (name, size, etag, content_type, ts, kind, sysmeta as text, version_id) and Subdirs."
    return listing.read(
        session, _OBJECTS.where(Object.container_id == container_id), Object.__table__.c.name, query
    )


def versions(
    session: Session, container_id: int, query: listing.Query, version_marker: str = ""
) -> list[Any]:
    """Like `objects`, with every version of every name, the newest first, and whether it is the
    latest as the ninth
    column. With `version_marker` the listing begins inside the name that is the marker."""
    current = select(*_columns(Object), literal(True).label("latest")).where(
        Object.container_id == container_id
    )
    older = select(*_columns(Version), Version.latest).where(Version.container_id == container_id)
    both = union_all(current, older).subquery()
    name, ts = both.c.name, both.c.ts
    rows: list[Any] = []
    if version_marker and query.marker:
        same = session.execute(select(both).where(name == query.marker).order_by(ts.desc())).all()
        ids = [row[7] or "null" for row in same]
        if version_marker in ids:
            rows = list(same[ids.index(version_marker) + 1 :])
    # a page of names could cut a name's versions in two only at the limit, where the marker pair
    # takes over
    statement = select(both)
    found = (
        listing.read(session, _Ordered(statement, ts), name, query)
        if len(rows) < query.limit
        else []
    )
    return (rows + found)[: query.limit]


class _Ordered:
    "A select whose rows with the same name come newest first."

    def __init__(self, statement: Any, ts: Any) -> None:
        self._statement, self._ts = statement, ts

    def where(self, *clauses: Any) -> _Ordered:
        return _Ordered(self._statement.where(*clauses), self._ts)

    def order_by(self, *clauses: Any) -> Any:
        return self._statement.order_by(*clauses, self._ts.desc())
