"""Statements that are asked all day, past SQLAlchemy where the database is SQLite.

Building, running and reading a small statement through SQLAlchemy takes ten times what SQLite needs
for it (docs/performance-identity.md). A `Lookup` or a `Write` is compiled once, and given to the
driver: in the transaction of a session, or, for lookups by themselves, over a connection that each
thread keeps. The types of the columns and of the parameters are those of the statement, so that
callers cannot tell; listeners for statements hear of it too.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from common.db import Database, past_orm
from common.sqlite import sqlite3

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


class _Statement:
    "A statement, and its text for SQLite."

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
            for n, column in enumerate(getattr(self.statement, "selected_columns", ()))
            if (process := column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
            is not None
        ]
        names = list(compiled.positiontup or ())
        fixed = {n: v for n, v in compiled.params.items() if not compiled.binds[n].required}
        return _Form(str(compiled), names, fixed, sent, read)

    def _ask(self, driver: Any, engine: Any, values: Mapping[str, Any]) -> Any:
        "The driver's cursor. Raises what SQLAlchemy raises for the driver's errors."
        form = self._form
        given = {**form.fixed, **values}
        arguments = [form.sent[n](given[n]) if n in form.sent else given[n] for n in form.names]
        for listener in engine.dispatch.before_cursor_execute:
            listener(None, None, form.sql, tuple(arguments), None, False)
        try:
            return driver.execute(form.sql, arguments)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                form.sql, arguments, error, sqlite3.Error, dialect=_DIALECT
            ) from error


def _driver(session: Session) -> Any:
    """The driver's connection under the transaction of a session; None where the database is not
    SQLite. What the session has yet to write is written before, see `past_orm`."""
    if session.autoflush and (session.new or session.dirty or session.deleted):
        session.flush()
    known = session.info.get("driver")
    if known is None or known[0] is not session.get_transaction():
        connection = session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.driver_connection if is_sqlite else None
        # with its transaction: the next one of the session may be over another connection
        known = session.info["driver"] = (session.get_transaction(), driver)
    return known[1]


class Write(_Statement):
    "An insert, update or delete, for one row. An insert gets a value for every column."

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        "How many rows it was."
        driver = _driver(session)
        if driver is None:
            result: Any = past_orm(session).execute(self.statement, dict(values))
            return int(result.rowcount)
        return int(self._ask(driver, session.get_bind(), values).rowcount)


class Lookup(_Statement):
    "A statement for few rows, asked often. Its lists of parameters cannot be `expanding`."

    @functools.cached_property
    def _record(self) -> Any:
        names = [column.key for column in self.statement.selected_columns]
        made: Any = collections.namedtuple
        return made("Row", names)._make

    def rows(self, on: On, values: Mapping[str, Any]) -> list[Any]:
        "The rows, as sequences of the columns' values."
        engine: Any
        if isinstance(on, Database):
            driver, engine = on.own_reader(), on.engine
            if driver is None:
                with on.once() as connection:
                    return list(connection.execute(self.statement, dict(values)))
        elif isinstance(on, Session):
            driver, engine = _driver(on), on.get_bind()
            if driver is None:
                return list(past_orm(on).execute(self.statement, dict(values)))
        else:
            return list(on.execute(self.statement, dict(values)))
        rows = self._ask(driver, engine, values).fetchall()
        return [self._read(row) for row in rows] if self._form.read else rows

    def _read(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for position, process in self._form.read:
            values[position] = process(values[position])
        return values

    def first(self, on: On, values: Mapping[str, Any]) -> Any:
        "The first row, or None."
        rows = self.rows(on, values)
        return rows[0] if rows else None

    def record(self, on: On, values: Mapping[str, Any]) -> Any:
        "The first row with the columns' names as attributes, or None."
        row = self.first(on, values)
        return None if row is None else self._record(row)
