"Reading what a login needs: three joins, one statement each."

from __future__ import annotations

import datetime
import functools
from typing import Any

from sqlalchemy import String, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from common.db import UTCDateTime
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


_DOMAIN_BY_ID = _DOMAIN.id == bindparam("domain_id")
_DOMAIN_BY_NAME = and_(_DOMAIN.name == bindparam("domain_name"), _DOMAIN.is_domain)
# Every login runs some of these: built once, with parameters, they cost half of what the same
# statements cost when their conditions are made for each call.
_USER = _ACCOUNT.where(User.id == bindparam("user_id"))
_LOGIN = _ACCOUNT.where(User.login == bindparam("name"))
_LOGIN_IN_ID, _LOGIN_IN_NAME = _LOGIN.where(_DOMAIN_BY_ID), _LOGIN.where(_DOMAIN_BY_NAME)
_TARGET = _TARGET_BY_ID.where(Project.id == bindparam("target_id"))
_NAMED = _TARGET_BY_ID.where(Project.name == bindparam("name"))
_DOMAIN_NAMED = _NAMED.where(Project.is_domain.is_(True))
_PROJECT_NAMED = _NAMED.where(Project.is_domain.is_(False))
_PROJECT_IN_ID = _PROJECT_NAMED.where(_DOMAIN_BY_ID)
_PROJECT_IN_NAME = _PROJECT_NAMED.where(_DOMAIN_BY_NAME)


def by_id(session: Session, user_id: str) -> Account | None:
    "The account of a user."
    return _account(session, _USER, {"user_id": user_id})


def by_name(
    session: Session, name: str, *, domain_id: str | None = None, domain_name: str | None = None
) -> Account | None:
    "The account of a local user, in the domain with that id or name."
    if domain_id is not None:
        return _account(session, _LOGIN_IN_ID, {"name": name, "domain_id": domain_id})
    return _account(session, _LOGIN_IN_NAME, {"name": name, "domain_name": domain_name})


def _account(session: Session, query: Any, values: dict[str, Any]) -> Account | None:
    row = session.connection().execute(query, values).first()
    return None if row is None else Account(*row)


def target(session: Session, target_id: str) -> Target | None:
    "A project or domain by id."
    return _target(session, _TARGET, {"target_id": target_id})


def project_named(
    session: Session, name: str, *, domain_id: str | None = None, domain_name: str | None = None
) -> Target | None:
    "A project by its name in a domain."
    if domain_id is not None:
        return _target(session, _PROJECT_IN_ID, {"name": name, "domain_id": domain_id})
    return _target(session, _PROJECT_IN_NAME, {"name": name, "domain_name": domain_name})


def domain_named(session: Session, name: str) -> Target | None:
    "A domain by its name."
    return _target(session, _DOMAIN_NAMED, {"name": name})


def _target(session: Session, query: Any, values: dict[str, Any]) -> Target | None:
    row = session.connection().execute(query, values).first()
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


def actors(user_id: Any, now: Any) -> list[Any]:
    "Conditions for the assignments of a user: its own, and those of its groups at a moment."
    groups = select(Membership.group_id).where(
        Membership.user_id == user_id,
        or_(Membership.expires_at.is_(None), Membership.expires_at > now),
    )
    return [
        and_(Assignment.actor_kind == "user", Assignment.actor_id == user_id),
        and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(groups)),
    ]


@functools.cache
def _role_ids(system: bool, inherits: bool, asserted: bool) -> Any:
    "The statement of `role_ids` for one kind of place and of user."
    who = actors(bindparam("user_id", type_=String), bindparam("now", type_=UTCDateTime))
    if asserted:
        named: Any = bindparam("group_ids", expanding=True)
        who.append(and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(named)))
    direct = and_(Assignment.target_kind == bindparam("kind"), Assignment.inherited.is_(False))
    if system:
        return select(Assignment.role_id).where(or_(*who), direct)
    places = [and_(direct, Assignment.target_id == bindparam("target_id"))]
    if inherits:
        above: Any = bindparam("ancestor_ids", expanding=True)
        places.append(and_(Assignment.target_id.in_(above), Assignment.inherited.is_(True)))
    return select(Assignment.role_id).where(or_(*who), or_(*places))


def role_ids(
    session: Session, user_id: str, where: Target | None, group_ids: list[str] | None = None
) -> set[str]:
    """The roles that a user was given on a project or domain, or on the system (None): directly,
    through groups, inherited. Implied roles are not in it. `group_ids` are groups that a
    federated login asserted."""
    now = datetime.datetime.now(datetime.UTC)
    values: dict[str, Any] = {"user_id": user_id, "now": now, "kind": "system"}
    inherits = where is not None and bool(where.ancestor_ids)
    if where is not None:
        values |= {"kind": "domain" if where.is_domain else "project", "target_id": where.id}
        if inherits:
            values["ancestor_ids"] = list(where.ancestor_ids)
    if group_ids:
        values["group_ids"] = list(group_ids)
    query = _role_ids(where is None, inherits, bool(group_ids))
    return {row[0] for row in session.connection().execute(query, values)}


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
