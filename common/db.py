"""Databases: an engine with the right settings, transactions that cannot be forgotten, migrations.

SQLite in WAL mode is the embedded default, PostgreSQL and MariaDB the servers. Only a service's
`store` imports this.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    MetaData,
    Text,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from common.errors import Unavailable
from common.sqlite import sqlite3  # before SQLAlchemy loads the driver

LOG = logging.getLogger(__name__)
T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can drop them on every database."""


class Base(DeclarativeBase):
    "Parent of each service's own `Base`, which brings its own MetaData."

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)

    def __init_subclass__(cls, **options: Any) -> None:
        if cls.__dict__.get("__abstract__") and "metadata" in cls.__dict__:
            # Names of classes are looked up in the registry: each service has its own, so that two
            # of them may have an `Allocation` in one process.
            cls.registry = cls._sa_registry = registry(metadata=cls.metadata)
        super().__init_subclass__(**options)


class UTCDateTime(TypeDecorator[datetime.datetime]):
    "An aware datetime in UTC, microseconds kept on all databases."

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            # Here, because it brings all of that dialect's drivers: 3 MiB in every process.
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: Any
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(
        self, value: datetime.datetime | None, dialect: Any
    ) -> datetime.datetime | None:
        return None if value is None else value.replace(tzinfo=datetime.UTC)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        # SQLite keeps text: one step from it to an aware time instead of three
        return _aware if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _aware(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text + "+00:00")


LONGTEXT_BYTES = 2**32 - 1
"MySQL and MariaDB make a LONGTEXT of a TEXT of this length."


class Json(TypeDecorator[Any]):
    "A JSON value kept as text; replace it to change it (changes inside are not seen)."

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            # what a TEXT of this length would become; named, so that migrations compare it right
            from sqlalchemy.dialects.mysql import LONGTEXT

            return dialect.type_descriptor(LONGTEXT())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return _parsed(value)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return _parsed  # without the two calls around it: lists have thousands of such values


def _parsed(value: str | None) -> Any:
    if value == "[]":  # most columns of most rows
        return []
    if value == "{}":
        return {}
    return None if value is None else json.loads(value)


def utcnow() -> datetime.datetime:
    "Now, aware, in UTC."
    return datetime.datetime.now(datetime.UTC)


STATEMENTS = 128
"""Compiled statements that a process keeps, some 60 KiB each: what is asked all day are a few
dozen; SQLAlchemy's 500 is a tenth of our memory for what was asked once."""


