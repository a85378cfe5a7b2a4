"Projects and domains."

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from identity.store.listing import Listed, listed
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
    query = select(Project).where(Project.is_domain.is_(is_domain))
    if ids is not None:
        query = query.where(Project.id.in_(ids))
    for kind, names in (tags or {}).items():
        query = query.where(_tagged(kind, names))
    return listed(session, query, Project, listing, plain=True)


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
