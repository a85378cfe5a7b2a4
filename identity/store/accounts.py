"""Reading what a login needs, one statement each: who somebody is; a place with the roles there.

`on` is a session, or the database, for a statement by itself (`common.lookup`)."""

from __future__ import annotations

import datetime
import functools
from typing import Any

from sqlalchemy import String, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from common.db import Database, UTCDateTime
from common.lookup import Lookup, On
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


# Every login runs some of these: built once, with parameters, they cost half of what the same
# statements cost when their conditions are made for each call. Names are unique in a domain, and
# those of domains in the domain "": each step goes by that index.
_NAMED_DOMAIN = (
    select(_DOMAIN.id)
    .where(_DOMAIN.domain_id == "", _DOMAIN.name == bindparam("domain_name"))
    .correlate(None)
    .scalar_subquery()
)
_USER = Lookup(_ACCOUNT.where(User.id == bindparam("user_id")))
_LOGIN = _ACCOUNT.where(User.login == bindparam("name"))
_LOGIN_IN_ID = Lookup(_LOGIN.where(User.domain_id == bindparam("domain_id")))
_LOGIN_IN_NAME = Lookup(_LOGIN.where(User.domain_id == _NAMED_DOMAIN))
_BY_ID = Project.id == bindparam("target_id")
_NAMED = and_(Project.name == bindparam("name"), Project.is_domain.is_(False))
_TARGET = Lookup(_TARGET_BY_ID.where(_BY_ID))
_PLACES: dict[frozenset[str], Any] = {
    frozenset({"target_id"}): _BY_ID,
    frozenset({"name"}): and_(Project.name == bindparam("name"), Project.domain_id == ""),
    frozenset({"name", "domain_id"}): and_(_NAMED, Project.domain_id == bindparam("domain_id")),
    frozenset({"name", "domain_name"}): and_(_NAMED, Project.domain_id == _NAMED_DOMAIN),
}
"How a place is found, by the names of what is known of it."


def by_id(on: On, user_id: str) -> Account | None:
    "The account of a user."
    return _account(on, _USER, {"user_id": user_id})


def by_name(
    on: On, name: str, *, domain_id: str | None = None, domain_name: str | None = None
) -> Account | None:
    "The account of a local user, in the domain with that id or name."
    if domain_id is not None:
        return _account(on, _LOGIN_IN_ID, {"name": name, "domain_id": domain_id})
    return _account(on, _LOGIN_IN_NAME, {"name": name, "domain_name": domain_name})


def _account(on: On, lookup: Lookup, values: dict[str, Any]) -> Account | None:
    row = lookup.first(on, values)
    return None if row is None else Account(*row)


def target(on: On, target_id: str) -> Target | None:
    "A project or domain by id."
    row = _TARGET.first(on, {"target_id": target_id})
    return None if row is None else _target(row)


def _target(row: Any) -> Target:
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


def _who(asserted: bool) -> Any:
    "The condition for assignments of the parameter `user_id`, and of groups that a login asserted."
    who = actors(bindparam("user_id", type_=String), bindparam("now", type_=UTCDateTime))
    if asserted:
        named: Any = bindparam("group_ids", expanding=True)
        who.append(and_(Assignment.actor_kind == "group", Assignment.actor_id.in_(named)))
    return or_(*who)


@functools.cache
def _place(known: frozenset[str], asserted: bool) -> Lookup:
    "The statement of `place`, for what is known of it."
    direct = and_(
        Assignment.inherited.is_(False),
        Assignment.target_id == Project.id,
        Assignment.target_kind == case((Project.is_domain, "domain"), else_="project"),
    )
    step = "/" + Assignment.target_id + "/"
    above = and_(
        Assignment.inherited.is_(True),
        Assignment.target_id != Project.id,
        # LIKE would take the _ of an id for any letter
        func.replace(Project.path, step, "") != Project.path,
    )
    return Lookup(
        _TARGET_BY_ID.add_columns(Assignment.role_id)
        .outerjoin(Assignment, and_(_who(asserted), or_(direct, above)))
        .where(_PLACES[known])
    )


def place(
    on: On, user_id: str, group_ids: list[str] | None = None, **known: str
) -> tuple[Target, set[str]] | None:
    """A project or domain, and the roles that a user was given there: directly, through groups,
    inherited; implied roles are not in it. `known` is `target_id`, or `name` with `domain_id` or
    `domain_name` (a project), or `name` (a domain). `group_ids` are groups that a federated login
    asserted."""
    lookup = _place(frozenset(known), bool(group_ids))
    values: dict[str, Any] = {**known, "user_id": user_id, "now": _now()}
    rows = _rows(on, lookup, values, group_ids)
    if not rows:
        return None
    return _target(rows[0][:8]), {row[8] for row in rows} - {None}


def _rows(on: On, lookup: Lookup, values: dict[str, Any], group_ids: list[str] | None) -> list[Any]:
    if not group_ids:
        return lookup.rows(on, values)
    values["group_ids"] = list(group_ids)
    if not isinstance(on, Database):
        return lookup.rows(on, values)
    with on.once() as connection:  # a list of parameters is written anew for each length
        return lookup.rows(connection, values)


@functools.cache
def _on_system(asserted: bool) -> Lookup:
    system = and_(Assignment.target_kind == "system", Assignment.inherited.is_(False))
    return Lookup(select(Assignment.role_id).where(_who(asserted), system))


def system_role_ids(on: On, user_id: str, group_ids: list[str] | None = None) -> set[str]:
    "The roles that a user was given on the system; see `place`."
    values: dict[str, Any] = {"user_id": user_id, "now": _now()}
    return {row[0] for row in _rows(on, _on_system(bool(group_ids)), values, group_ids)}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


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
