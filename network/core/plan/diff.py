"The difference between the rows that are wanted and those that are."

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from network.contracts.northbound import Change, Row


def canonical(value: Any) -> Any:
    "A column's value so that equal means equal: sets in order."
    return sorted(value, key=str) if isinstance(value, list | tuple | set) else value


def changes(wanted: Iterable[Row], actual: Iterable[Row]) -> list[Change]:
    "What makes `actual` into `wanted`: creations and updates in the order wanted, then deletions."
    left = {row.id: row for row in actual}
    out = []
    for row in wanted:
        have = left.pop(row.id, None)
        change = _created(row) if have is None else _changed(row, have)
        if change is not None:
            out.append(change)
    return out + [Change("delete", row, leave=row.parents) for row in left.values()]


def _created(row: Row) -> Change:
    return Change("create", row, row.columns, row.refs, join=row.parents)


def _changed(row: Row, have: Row) -> Change | None:
    columns = {
        n: v for n, v in row.columns.items() if canonical(v) != canonical(have.columns.get(n))
    }
    refs = {n: v for n, v in row.refs.items() if v != have.refs.get(n)}
    join = tuple(p for p in row.parents if p not in have.parents)
    leave = tuple(p for p in have.parents if p not in row.parents)
    if not (columns or refs or join or leave):
        return None
    return Change("update", row, columns, refs, join, leave)
