"Lists with filters, order and pages: one statement each, on indexed keys."

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from common import records
from common.http.paging import MarkerNotFound
from identity.store.types import Filter, Listing

Listed = tuple[list[Any], bool]
"""Rows, and whether there are more."""


def listed(
    session: Session, query: Select[Any], model: Any, listing: Listing, *, plain: bool = False
) -> Listed:
    """The rows of `query` (over `model`, which has `id`) that `listing` asks for; `plain`: as
    rows that are only shown."""
    query = narrowed(session, query, model, listing)
    if listing.limit is not None:
        query = query.limit(listing.limit + 1)
    rows = records.plain_rows(session, query, model) if plain else session.scalars(query).all()
    more = listing.limit is not None and len(rows) > listing.limit
    return list(rows[: listing.limit] if more else rows), more


def narrowed(session: Session, query: Select[Any], model: Any, listing: Listing) -> Select[Any]:
    "`query` with the conditions, the order and the marker of `listing`, without its limit."
    for item in listing.filters:
        query = query.where(_condition(getattr(model, item.name), item))
    order = [
        (getattr(model, name), descending)
        for name, descending in listing.sort
        if hasattr(model, name)
    ]
    order.append((model.id, False))
    if listing.marker is not None:
        query = query.where(_after(session, model, order, listing.marker))
    return query.order_by(*(c.desc() if d else c.asc() for c, d in order))


def _condition(column: Any, item: Filter) -> ColumnElement[bool]:
    value = item.value
    if item.compare == "equals":
        return column == value if value is not None else or_(column.is_(None), column == "")
    if item.compare == "not":
        return or_(column != value, column.is_(None))
    if item.compare in ("lt", "lte", "gt", "gte", "eq", "neq"):
        ops = {
            "lt": "__lt__",
            "lte": "__le__",
            "gt": "__gt__",
            "gte": "__ge__",
            "eq": "__eq__",
            "neq": "__ne__",
        }
        return getattr(column, ops[item.compare])(value)
    if item.compare == "in":
        return column.in_(value) if value else false()
    folded = item.compare.startswith("i")
    text = str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = {"contains": f"%{text}%", "startswith": f"{text}%", "endswith": f"%{text}"}[
        item.compare.lstrip("i")
    ]
    if folded:
        return func.lower(column).like(pattern.lower(), escape="\\")
    return and_(column.like(pattern, escape="\\"), _exact_case(column, item.compare, str(value)))


def _exact_case(column: Any, compare: str, value: str) -> ColumnElement[bool]:
    # LIKE ignores the case of ASCII letters on SQLite and of all on MariaDB; REPLACE does not on
    # the former.
    size = len(value)
    if compare == "startswith":
        return func.substr(column, 1, size) == value
    if compare == "endswith":
        return func.substr(column, func.length(column) - size + 1) == value
    return func.replace(column, value, "") != column


def _after(
    session: Session, model: Any, order: list[tuple[Any, bool]], marker: str
) -> ColumnElement[bool]:
    row = session.get(model, marker)
    if row is None:
        raise MarkerNotFound(marker=marker)
    choices = []
    for n, (column, descending) in enumerate(order):
        equal = [c == getattr(row, c.key) for c, _ in order[:n]]
        value = getattr(row, column.key)
        choices.append(and_(*equal, column < value if descending else column > value))
    return or_(*choices)


def everything(session: Session, model: Any, listing: Listing) -> Listed:
    "The rows of a table that `listing` asks for."
    return listed(session, select(model), model, listing)
