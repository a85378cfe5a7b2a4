"Projects and domains."

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import Select, Text, bindparam, case, func, select, type_coerce
from sqlalchemy.orm import Session

from common import cpus, records
from common.db import past_orm
from identity.store.listing import Listed, listed, narrowed
from identity.store.models import Project, ProjectTag
from identity.store.types import Listing


def by_ids(session: Session, ids: Collection[str]) -> list[Project]:
    "Projects and domains with these ids, by name."
    wanted = list(ids)
    found: list[Project] = []
    for start in range(0, len(wanted), 500):
        found += session.scalars(select(Project).where(Project.id.in_(wanted[start : start + 500])))
    return sorted(found, key=lambda p: (p.name, p.id))


def projects(
    session: Session,
    listing: Listing,
    *,
    is_domain: bool = False,
    tags: dict[str, list[str]] | None = None,
    ids: Collection[str] | None = None,
) -> Listed:
    """Projects that a listing asks for. `tags` by kind: `tags` (has all), `tags-any`, `not-tags`
    (lacks one of them), `not-tags-any` (has none)."""
    query = _chosen(is_domain, tags or {})
    if ids is not None:
        query = query.where(Project.id.in_(ids))
    return listed(session, query, Project, listing, plain=True)


def projects_as_json(
    session: Session, listing: Listing, tags: dict[str, list[str]], at: str
) -> orjson.Fragment | None:
    """The JSON array of all projects that a listing without a limit asks for, as the view shows
    them (`at` is the address of projects), made where the rows are: reading a thousand of them into
    Python and writing them as JSON costs twice as much. None where that is not possible."""
    if listing.limit is not None or not records.makes_json(session, Project):
        return None
    if listing == Listing() and not tags:
        statement = _all_as_json()
    else:
        query = narrowed(session, _chosen(False, tags), Project, listing)
        statement = records.as_json(query, Project, _item)
    with cpus.Anywhere():
        return orjson.Fragment(past_orm(session).execute(statement, {"at": at}).scalar_one())


@functools.cache
def _all_as_json() -> Select[Any]:
    "Built once: that is a third of what it costs."
    return records.as_json(_chosen(False, {}).order_by(Project.id), Project, _item)


def _item(project: Any) -> Any:
    own_tags = select(ProjectTag.name).where(ProjectTag.project_id == project.id)
    names = own_tags.correlate(project.id.table).order_by(ProjectTag.name).limit(-1).subquery()
    options, extra = (type_coerce(c, Text) for c in (project.options, project.extra))
    shown = func.json_object(
        *("id", project.id, "name", project.name),
        *("domain_id", func.nullif(project.domain_id, "")),
        *("description", func.coalesce(project.description, "")),
        *("enabled", func.json(case((project.enabled, "true"), else_="false"))),
        *("parent_id", project.parent_id, "is_domain", func.json("false")),
        *("tags", select(func.json_group_array(names.c.name)).scalar_subquery()),
        *("options", func.json(options)),
        *("links", func.json_object("self", bindparam("at", type_=Text) + project.id)),
    )
    # a patch takes what is null away (RFC 7396)
    others = func.json_patch(func.json_remove(extra, "$.links"), shown)
    whole = func.json_insert(others, "$.parent_id", func.json("null"))
    return case((extra == "{}", shown), else_=func.json(whole))


def _chosen(is_domain: bool, tags: dict[str, list[str]]) -> Select[Any]:
    query = select(Project).where(Project.is_domain.is_(is_domain))
    for kind, names in tags.items():
        query = query.where(_tagged(kind, names))
    return query


def _tagged(kind: str, names: list[str]) -> Any:
    some = select(ProjectTag.project_id).where(ProjectTag.name.in_(names))
    every = some.group_by(ProjectTag.project_id).having(func.count() == len(set(names)))
    chosen = Project.id.in_(some if kind.endswith("any") else every)
    return ~chosen if kind.startswith("not") else chosen


def tags(session: Session, project_ids: Sequence[str]) -> dict[str, list[str]]:
    "Sorted tags by project; all of the table at once where that is fewer statements."
    query = select(ProjectTag.project_id, ProjectTag.name).order_by(ProjectTag.name)
    if len(project_ids) <= 500:
        query = query.where(ProjectTag.project_id.in_(project_ids))
    found: dict[str, list[str]] = {}
    for project_id, name in session.execute(query).tuples():
        found.setdefault(project_id, []).append(name)
    return found


def below(session: Session, project: Project) -> Sequence[Project]:
    "Every project below this one, parents before children."
    prefix = project.path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = (
        select(Project)
        .where(Project.path.like(f"{prefix}%", escape="\\"), Project.id != project.id)
        .order_by(Project.path)
    )
    return session.scalars(query).all()


def in_domain(session: Session, domain_id: str) -> Sequence[Project]:
    "Every project of a domain, parents before children."
    return session.scalars(
        select(Project).where(Project.domain_id == domain_id).order_by(Project.path)
    ).all()
