"""Lists as the Network API has them: filters, sorting, pages by marker, tags, and what a project
may see.

Everything becomes one SELECT whatever the number of rows; relations come with one more statement
each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from common.db import past_orm
from common.errors import BadRequest
from network.store.models import Rbac

Filter = Callable[[Sequence[Any]], ColumnElement[bool]]
_TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


@dataclass(frozen=True)
class Query:
    "What a client asked of a list: filter values are already of the column's type."

    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = ()
    """((attribute, descending), ...)"""
    limit: int | None = None
    marker: str | None = None
    reverse: bool = False


class MarkerUnknown(BadRequest):
    "Invalid input for operation: the marker {marker} could not be found."


def select_page(
    session: Session,
    statement: Select[Any],
    model: Any,
    query: Query,
    columns: Mapping[str, Any],
    special: Mapping[str, Filter] | None = None,
) -> Select[Any]:
    """What of `statement`, which selects `model`, a query asks for: sorted, one page of it, the
    other way round when it is reversed. `columns` maps the API's attributes to columns, `special`
    those that need more than `column IN (...)`."""
    for name, values in query.filters.items():
        if special and name in special:
            statement = statement.where(special[name](values))
        elif name in _TAG_FILTERS:
            statement = statement.where(_tags(model.tags, name, values))
        else:
            statement = statement.where(_among(columns[name], values))
    order = [(columns[name], descending) for name, descending in query.sort]
    if not any(column is model.id for column, _ in order):
        order.append((model.id, False))
    if query.marker is not None:
        statement = statement.where(_after(session, model, order, query))
    flip = query.reverse
    statement = statement.order_by(*(c.desc() if d != flip else c.asc() for c, d in order))
    return statement if query.limit is None else statement.limit(query.limit)


def _among(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    present = [v for v in values if v is not None]
    test = column.in_(present) if len(present) != 1 else column == present[0]
    return or_(test, column.is_(None)) if None in values else test


def _tags(
    column: InstrumentedAttribute[Any], name: str, values: Sequence[str]
) -> ColumnElement[bool]:
    import json

    wanted = [tag for value in values for tag in value.split(",") if tag]
    # Tags are kept as a JSON list: a tag with its quotes is found nowhere but as a whole element.
    tests = [type_coerce(column, Text).contains(json.dumps(tag), autoescape=True) for tag in wanted]
    matched = or_(*tests) if name.endswith("any") else and_(*tests)
    return not_(matched) if name.startswith("not") else matched


def _after(
    session: Session, model: Any, order: list[tuple[Any, bool]], query: Query
) -> ColumnElement[bool]:
    anchor = session.execute(select(*(c for c, _ in order)).where(model.id == query.marker)).first()
    if anchor is None:
        raise MarkerUnknown(marker=query.marker)
    branches = []
    for depth, (column, descending) in enumerate(order):
        same = [order[i][0] == anchor[i] for i in range(depth)]
        beyond = column < anchor[depth] if descending != query.reverse else column > anchor[depth]
        branches.append(and_(*same, beyond))
    return or_(*branches)


def shared_with(
    model_id: Any, kind: str, project_id: str | None, *actions: str
) -> ColumnElement[bool]:
    "Whether an RBAC policy lets `project_id` (None: everybody) use the row."
    targets = ["*"] if project_id is None else ["*", project_id]
    return exists().where(
        Rbac.object_id == model_id,
        Rbac.object_type == kind,
        Rbac.target_tenant.in_(targets),
        Rbac.action.in_(actions or ("access_as_shared",)),
    )


_R: Any = Rbac.__table__
_SHARED_IDS = select(_R.c.object_id).where(
    _R.c.object_id.in_(bindparam("ids", expanding=True)),
    _R.c.object_type == bindparam("kind"),
    _R.c.action == "access_as_shared",
    _R.c.target_tenant.in_(bindparam("targets", expanding=True)),
)


def shared_ids(session: Session, kind: str, ids: Sequence[str], project_id: str | None) -> set[str]:
    "Which of the rows are shared, seen from `project_id`: with everybody, or with that project."
    if not ids:
        return set()
    asked = {
        "ids": ids,
        "kind": kind,
        "targets": ["*"] if project_id is None else ["*", project_id],
    }
    return set(past_orm(session).scalars(_SHARED_IDS, asked))


def visible(
    model: Any, kind: str | None, project_id: str | None, see_all: bool, *actions: str
) -> Select[Any]:
    "SELECT of the rows that a caller may see: all, or its own and those shared with it."
    if see_all:
        return select(model)
    own = model.project_id == (project_id or "\0")
    if kind is None:
        return select(model).where(own)
    return select(model).where(or_(own, shared_with(model.id, kind, project_id or "\0", *actions)))
