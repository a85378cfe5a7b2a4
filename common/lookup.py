"""Statements that are asked all day, past SQLAlchemy where the database is SQLite.

Building, running and reading a small statement through SQLAlchemy takes ten times what SQLite needs
for it (docs/performance-identity.md). A `Lookup` is compiled once, and asked over a connection that
each thread keeps. The types of the columns and of the parameters are those of the statement, so
that callers cannot tell; listeners for statements hear of it too.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import Session

from common.db import Database, past_orm

On = Session | Connection | Database
"Where a lookup is asked: in a transaction, or by itself."
_DIALECT = SQLiteDialect_pysqlite()


class _Form(NamedTuple):
    "The statement as SQLite is told it."

    sql: str
    names: list[str]
    """Of the parameters, in their order."""
    fixed: dict[str, Any]
    """Values that are part of the statement."""
    sent: dict[str, Any]
    """What makes the database's value of Python's, by parameter."""
    read: list[tuple[int, Any]]
    """And the other way round, by column; only where there is something to do."""


class Lookup:
    "A statement for few rows, asked often. Its lists of parameters cannot be `expanding`."

    def __init__(self, statement: Any) -> None:
        self.statement = statement

    @functools.cached_property
    def _form(self) -> _Form:
        compiled = self.statement.compile(dialect=_DIALECT)
        sent = {
            name: process
            for name, bound in compiled.binds.items()
            if (process := bound.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) is not None
        }
        read = [
            (n, process)
            for n, column in enumerate(self.statement.selected_columns)
            if (process := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
            is not None
        ]
        names = list(compiled.positiontup or ())
        return _Form(str(compiled), names, dict(compiled.params), sent, read)

    def rows(self, on: On, values: Mapping[str, Any]) -> list[Any]:
        "The rows, as sequences of the columns' values."
        if not isinstance(on, Database):
            connection = on if isinstance(on, Connection) else past_orm(on)
            return list(connection.execute(self.statement, dict(values)))
        own = on.own_reader()
        if own is None:
            with on.once() as connection:
                return list(connection.execute(self.statement, dict(values)))
        form = self._form
        given = {**form.fixed, **values}
        arguments = [form.sent[n](given[n]) if n in form.sent else given[n] for n in form.names]
        for listener in on.engine.dispatch.before_cursor_execute:
            listener(None, None, form.sql, tuple(arguments), None, False)
        rows = own.execute(form.sql, arguments).fetchall()
        return [self._read(row) for row in rows] if form.read else rows

    def _read(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for position, process in self._form.read:
            values[position] = process(values[position])
        return values

    def first(self, on: On, values: Mapping[str, Any]) -> Any:
        "The first row, or None."
        rows = self.rows(on, values)
        return rows[0] if rows else None
