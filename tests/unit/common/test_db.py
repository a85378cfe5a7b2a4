"""Transactions: committed or not at all, writers in a queue, actions only after the commit."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import MetaData, String, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from common import db
from common.errors import Unavailable
from tests.support import database_url


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
