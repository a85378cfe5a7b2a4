"""Rows of a list as plain records: what is only shown needs no entity.

An ORM entity costs several times its row (instrumented attributes, identity map, state), and a list
of a thousand of them is what dashboards and automation ask for all day. The columns and the
relations are those of the mapped classes, so that a view cannot tell a record from an entity.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Mapper, Session, joinedload, selectinload

from common.db import past_orm

_CHUNK = 500
"Keys in one statement: databases take many more, but parsing a longer one gains nothing."


class Record:
    "A row with its columns, and the relations that were asked for, as attributes."

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__ = values


@functools.cache
def _kind(mapper: Mapper[Any]) -> type[Record]:
    "The records of a mapped class: with its properties, which only look at columns."
    model = mapper.class_
    names = {n: v for c in reversed(model.__mro__) for n, v in vars(c).items()}
    own = {n: v for n, v in names.items() if isinstance(v, property)}
    return type(f"{model.__name__}Record", (Record,), own)


def options(model: Any, paths: Sequence[str]) -> list[Any]:
    "ORM options that load the relations named, like `gateway_port.allocations`, with an entity."
    found = []
    for path in paths:
        mapper, loaded = inspect(model), None
        for name in path.split("."):
            relation = mapper.relationships[name]
            attribute = getattr(mapper.class_, name)
            step = selectinload if relation.uselist else joinedload
            loaded = getattr(loaded, step.__name__)(attribute) if loaded else step(attribute)
            mapper = relation.mapper
        found.append(loaded)
    return found


def fetch(
    session: Session, statement: Select[Any], model: Any, paths: Sequence[str] = ()
) -> list[Record]:
    """Records of what `statement` selects of `model`, in its order, with the relations in `paths`:
    one statement for the rows, one for each relation and 500 rows."""
    mapper: Mapper[Any] = inspect(model)
    found = _records(session, statement, mapper)
    if found:
        _relate(session, found, mapper, paths)
    return found


def columns_of(statement: Select[Any], model: Any) -> Select[Any]:
    "What `statement` selects of `model` as columns, for `first`; to be kept by who runs it often."
    return statement.with_only_columns(*(c for _, c in _columns(inspect(model))))


def first(
    session: Session,
    statement: Select[Any],
    values: dict[str, Any],
    model: Any,
    paths: Sequence[str] = (),
) -> Record | None:
    "A record of the first row of a statement made by `columns_of`, or None."
    mapper: Mapper[Any] = inspect(model)
    row = past_orm(session).execute(statement, values).first()
    if row is None:
        return None
    found = _made(mapper, [key for key, _ in _columns(mapper)], [row])
    _relate(session, found, mapper, paths)
    return found[0]


def among(
    session: Session, column: Any, keys: Iterable[Any], paths: Sequence[str] = ()
) -> list[Record]:
    """Records of the rows in which `column` (like `Port.id`) is one of `keys`, with the relations
    in `paths`; their order says nothing."""
    mapper: Mapper[Any] = column.parent
    found = _among(session, mapper, column.property.columns[0], None, keys)
    if found:
        _relate(session, found, mapper, paths)
    return found


def _columns(mapper: Mapper[Any]) -> list[tuple[str, Any]]:
    return [(p.key, p.columns[0]) for p in mapper.column_attrs]


def _records(session: Session, statement: Select[Any], mapper: Mapper[Any]) -> list[Record]:
    columns = _columns(mapper)
    rows = session.execute(statement.with_only_columns(*(c for _, c in columns)))
    return _made(mapper, [key for key, _ in columns], rows)


def _made(mapper: Mapper[Any], keys: list[str], rows: Iterable[Any]) -> list[Record]:
    record = _kind(mapper)
    return [record(dict(zip(keys, row, strict=True))) for row in rows]


@functools.cache
def _statement(mapper: Mapper[Any], column: Any, relation: Any) -> tuple[list[str], Any]:
    "The keys and the statement of `_among`: built once, it is half of the cost of a short one."
    columns = _columns(mapper)
    wanted: Any = bindparam("wanted", expanding=True)
    statement = select(*(c for _, c in columns)).where(column.in_(wanted))
    if relation is not None and relation.order_by:
        statement = statement.order_by(*relation.order_by)
    return [key for key, _ in columns], statement


def _among(
    session: Session, mapper: Mapper[Any], column: Any, relation: Any, keys: Iterable[Any]
) -> list[Record]:
    wanted, found = sorted(set(keys)), []
    names, statement = _statement(mapper, column, relation)
    for start in range(0, len(wanted), _CHUNK):
        part = {"wanted": wanted[start : start + _CHUNK]}
        found += _made(mapper, names, past_orm(session).execute(statement, part))
    return found


def _relate(
    session: Session, records: list[Record], mapper: Mapper[Any], paths: Sequence[str]
) -> None:
    below: dict[str, list[str]] = {}
    for path in paths:
        first, _, deeper = path.partition(".")
        below.setdefault(first, []).extend([deeper] if deeper else [])
    for name, rest in below.items():
        relation = mapper.relationships[name]
        ((local, remote),) = relation.local_remote_pairs
        key = mapper.get_property_by_column(local).key
        there = relation.mapper.get_property_by_column(remote).key
        wanted = {r.__dict__[key] for r in records} - {None}
        others = _among(session, relation.mapper, remote, relation, wanted) if wanted else []
        if others:
            _relate(session, others, relation.mapper, rest)
        if relation.uselist:
            groups: dict[Any, list[Record]] = {r.__dict__[key]: [] for r in records}
            for other in others:
                groups[other.__dict__[there]].append(other)
            for record in records:
                record.__dict__[name] = groups[record.__dict__[key]]
        else:
            by_key = {o.__dict__[there]: o for o in others}
            for record in records:
                record.__dict__[name] = by_key.get(record.__dict__[key])
