"Lookups say what SQLAlchemy would say, whichever way they are asked."

import datetime
import threading

import pytest
from sqlalchemy import String, bindparam, delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

import common.db
from common.db import Database
from common.lookup import Lookup, Write


class Base(common.db.Base):
    __abstract__ = True
    metadata = common.db.MetaData(naming_convention=common.db.NAMING)


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    on: Mapped[bool] = mapped_column()
    more: Mapped[dict] = mapped_column(common.db.Json)
    at: Mapped[datetime.datetime | None] = mapped_column(common.db.UTCDateTime)


NOON = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
COLUMNS = select(Thing.id, Thing.on, Thing.more, Thing.at)
LATER = Lookup(
    COLUMNS.where(
        Thing.at >= bindparam("at", type_=common.db.UTCDateTime), Thing.id != "z"
    ).order_by(Thing.id)
)
ONE = Lookup(COLUMNS.where(Thing.id == bindparam("id")))


@pytest.fixture
def db(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/things")
    Base.metadata.create_all(made.engine)
    with made.write() as session:
        session.add(Thing(id="a", on=True, more={"x": [1, None]}, at=NOON))
        session.add(Thing(id="b", on=False, more={}, at=None))
        session.add(Thing(id="z", on=False, more={}, at=NOON))
    yield made
    made.dispose()


def test_every_way_says_the_same(db):
    with db.read() as session:
        in_session = LATER.rows(session, {"at": NOON})
    with db.once() as connection:
        by_connection = LATER.rows(connection, {"at": NOON})
    alone = LATER.rows(db, {"at": NOON})
    expected = [("a", True, {"x": [1, None]}, NOON)]
    assert [tuple(r) for r in alone] == expected
    assert [tuple(r) for r in in_session] == [tuple(r) for r in by_connection] == expected
    assert type(alone[0][1]) is bool and alone[0][3].tzinfo is not None
    assert LATER.rows(db, {"at": NOON + datetime.timedelta(seconds=1)}) == []
    assert tuple(ONE.first(db, {"id": "b"})) == ("b", False, {}, None)
    assert ONE.first(db, {"id": "nobody"}) is None


def test_what_was_just_written_is_seen_by_every_thread(db):
    seen = []

    def look():
        for _ in range(50):
            seen.append(ONE.first(db, {"id": "a"})[1])

    look()
    with db.write() as session:
        session.get(Thing, "a").on = False
    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen[:50] == [True] * 50 and seen[50:] == [False] * 400
    with db.write() as session:
        session.get(Thing, "a").on = True
        session.flush()
        assert ONE.first(session, {"id": "a"})[1] is True
        assert ONE.first(db, {"id": "a"})[1] is False, "nobody else sees it yet"


def test_listeners_hear_of_it(db):
    told = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: told.append((a[2], a[3])))
    ONE.first(db, {"id": "a"})
    ((statement, values),) = told
    assert statement.startswith("SELECT thing.id") and values == ("a",)


def test_in_memory_it_goes_through_the_engine():
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    made = Database.__new__(Database)
    made.engine = create_engine("sqlite://", poolclass=StaticPool)
    made._reader, made._own = made.engine, threading.local()
    Base.metadata.create_all(made.engine)
    assert made.own_reader() is None and ONE.rows(made, {"id": "a"}) == []


def test_nothing_can_be_written_over_it(db):
    import sqlite3

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.own_reader().execute("DELETE FROM thing")
    with pytest.raises(OperationalError), db.once() as connection:
        connection.exec_driver_sql("SELECT * FROM nothing")


ADD = Write(insert(Thing))
SET = Write(update(Thing).where(Thing.id == bindparam("wanted")).values(more=bindparam("more")))
DROP = Write(delete(Thing).where(Thing.id == bindparam("wanted")))


def test_writes_are_part_of_the_transaction(db):
    with db.write() as session:
        session.add(Thing(id="o", on=True, more={}, at=None))
        assert ONE.record(session, {"id": "o"}).on is True, "the session writes first what it has"
        assert ADD.run(session, {"id": "n", "on": False, "more": {"x": 1}, "at": NOON}) == 1
        assert SET.run(session, {"wanted": "n", "more": {"x": 2}}) == 1
        assert SET.run(session, {"wanted": "nobody", "more": {}}) == 0
        found = ONE.record(session, {"id": "n"})
        assert (found.id, found.on, found.more, found.at) == ("n", False, {"x": 2}, NOON)
        assert ONE.record(session, {"id": "nobody"}) is None
        assert ONE.first(db, {"id": "n"}) is None, "nobody else sees it yet"
    assert ONE.record(db, {"id": "n"}).more == {"x": 2}
    with db.write() as session:
        assert DROP.run(session, {"wanted": "n"}) == 1
        session.rollback()
    assert ONE.first(db, {"id": "n"}) is not None
    with db.read() as session:
        assert session.get(Thing, "n").more == {"x": 2}, "it is what the ORM would have written"


def test_errors_of_writes_are_those_of_sqlalchemy(db):
    with pytest.raises(IntegrityError), db.write() as session:
        ADD.run(session, {"id": "a", "on": False, "more": {}, "at": None})
    with db.write() as session, pytest.raises(KeyError):
        ADD.run(session, {"id": "q", "on": False, "more": {}})


def test_after_a_rollback_it_is_another_transaction(db):
    with db.write() as session:
        assert ONE.record(session, {"id": "a"}).on is True
        session.rollback()
        with pytest.raises(InvalidRequestError):
            SET.run(session, {"wanted": "a", "more": {}})
    with Session(db._writer) as session:
        assert ONE.record(session, {"id": "a"}).on is True
        first = session.connection().connection.driver_connection
        session.rollback()
        with db.engine.connect() as taken:  # what the pool has: the session gets another one
            assert taken.connection.driver_connection is first
            assert SET.run(session, {"wanted": "a", "more": {"later": True}}) == 1
            assert session.connection().connection.driver_connection is not first
            assert ONE.first(db, {"id": "a"})[2] == {"x": [1, None]}, "it is not committed yet"
        session.commit()
    assert ONE.first(db, {"id": "a"})[2] == {"later": True}
