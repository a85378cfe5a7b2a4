"""Transactions: committed or not at all, writers in a queue, actions only after the commit."""

import datetime
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import MetaData, String, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from common import db
from common.errors import Unavailable
from tests.support import database_url

REPO = Path(__file__).parents[3]


class Model(db.Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=db.NAMING)


class Counter(Model):
    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int]
    at: Mapped[datetime.datetime | None] = mapped_column(db.UTCDateTime)
    extra: Mapped[dict | None] = mapped_column(db.Json)


@pytest.fixture
def database(tmp_path):
    database = db.Database(database_url(tmp_path, "test"))
    Model.metadata.create_all(database.engine)
    yield database
    database.dispose()


def test_values_come_back_as_they_went_in(database):
    moment = datetime.datetime(
        2026, 2, 3, 4, 5, 6, 789012, tzinfo=datetime.timezone(datetime.timedelta(hours=2))
    )
    with database.write() as s:
        s.add(Counter(name="ä" * 64, value=1, at=moment, extra={"a": [1, None, "☃"]}))
    with database.read() as s:
        row = s.scalars(select(Counter)).one()
    assert (row.name, row.at, row.extra) == ("ä" * 64, moment, {"a": [1, None, "☃"]})
    assert row.at.tzinfo is datetime.UTC


def test_a_naive_time_is_refused(database):
    with pytest.raises(Exception, match="naive"), database.write() as s:
        s.add(Counter(name="x", value=1, at=datetime.datetime(2026, 1, 1)))


def test_an_exception_undoes_everything_and_runs_nothing(database):
    ran = []
    with pytest.raises(ZeroDivisionError), database.write() as s:
        s.add(Counter(name="x", value=1))
        db.after_commit(s, lambda: ran.append(1))
        s.flush()
        raise ZeroDivisionError
    with database.read() as s:
        assert s.scalars(select(Counter)).all() == []
    assert ran == []


def test_actions_run_after_the_commit_and_see_it(database):
    seen = []

    def look():
        with database.read() as s:
            seen.append(s.get(Counter, "x").value)

    with database.write() as s:
        s.add(Counter(name="x", value=7))
        db.after_commit(s, look)
        assert seen == []
    assert seen == [7]


def test_32_writers_lose_no_update(database):
    with database.write() as s:
        s.add(Counter(name="x", value=0))

    def work(session):
        session.get(Counter, "x", with_for_update=True).value += 1

    def writer():
        for _ in range(5):
            database.transact(work)

    threads = [threading.Thread(target=writer) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as s:
        assert s.get(Counter, "x").value == 160


def test_a_server_that_is_away_is_a_503():
    away = db.Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(Unavailable), away.read() as s:
        s.scalars(select(Counter)).all()


def test_single_statements_see_each_what_is_committed(database):
    value = select(Counter.value).where(Counter.name == "a")
    with database.once() as one:
        assert one.execute(value).scalar() is None
    with database.write() as s:
        s.add(Counter(name="a", value=1))
    with database.once() as one:
        assert one.execute(value).scalar() == 1
        with database.write() as s:
            s.get(Counter, "a").value = 2
        assert one.execute(value).scalar() == 2


def test_single_statements_go_on_after_one_that_failed(database):
    with pytest.raises(DBAPIError), database.once() as one:
        one.execute(text("SELECT * FROM nothing_here"))
    with pytest.raises(LookupError), database.once() as one:
        raise LookupError
    with database.once() as one:
        assert one.execute(select(Counter.value)).all() == []
    with ThreadPoolExecutor(32) as pool:
        work = list(pool.map(lambda _: _count(database), range(320)))
    assert work == [0] * 320


def _count(database):
    with database.once() as one:
        return len(one.execute(select(Counter.value)).all())


_OTHER = """
import sys, time
from sqlalchemy import text
from common.db import Database
database = Database(sys.argv[1])
print("ready", flush=True)
while True:
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = value + 1 WHERE name = 'other'"))
        time.sleep(0.02)
"""


@pytest.fixture
def other(tmp_path):
    "A process that writes to a database all the time, and that database."
    url = f"sqlite:///{tmp_path}/shared.sqlite"
    database = db.Database(url)
    Model.metadata.create_all(database.engine)
    with database.write() as s:
        s.add(Counter(name="other", value=0))
        s.add(Counter(name="here", value=0))
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER, url], cwd=REPO, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process, database
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        database.dispose()


def test_processes_take_turns(other):
    _, database = other
    before = _value(database, "other")
    for _ in range(20):
        with database.write() as s:
            s.get(Counter, "here").value += 1
    turns = _value(database, "other") - before
    assert 5 <= turns <= 100, "SQLite's own waiters sleep while the other goes on and on"
    assert _value(database, "here") == 20


def test_a_process_that_is_killed_holds_nobody_up(other):
    process, database = other
    with database.write():
        pass  # the other is in its turn now, or about to be
    time.sleep(0.01)
    process.kill()
    began = time.monotonic()
    with database.write() as s:
        s.get(Counter, "here").value += 1
    assert time.monotonic() - began < 1


def test_without_a_file_for_it_processes_still_queue(tmp_path):
    (tmp_path / "shared.sqlite-turn").mkdir()
    database = db.Database(f"sqlite:///{tmp_path}/shared.sqlite")
    Model.metadata.create_all(database.engine)
    with database.write() as s:
        s.add(Counter(name="x", value=1))
    assert _value(database, "x") == 1
    database.dispose()


def _value(database, name):
    with database.once() as one:
        return one.execute(select(Counter.value).where(Counter.name == name)).scalar()
