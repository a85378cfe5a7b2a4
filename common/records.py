"""Rows of a list as plain records: what is only shown needs no entity.

An ORM entity costs several times its row (instrumented attributes, identity map, state), and a list
of a thousand of them is what dashboards and automation ask for all day. The columns and the
relations are those of the mapped classes, so that a view cannot tell a record from an entity.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Mapper, Session, joinedload, selectinload

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


def _records(session: Session, statement: Select[Any], mapper: Mapper[Any]) -> list[Record]:
    columns = [(p.key, p.columns[0]) for p in mapper.column_attrs]
    keys = [key for key, _ in columns]
    rows = session.execute(statement.with_only_columns(*(c for _, c in columns)))
    record = _kind(mapper)
    return [record(dict(zip(keys, row, strict=True))) for row in rows]


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
        wanted = list({r.__dict__[key] for r in records} - {None})
        others: list[Record] = []
        for start in range(0, len(wanted), _CHUNK):
            statement = select(relation.mapper.local_table).where(
                remote.in_(wanted[start : start + _CHUNK])
            )
            if relation.order_by:
                statement = statement.order_by(*relation.order_by)
            others += _records(session, statement, relation.mapper)
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
