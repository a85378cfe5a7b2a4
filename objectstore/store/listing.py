"""Reading names in order: pages with prefix, markers, delimiter and either direction, over an
index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Query:
    "What a listing asks for. An empty text is no bound."

    limit: int
    prefix: str = ""
    marker: str = ""
    end_marker: str = ""
    delimiter: str = ""
    reverse: bool = False
    path: str | None = None
    """Old-style listing of one pseudo-directory."""


@dataclass(frozen=True, slots=True)
class Subdir:
    "Names rolled up: everything that begins with `name`."

    name: str


Statement = Any
"""A select, or something else with where() and order_by()."""
Row = Any


def after(text: str) -> str | None:
    "The first text beyond all those that begin with `text`; None when there is none."
    for index in range(len(text) - 1, -1, -1):
        code = ord(text[index])
        if code < 0x10FFFF:
            code += 1
            return text[:index] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)
    return None


class _Window:
    "The names still to be read: low <= or < name < high."

    def __init__(self, query: Query) -> None:
        low, high = (
            (query.end_marker, query.marker) if query.reverse else (query.marker, query.end_marker)
        )
        self.low, self.low_open = low, True
        self.high: str | None = high or None
        if query.prefix and query.prefix > self.low:
            self.low, self.low_open = query.prefix, False
        end = after(query.prefix) if query.prefix else None
        if end is not None and (self.high is None or end < self.high):
            self.high = end

    def narrow(self, statement: Statement, name: ColumnElement[str], reverse: bool) -> Statement:
        if self.low:
            statement = statement.where(name > self.low if self.low_open else name >= self.low)
        if self.high is not None:
            statement = statement.where(name < self.high)
        return statement.order_by(name.desc() if reverse else name)

    def pass_by(self, name: str, reverse: bool) -> None:
        if reverse:
            self.high = name
        else:
            self.low, self.low_open = name, True

    def pass_subdir(self, name: str, reverse: bool) -> bool:
        "Go on beyond everything that begins with `name`; False when nothing can come."
        if reverse:
            self.high = name
            return True
        beyond = after(name)
        if beyond is None:
            return False
        self.low, self.low_open = beyond, False
        return True


def window(statement: Statement, name: ColumnElement[str], query: Query) -> Statement:
    "The statement for the rows that a query without delimiter and path asks for, all of them."
    return _Window(query).narrow(statement, name, query.reverse).limit(max(query.limit, 0))


def read(
    session: Session,
    statement: Statement,
    name: ColumnElement[str],
    query: Query,
    name_of: Callable[[Row], str] = lambda row: row[0],
) -> list[Row | Subdir]:
    """The rows of `statement` that the query asks for, with `Subdir`s for what its delimiter rolls
    up. A page is read
    at a time; a subdirectory that goes beyond its page is jumped over, however much is in it."""
    delimiter, prefix, path = query.delimiter, query.prefix, query.path
    if path is not None:
        prefix = path.rstrip("/") + "/" if path.strip("/") else ""
        query = Query(query.limit, prefix, query.marker, query.end_marker, "", query.reverse)
    window = _Window(query)
    found: list[Row | Subdir] = []
    if query.limit <= 0:
        return found
    while True:
        want = query.limit - len(found)
        page = session.execute(window.narrow(statement, name, query.reverse).limit(want)).all()
        subdir = _take(page, found, query, prefix, delimiter, path is not None, name_of)
        if len(page) < want or len(found) >= query.limit:
            return found
        if subdir is not None:
            if not window.pass_subdir(subdir, query.reverse):
                return found
        else:
            window.pass_by(name_of(page[-1]), query.reverse)


def _take(
    page: Sequence[Row],
    found: list[Row | Subdir],
    query: Query,
    prefix: str,
    delimiter: str,
    path: bool,
    name_of: Callable[[Row], str],
) -> str | None:
    """Move a page's rows to `found`; the subdirectory (of a delimiter or a path) that the page
    ended in, if any."""
    inside: str | None = None
    if not delimiter and not path:
        found.extend(page)
        return None
    split = delimiter or "/"
    for row in page:
        name = name_of(row)
        if inside is not None and name.startswith(inside):
            continue
        inside = None
        at = name.find(split, len(prefix))
        if at < 0 or (path and at == len(name) - 1 and name != prefix):
            if name != prefix or not path:
                found.append(row)
            continue
        inside = name[: at + len(split)]
        if not path and not _beyond_marker(inside, query):
            found.append(Subdir(inside))
    return inside


def _beyond_marker(subdir: str, query: Query) -> bool:
    "A subdirectory that the marker is, or lies in, was in the page before."
    if not query.marker:
        return False
    return subdir >= query.marker if query.reverse else subdir <= query.marker
