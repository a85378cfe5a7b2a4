"Finding rows for a caller: 404 for what it may not see."

from __future__ import annotations

from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access
from network.store import rows
from network.store.listing import Query


def find(session: Any, ctx: Context, noun: str, key: str, *, lock: bool = False) -> Any:
    "The row that the caller may see. Raises the noun's NotFound."
    row = rows.get(session, noun, key, ctx.project_id, access.sees_all(ctx), lock=lock)
    if row is None:
        raise errors.missing(noun, key)
    return row


def look(session: Any, ctx: Context, noun: str, key: str) -> Any:
    "A record of the row, which cannot be changed. Raises the noun's NotFound."
    row = rows.look(session, noun, key, ctx.project_id, access.sees_all(ctx))
    if row is None:
        raise errors.missing(noun, key)
    return row


def any_of(session: Any, noun: str, key: str) -> Any:
    "The row, whoever owns it. Raises the noun's NotFound."
    row = rows.get(session, noun, key, None, True)
    if row is None:
        raise errors.missing(noun, key)
    return row


def show(deps: Deps, ctx: Context, noun: str, key: str) -> Any:
    "One row for GET."
    with deps.db.read() as session:
        return look(session, ctx, noun, key)


def page(deps: Deps, ctx: Context, noun: str, query: Query) -> list[Any]:
    "Rows for GET of the list."
    with deps.db.read() as session:
        return rows.page(session, noun, query, ctx.project_id, access.sees_all(ctx))


def owner(row: Any, **more: Any) -> dict[str, Any]:
    "The policy target of a row."
    return {"project_id": row.project_id, "tenant_id": row.project_id, **more}
