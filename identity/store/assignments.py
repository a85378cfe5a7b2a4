"Role assignments."

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from common.db import utcnow
from identity.store import rows
from identity.store.accounts import actors
from identity.store.models import Assignment, Membership, Role


def matching(session: Session, **values: object) -> Sequence[Assignment]:
    "Assignments with these values; a collection means any of them, None anything."
    query = select(Assignment)
    for name, value in values.items():
        if value is None:
            continue
        column = getattr(Assignment, name)
        query = query.where(
            column.in_(value) if isinstance(value, list | tuple | set) else column == value
        )
    return session.scalars(
        query.order_by(Assignment.actor_id, Assignment.target_id, Assignment.role_id)
    ).all()


def scopes_of(
    session: Session, user_id: str, group_ids: Collection[str] = ()
) -> tuple[set[str], set[str], bool]:
    """Ids of projects and of domains in which a user has a role, inherited ones too, and whether
    on the system."""
    from sqlalchemy import and_, or_

    from identity.store.models import Project

    who = actors(user_id, utcnow())
    if group_ids:
        who.append(and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(list(group_ids))))
    projects, domains, system, above = set(), set(), False, set()
    query = (
        select(Assignment.target_kind, Assignment.target_id, Assignment.inherited)
        .where(or_(*who))
        .distinct()
    )
    for kind, target_id, inherited in session.execute(query).tuples():
        if inherited:
            above.add(target_id)
        elif kind == "project":
            projects.add(target_id)
        elif kind == "domain":
            domains.add(target_id)
        else:
            system = True
    for target_id in above:
        like = Project.path.like(f"%/{target_id}/%")
        projects.update(
            session.scalars(
                select(Project.id).where(
                    like, Project.id != target_id, Project.is_domain.is_(False)
                )
            )
        )
    return projects, domains, system


def group_members(session: Session, group_ids: Collection[str]) -> dict[str, list[str]]:
    "User ids by group."
    found: dict[str, list[str]] = {}
    query = (
        select(Membership.group_id, Membership.user_id)
        .where(Membership.group_id.in_(list(group_ids)))
        .distinct()
    )
    for group_id, user_id in session.execute(query).tuples():
        found.setdefault(group_id, []).append(user_id)
    return found


def forget_actor(session: Session, kind: str, actor_id: str) -> None:
    "Delete the assignments of a user or group."
    session.execute(
        delete(Assignment).where(Assignment.actor_kind == kind, Assignment.actor_id == actor_id)
    )


def forget_target(session: Session, target_ids: Collection[str]) -> None:
    "Delete the assignments on projects or domains."
    session.execute(delete(Assignment).where(Assignment.target_id.in_(list(target_ids))))


def role_named(session: Session, name: str, domain_id: str = "") -> Role | None:
    "A role by its name."
    return rows.find(session, Role, name=name, domain_id=domain_id)


def admins_of_all(session: Session, admin_id: str) -> int:
    "How many assignments of the role admin there are in projects and on the system."
    return (
        session.scalar(
            select(func.count()).select_from(Assignment).where(Assignment.role_id == admin_id)
        )
        or 0
    )