def make_engine(url: str, pool_size: int = 16) -> Engine:
    "An engine for `url` with what each database needs to behave alike."
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=64,
            pool_use_lifo=True,  # the one used last has its pages and statements at hand
            query_cache_size=STATEMENTS,
            connect_args={"timeout": 30, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED"}
    if parsed.get_backend_name() in ("mysql", "mariadb"):
        options["connect_args"] = {
            "charset": "utf8mb4",
            "init_command": "SET SESSION sql_mode='TRADITIONAL,ANSI_QUOTES'",
        }
    return create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=16,
        query_cache_size=STATEMENTS,
        pool_pre_ping=True,
        pool_recycle=1800,
        **options,
    )


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin on its own: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "temp_store=MEMORY",
        "cache_size=-4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that later writes fails at once with "database is locked" when another
    # wrote in
    # between; taking the write lock at the start makes writers queue instead.
    options = connection.get_execution_options()
    if "altostratus_once" not in options:
        write = options.get("altostratus_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class Database:
    """The way of a `core` to its tables. Thread-safe; one for each process.

    Raises `common.errors.Unavailable` where the database cannot be reached.
    """

    def __init__(self, url: str, pool_size: int = 16) -> None:
        self.engine = make_engine(url, pool_size)
        self._writer = self.engine.execution_options(altostratus_write=True)
        self._reader = self.engine.execution_options(altostratus_once=True)
        sqlite = self.engine.dialect.name == "sqlite"
        self._turn: Any = _Turn(self.engine.url.database) if sqlite else _NoLock()
        self._own = threading.local()

    @contextmanager
    def read(self) -> Iterator[Session]:
        "A session for reading one consistent state; never commits."
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            with _translated():
                yield session

    @contextmanager
    def once(self) -> Iterator[Connection]:
        """A connection for single statements that read, each consistent by itself: no session, and
        on SQLite no transaction around it. Half of the CPU of a login's reads was those."""
        with _translated(), self._reader.connect() as connection:
            yield connection

    def own_reader(self) -> sqlite3.Connection | None:
        """This thread's connection of SQLite's driver, for reading only, each statement by itself
        (`common.lookup`); None where the database is another, or only in memory. The pool's handing
        out and taking back cost more than a small statement."""
        known: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if known is None:
            path = self.engine.url.database
            if self.engine.dialect.name != "sqlite" or not path or path == ":memory:":
                return None
            with self._reader.connect():  # makes the file what it is to be, if it is new
                known = sqlite3.connect(path, timeout=30, isolation_level=None)
            for pragma in ("query_only=ON", "cache_size=-512"):
                known.execute(f"PRAGMA {pragma}")
            self._own.connection = known
        return known

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed on leaving the block, rolled back on an exception; then
        `after_commit` runs."""
        with Session(self._writer, expire_on_commit=False) as session:
            with self._turn, _translated(), session.begin():
                yield session
            for action in session.info.pop("after_commit", ()):
                action()

    def transact(self, work: Callable[[Session], T], attempts: int = 5) -> T:
        """`work(session)` in a transaction, again from the start when the database chose it as a
        deadlock's victim."""
        for attempt in range(1, attempts + 1):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == attempts or not is_transient(error):
                    raise
                LOG.info("transaction repeated (%d): %s", attempt, error.orig)
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")

    def dispose(self) -> None:
        "Close all connections, but for those that threads have of their own."
        self.engine.dispose()
        self._own = threading.local()


class _Turn:
    """A queue in front of SQLite's write lock, whose waiters sleep for up to a tenth of a second
    and look again: one lock for the threads of a process, and one on a file beside the database for
    its processes (flock(2), which the kernel lets go of when a process ends)."""

    def __init__(self, database: str | None) -> None:
        in_memory = not database or database == ":memory:" or database.startswith("file:")
        self._path = None if in_memory else f"{database}-turn"
        self._threads = threading.Lock()
        self._file = -1

    def __enter__(self) -> None:
        self._threads.acquire()
        if self._path is None:
            return
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:  # a full disk: SQLite's own lock keeps writers apart
            LOG.debug("no queue of processes for %s: %s", self._path, error)
        except BaseException:
            self._leave()
            raise

    def __exit__(self, *exc: object) -> None:
        self._leave()

    def _leave(self) -> None:
        opened, self._file = self._file, -1
        if opened >= 0:
            os.close(opened)
        self._threads.release()


class _NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if error.connection_invalidated or "connect" in str(error.orig).lower():
            LOG.error("database: %s", error.orig)
            raise Unavailable("The database cannot be reached.") from error
        raise


def is_transient(error: BaseException) -> bool:
    "Whether it is the database's, and the same transaction may well succeed when tried again."
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    number = next(iter(getattr(error.orig, "args", ())), None)
    locked = "database is locked" in str(error.orig)
    return code in ("40001", "40P01") or number in (1205, 1213) or locked


def past_orm(session: Session) -> Connection:
    """The session's connection, for statements that are built once and ask for columns: the ORM
    around a small statement costs more than the statement. What the session has yet to write is
    written before, as it would be for a query of its own."""
    if session.autoflush and (session.new or session.dirty or session.deleted):
        session.flush()
    return session.connection()


def take_turn(session: Session, lock: Any, project_id: str) -> None:
    """Hold a project's row in the table `lock` (project_id, turn) until the transaction ends:
    whoever counts and then adds does it alone. SQLite has one writer anyway."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        return
    # one statement, made or counted on: of two that come first at once the other waits
    more = {"turn": lock.turn + 1}
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        wish = postgresql.insert(lock).values(project_id=project_id, turn=1)
        session.execute(wish.on_conflict_do_update(index_elements=[lock.project_id], set_=more))
    else:
        from sqlalchemy.dialects import mysql

        new = mysql.insert(lock).values(project_id=project_id, turn=1)
        session.execute(new.on_duplicate_key_update(more))


def after_commit(session: Session, action: Callable[[], Any]) -> None:
    """Run `action` once the transaction of `session` (from `Database.write`) has been committed;
    never if it fails."""
    session.info.setdefault("after_commit", []).append(action)


def upgrade(service: str, url: str, revision: str = "head") -> None:
    "Bring the tables of `service` to `revision` with its alembic history."
    from alembic import command

    command.upgrade(_alembic(service, url), revision)


def current_is_head(service: str, url: str) -> bool:
    "Whether the tables are those that this code expects."
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_alembic(service, url)).get_current_head()
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head
    finally:
        engine.dispose()


def _alembic(service: str, url: str) -> Any:
    import importlib

    from alembic.config import Config

    package = importlib.import_module(service)
    assert package.__file__
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option(
        "version_locations", str(Path(package.__file__).parent / "store/migrations/versions")
    )
    config.attributes.update(
        url=url, metadata=importlib.import_module(f"{service}.store.models").Base.metadata
    )
    return config
