"Records look like the entities they stand for, in the statement's order, whatever their number."

import pytest
from sqlalchemy import BigInteger, ForeignKey, MetaData, String, event, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from common import records
from common.db import Base as CommonBase
from common.db import Database, Json, UTCDateTime, utcnow


class Base(CommonBase):
    __abstract__ = True
    metadata = MetaData()


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    bought: Mapped[object] = mapped_column(UTCDateTime, default=utcnow)

    shelf: Mapped[Shelf | None] = relationship(lazy="raise", viewonly=True)
    pages: Mapped[list["Page"]] = relationship(
        lazy="raise", viewonly=True, order_by="Page.number.desc()"
    )


class Page(Base):
    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    number: Mapped[int]


class Odd(Base):
    "Values that a text might not keep."

    __tablename__ = "odd"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str | None]
    lent: Mapped[bool]


class Inexact(Base):
    __tablename__ = "inexact"

    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    cover: Mapped[bytes | None]


PATHS = ("shelf", "pages")


@pytest.fixture
def db(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/books.sqlite")
    Base.metadata.create_all(made.engine)
    with made.write() as session:
        session.add(Shelf(id=1, name="high"))
        session.flush()
        session.add_all(
            Book(id=n, shelf_id=1 if n % 2 else None, tags=["x"] if n % 3 else [])
            for n in range(1, 1202)
        )
        session.flush()
        session.add_all(Page(book_id=n, number=p) for n in (1, 1201) for p in (1, 2))
    yield made
    made.dispose()


def _seen(book):
    shelf = book.shelf.name if book.shelf else None
    return book.id, shelf, book.tags, book.bought, [p.number for p in book.pages]


def test_records_are_what_entities_are(db):
    ordered = select(Book).order_by(Book.id.desc())
    with db.read() as session:
        entities = list(session.scalars(ordered.options(*records.options(Book, PATHS))))
        found = records.fetch(session, ordered, Book, PATHS)
        assert [_seen(b) for b in found] == [_seen(b) for b in entities]
    assert _seen(found[0])[4] == [2, 1] and found[0].bought.tzinfo is not None


def test_statements_grow_by_the_chunk_not_by_the_row(db):
    told = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: told.append(a[2]))
    with db.read() as session:
        session.execute(select(1))  # begins
        told.clear()
        records.fetch(session, select(Book).where(Book.id < 3), Book, PATHS)
        few = len(told)
        told.clear()
        records.fetch(session, select(Book).where(Book.id < 500), Book, PATHS)
        assert len(told) == few
        told.clear()
        assert records.fetch(session, select(Book).where(Book.id < 0), Book, PATHS) == []
        assert len(told) == 1, "nothing has no relations"


def test_a_relation_that_was_not_asked_for_is_not_there(db):
    with db.read() as session:
        book = records.fetch(session, select(Book).limit(1), Book)[0]
        with pytest.raises(AttributeError):
            book.pages  # noqa: B018
        entity = session.scalars(select(Book).limit(1)).one()
        with pytest.raises(InvalidRequestError):
            entity.pages  # noqa: B018


def test_values_are_those_of_the_database(db):
    names = [None, "", "[1]", '{"a": 1}', 'a "quote"\\', "\u00fc\U0001f600\n\t", "null", "1e5"]
    with db.write() as session:
        session.add_all(Odd(id=2**62 + n, name=v, lent=n % 2 == 0) for n, v in enumerate(names))
        session.add_all(Inexact(id=n, weight=1 / 3 + n, cover=b"\x00\xff") for n in range(40))
    with db.read() as session:
        query = select(Odd).order_by(Odd.id.desc())
        for rows in (records.plain_rows(session, query, Odd), records.fetch(session, query, Odd)):
            assert [r.name for r in rows] == names[::-1]
            assert [(r.id, r.lent) for r in rows[-2:]] == [(2**62 + 1, False), (2**62, True)]
        (page,) = records.plain_rows(session, query.limit(1).offset(1), Odd)
        assert page.name == "null"
        assert records.plain_rows(session, query.where(Odd.id == 0), Odd) == []
        every = records.among(session, Inexact.id, range(40))
        assert sorted(r.weight for r in every) == [1 / 3 + n for n in range(40)]
        assert {r.cover for r in every} == {b"\x00\xff"}


def test_a_long_list_lets_go_of_the_interpreter_once(db):
    told = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: told.append(a[2]))
    with db.read() as session:
        assert len(records.plain_rows(session, select(Book).order_by(Book.id), Book)) == 1201
    assert sum("json_group_array" in text for text in told) == 1
