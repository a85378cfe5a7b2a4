"""Containers, and the objects in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Text,
    bindparam,
    delete,
    func,
    literal,
    select,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from common import cpus, records
from common.lookup import Lookup, Write
from objectstore.store import listing
from objectstore.store.models import Change, Container, Object, Version

_C: Any = Container.__table__
_GET = select(Container).where(
    Container.account == bindparam("a"), Container.name == bindparam("n")
)
_GET_LOCKED = _GET.with_for_update()
_ROW_LOCKED = Lookup(records.columns_of(_GET_LOCKED, Container))
_COUNT = Write(
    update(_C)
    .where(_C.c.id == bindparam("container"))
    .values(
        changed=bindparam("now"),
        objects=_C.c.objects + bindparam("more"),
        bytes=_C.c.bytes + bindparam("size"),
        version_objects=_C.c.version_objects + bindparam("more_versions"),
        version_bytes=_C.c.version_bytes + bindparam("version_size"),
    )
)


def get(session: Session, account: str, name: str, lock: bool = False) -> Container | None:
    """The container, if it exists; with `lock` nobody else changes it or its objects until the
    transaction ends."""
    return session.scalars(_GET_LOCKED if lock else _GET, {"a": account, "n": name}).first()


def locked(session: Session, account: str, name: str) -> Any:
    """What every change of an object needs of its container: a record of it, or None, with the
    lock of `get`. To be read only."""
    return _ROW_LOCKED.record(session, {"a": account, "n": name})


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
    _COUNT.run(
        session,
        {
            "container": container_id,
            "now": now,
            "more": objects,
            "size": size,
            "more_versions": versions,
            "version_size": version_size,
        },
    )


def remove(session: Session, container: Container) -> None:
    "Forget an empty container."
    session.execute(delete(Change).where(Change.container_id == container.id))
    session.delete(container)


_COLUMNS = ("name", "size", "etag", "content_type", "ts", "kind")


def _columns(table: Any) -> list[Any]:
    # of the table, not of the class: the ORM's rows cost a listing as much as reading it does
    return [*(table.c[c] for c in _COLUMNS), type_coerce(table.c.sysmeta, Text), table.c.version_id]


_O: Any = Object.__table__
_V: Any = Version.__table__
_OBJECTS = select(*_columns(_O))


def objects(session: Session, container_id: int, query: listing.Query) -> list[Any]:
    "Rows (name, size, etag, content_type, ts, kind, sysmeta as text, version_id) and Subdirs."
    return listing.read(
        session, _OBJECTS.where(_O.c.container_id == container_id), _O.c.name, query
    )


_NAMES = select(_O.c.name)


def names(session: Session, container_id: int, query: listing.Query) -> list[str]:
    "Names alone, of objects and of subdirectories: the index has them all."
    rows = listing.read(session, _NAMES.where(_O.c.container_id == container_id), _O.c.name, query)
    return [row.name for row in rows]


def names_as_text(session: Session, container_id: int, query: listing.Query) -> str | None:
    """The names that `names` has, a line each, put together where they are. None where that is
    not possible: databases other than SQLite, subdirectories."""
    if session.get_bind().dialect.name != "sqlite" or query.delimiter or query.path is not None:
        return None
    rows = _NAMES.where(_O.c.container_id == container_id)
    page = listing.window(rows, _O.c.name, query).subquery().c
    text: str | None = session.execute(select(func.group_concat(page.name, "\n"))).scalar_one()
    return f"{text}\n" if text else ""


_PLAIN = select(*(_O.c[name] for name in _COLUMNS))


def objects_as_json(
    session: Session, container_id: int, query: listing.Query, ticks: int
) -> str | None:
    """The JSON of a listing, made where the rows are: reading ten thousand rows into Python and
    writing them as JSON takes more than twice as long. None where that is not possible: databases
    other than SQLite, subdirectories, objects that are listed in another way (manifests, links).
    `ticks` is how many units of `ts` a second has."""
    if session.get_bind().dialect.name != "sqlite" or query.delimiter or query.path is not None:
        return None
    rows = _PLAIN.where(_O.c.container_id == container_id)
    page = listing.window(rows, _O.c.name, query).subquery().c
    # the hours by arithmetic: strftime() takes almost half of the time of the whole
    time = func.printf(
        "T%02d:%02d:%02d.%05d0",
        page.ts // (3600 * ticks) % 24,
        page.ts // (60 * ticks) % 60,
        page.ts // ticks % 60,
        page.ts % ticks,
        type_=Text,
    )
    item = func.json_object(
        *("bytes", page.size, "hash", page.etag, "name", page.name),
        *("content_type", page.content_type),
        *("last_modified", func.date(page.ts // ticks, "unixepoch", type_=Text) + time),
    )
    special = func.count(func.nullif(page.kind, ""))
    with cpus.Anywhere():
        text, others = session.execute(select(func.json_group_array(item), special)).one()
    return None if others else text


def versions(
    session: Session, container_id: int, query: listing.Query, version_marker: str = ""
) -> list[Any]:
    """Like `objects`, with every version of every name, the newest first (last in reverse), and
    whether it is the latest as the ninth column. With `version_marker` the listing begins inside
    the name that is the marker."""
    current = select(*_columns(_O), literal(True).label("latest")).where(
        _O.c.container_id == container_id
    )
    older = select(*_columns(_V), _V.c.latest).where(_V.c.container_id == container_id)
    both = union_all(current, older).subquery()
    name, order = both.c.name, both.c.ts if query.reverse else both.c.ts.desc()
    rows: list[Any] = []
    if version_marker and query.marker:
        same = session.execute(select(both).where(name == query.marker).order_by(order)).all()
        ids = [row[7] or "null" for row in same]
        if version_marker in ids:
            rows = list(same[ids.index(version_marker) + 1 :])
    # a page of names could cut a name's versions in two only at the limit, where the marker pair
    # takes over
    found = (
        listing.read(session, _Ordered(select(both), order), name, query)
        if len(rows) < query.limit
        else []
    )
    return (rows + found)[: query.limit]


class _Ordered:
    "A select with an order for the rows of one name."

    def __init__(self, statement: Any, order: Any) -> None:
        self._statement, self._order = statement, order

    def where(self, *clauses: Any) -> _Ordered:
        return _Ordered(self._statement.where(*clauses), self._order)

    def order_by(self, *clauses: Any) -> Any:
        return self._statement.order_by(*clauses, self._order)
