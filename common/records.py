"""Rows of a list as plain records: what is only shown needs no entity.

An ORM entity costs several times its row (instrumented attributes, identity map, state), and a list
of a thousand of them is what dashboards and automation ask for all day. The columns and the
relations are those of the mapped classes, so that a view cannot tell a record from an entity.

SQLite's driver lets go of the interpreter for each row, and where other threads wait for it, each
row costs two switches between threads: with eight lists at once more than everything else together.
SQLite makes one JSON text of many rows therefore, and lets go once (docs/design.md).
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Float,
    LargeBinary,
    Numeric,
    Select,
    bindparam,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import Mapper, Session, joinedload, selectinload

from common import cpus
from common.db import past_orm

_CHUNK = 500
"Keys in one statement: databases take many more, but parsing a longer one gains nothing."
_MANY = 20
"Keys from which on SQLite is asked for one text."


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


def plain_rows(session: Session, statement: Select[Any], model: Any) -> list[Any]:
    """Rows of what `statement` selects of `model` that have its columns as attributes, and nothing
    else: no relations, no properties. A third cheaper than `fetch`, for lists of simple things."""
    mapper: Mapper[Any] = inspect(model)
    return list(map(_tuple_of(mapper)._make, _rows(session, statement, mapper)))


def makes_json(session: Session, model: Any) -> bool:
    """Whether the database makes JSON of rows of `model` (`as_json`): SQLite does, unless a column
    has values that JSON changes."""
    return _fits_json(past_orm(session), inspect(model))


def as_json(statement: Select[Any], model: Any, item: Callable[[Any], Any]) -> Select[Any]:
    """A statement for the JSON array of what `statement` selects of `model`: `item` is given the
    columns of a row and says what stands for it, an expression of SQL."""
    columns = [column.label(key) for key, column in _columns(inspect(model))]
    page = statement.with_only_columns(*columns).limit(-1).subquery().c
    return select(func.json_group_array(item(page)))


@functools.cache
def _tuple_of(mapper: Mapper[Any]) -> Any:
    return collections.namedtuple(  # noqa: PYI024 its fields are known when it runs
        f"{mapper.class_.__name__}Row", [key for key, _ in _columns(mapper)]
    )


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
    return _made(mapper, [key for key, _ in _columns(mapper)], _rows(session, statement, mapper))


def _rows(session: Session, statement: Select[Any], mapper: Mapper[Any]) -> Iterable[Any]:
    "The values of the mapper's columns, a sequence for each row, in the statement's order."
    connection = past_orm(session)
    columns = [column.label(key) for key, column in _columns(mapper)]
    narrow = statement.with_only_columns(*columns)
    if not _fits_json(connection, mapper):
        return connection.execute(narrow)
    if narrow._limit_clause is None:
        narrow = narrow.limit(-1)  # without a limit SQLite may drop the order of a subquery
    with cpus.Anywhere():
        text = connection.execute(_as_text(narrow)).scalar_one()
    return _from_text(text, mapper, connection)


def _fits_json(connection: Connection, mapper: Mapper[Any]) -> bool:
    return connection.dialect.name == "sqlite" and _is_exact(mapper)


@functools.cache
def _is_exact(mapper: Mapper[Any]) -> bool:
    "Whether JSON keeps every value: SQLite prints 15 digits of a float, and no bytes at all."
    return not any(
        isinstance(column.type, Float | Numeric | LargeBinary) for _, column in _columns(mapper)
    )


def _as_text(statement: Select[Any]) -> Select[Any]:
    "The rows of a statement as one JSON array of arrays (sqlite.org/json1.html)."
    return select(func.json_group_array(func.json_array(*statement.subquery().c)))


def _from_text(text: str, mapper: Mapper[Any], connection: Connection) -> list[list[Any]]:
    rows: list[list[Any]] = orjson.loads(text)
    for position, parse in _parsers(mapper, connection.dialect):
        for row in rows:
            row[position] = parse(row[position])
    return rows


@functools.cache
def _parsers(mapper: Mapper[Any], dialect: Any) -> list[tuple[int, Any]]:
    "What makes Python's value of the database's, for the columns that need it."
    found = [
        (n, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for n, (_, column) in enumerate(_columns(mapper))
    ]
    return [(n, parse) for n, parse in found if parse is not None]


def _made(mapper: Mapper[Any], keys: list[str], rows: Iterable[Any]) -> list[Record]:
    record = _kind(mapper)
    return [record(dict(zip(keys, row, strict=True))) for row in rows]


@functools.cache
def _statement(mapper: Mapper[Any], column: Any, relation: Any, as_text: bool) -> Any:
    "The statement of `_among`: built once, that is half of the cost of a short one."
    wanted: Any = bindparam("wanted", expanding=True)
    columns = [each.label(key) for key, each in _columns(mapper)]
    statement = select(*columns).where(column.in_(wanted))
    if relation is not None and relation.order_by:
        statement = statement.order_by(*relation.order_by)
    return _as_text(statement.limit(-1)) if as_text else statement


def _among(
    session: Session, mapper: Mapper[Any], column: Any, relation: Any, keys: Iterable[Any]
) -> list[Record]:
    wanted, found = sorted(set(keys)), []
    names = [key for key, _ in _columns(mapper)]
    connection = past_orm(session)
    as_text = len(wanted) >= _MANY and _fits_json(connection, mapper)
    statement = _statement(mapper, column, relation, as_text)
    for start in range(0, len(wanted), _CHUNK):
        values = {"wanted": wanted[start : start + _CHUNK]}
        if as_text:
            with cpus.Anywhere():
                text = connection.execute(statement, values).scalar_one()
            rows: Iterable[Any] = _from_text(text, mapper, connection)
        else:
            rows = connection.execute(statement, values)
        found += _made(mapper, names, rows)
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
