"Rows by key and by value: the queries that every noun has."

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from identity.errors import NoSuch
from identity.store.models import Base, Epoch

Row = TypeVar("Row", bound=Base)


def get(session: Session, model: type[Row], key: Any, what: str) -> Row:
    "The row with this primary key. Raises NoSuch, calling it a `what`."
    row = session.get(model, key)
    if row is None:
        raise NoSuch(what, key[-1] if isinstance(key, tuple) else key)
    return row


def find(session: Session, model: type[Row], **values: Any) -> Row | None:
    "The first row with these values, or None."
    return session.scalars(select(model).filter_by(**values).limit(1)).first()


def every(session: Session, model: type[Row], **values: Any) -> Sequence[Row]:
    "All rows with these values; a list, tuple or set of values means any of them."
    query = select(model)
    for name, value in values.items():
        column = getattr(model, name)
        query = query.where(
            column.in_(value) if isinstance(value, list | tuple | set) else column == value
        )
    return session.scalars(query).all()


def count(session: Session, model: type[Row], **values: Any) -> int:
    "How many rows have these values."
    return session.scalar(select(func.count()).select_from(model).filter_by(**values)) or 0


def add(session: Session, row: Row, duplicate: Callable[[], Exception] | None = None) -> Row:
    "Insert now. Raises what `duplicate` makes if a unique or foreign key says no."
    session.add(row)
    flush(session, duplicate)
    return row


def add_all(session: Session, rows: Iterable[Base]) -> None:
    "Insert several rows."
    session.add_all(list(rows))
    session.flush()


def flush(session: Session, duplicate: Callable[[], Exception] | None = None) -> None:
    "Send changes to the database; see `add`."
    try:
        session.flush()
    except IntegrityError as error:
        if duplicate is None:
            raise
        raise duplicate() from error


def remove(session: Session, model: type[Row], **values: Any) -> int:
    "Delete all rows with these values; returns how many."
    query = delete(model)
    for name, value in values.items():
        column = getattr(model, name)
        query = query.where(
            column.in_(value) if isinstance(value, list | tuple | set) else column == value
        )
    result: Any = session.execute(query)
    return int(result.rowcount)


def bump(session: Session, name: str) -> None:
    "Tell all processes that what they remember of `name` is old (see `Epoch`)."
    done = session.execute(update(Epoch).where(Epoch.name == name).values(value=Epoch.value + 1))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.add(Epoch(name=name, value=1))
        session.flush()


def epochs(session: Session) -> dict[str, int]:
    "All counters."
    return dict(session.execute(select(Epoch.name, Epoch.value)).tuples().all())


def by_keys(session: Session, model: Any, ids: Iterable[str]) -> list[Any]:
    "Rows with these ids, some hundred a statement."
    wanted = list(ids)
    found: list[Any] = []
    for start in range(0, len(wanted), 500):
        found += session.scalars(select(model).where(model.id.in_(wanted[start : start + 500])))
    return found
