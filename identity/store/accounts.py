"Reading what a login needs: three joins, one statement each."

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from identity.store.models import Assignment, Membership, Password, Project, User
from identity.store.types import Account, Target

_DOMAIN = aliased(Project)
_LATEST = (
    select(func.max(Password.id))
    .where(Password.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
_ACCOUNT = (
    select(
        User.id,
        User.name,
        User.domain_id,
        _DOMAIN.name,
        _DOMAIN.enabled,
        User.enabled,
        User.options,
        User.default_project_id,
        User.created_at,
        User.last_active_at,
        User.failed_count,
        User.failed_at,
        Password.id,
        Password.hash,
        Password.created_at,
        Password.expires_at,
        Password.self_service,
    )
    .join(_DOMAIN, _DOMAIN.id == User.domain_id)
    .outerjoin(Password, Password.id == _LATEST)
)
_TARGET_BY_ID = select(
    Project.id,
    Project.name,
    Project.is_domain,
    Project.enabled,
    _DOMAIN.id,
    _DOMAIN.name,
    _DOMAIN.enabled,
    Project.path,
).outerjoin(_DOMAIN, _DOMAIN.id == Project.domain_id)


def by_id(session: Session, user_id: str) -> Account | None:
    "The account of a user."
    return _account(session, _ACCOUNT.where(User.id == user_id))


def by_name(
    session: Session, name: str, *, domain_id: str | None = None, domain_name: str | None = None
) -> Account | None:
    "The account of a local user, in the domain with that id or name."
    where = (
        _DOMAIN.id == domain_id
        if domain_id is not None
        else and_(_DOMAIN.name == domain_name, _DOMAIN.is_domain)
    )
    return _account(session, _ACCOUNT.where(User.login == name, where))


def _account(session: Session, query: Any) -> Account | None:
    row = session.execute(query).first()
    return None if row is None else Account(*row)


def target(session: Session, target_id: str) -> Target | None:
    "A project or domain by id."
    return _target(session, _TARGET_BY_ID.where(Project.id == target_id))


def project_named(
    session: Session, name: str, *, domain_id: str | None = None, domain_name: str | None = None
) -> Target | None:
    "A project by its name in a domain."
    where = (
        _DOMAIN.id == domain_id
        if domain_id is not None
        else and_(_DOMAIN.name == domain_name, _DOMAIN.is_domain)
    )
    return _target(
        session, _TARGET_BY_ID.where(Project.name == name, Project.is_domain.is_(False), where)
    )


def domain_named(session: Session, name: str) -> Target | None:
    "A domain by its name."
    return _target(session, _TARGET_BY_ID.where(Project.name == name, Project.is_domain.is_(True)))


def _target(session: Session, query: Any) -> Target | None:
    row = session.execute(query).first()
    if row is None:
        return None
    found = Target(*row)
    if found.is_domain:
        found.domain_id, found.domain_name, found.domain_enabled = (
            found.id,
            found.name,
            found.enabled,
        )
    return found


def _actors(user_id: str):
    groups = select(Membership.group_id).where(
        Membership.user_id == user_id,
        or_(
            Membership.expires_at.is_(None),
            Membership.expires_at > datetime.datetime.now(datetime.UTC),
        ),
    )
    return or_(
        and_(Assignment.actor_kind == "user", Assignment.actor_id == user_id),
        and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(groups)),
    )


def role_ids(
    session: Session, user_id: str, where: Target | None, group_ids: list[str] | None = None
) -> set[str]:
    """The roles that a user was given on a project or domain, or on the system (None): directly,
    through groups, inherited. Implied roles are not in it. `group_ids` are groups that a
    federated login asserted."""
    actors = _actors(user_id)
    if group_ids:
        actors = or_(
            actors, and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(group_ids))
        )
    if where is None:
        place = and_(Assignment.target_kind == "system", Assignment.inherited.is_(False))
    else:
        place = and_(
            Assignment.target_id == where.id,
            Assignment.inherited.is_(False),
            Assignment.target_kind == ("domain" if where.is_domain else "project"),
        )
        if where.ancestor_ids:
            place = or_(
                place,
                and_(Assignment.target_id.in_(where.ancestor_ids), Assignment.inherited.is_(True)),
            )
    return set(session.scalars(select(Assignment.role_id).where(actors, place)))


def note_failure(session: Session, user_id: str, now: datetime.datetime) -> None:
    "One more wrong password."
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(failed_count=User.failed_count + 1, failed_at=now)
    )


def note_success(session: Session, user_id: str, now: datetime.datetime, *, active: bool) -> None:
    "A right password: failures are forgotten; with `active` the day of the login is kept."
    values: dict[str, object] = {"failed_count": 0, "failed_at": None}
    if active:
        values["last_active_at"] = now
    session.execute(update(User).where(User.id == user_id).values(**values))
