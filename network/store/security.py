"Queries about security groups, rules and address groups."

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from common.db import past_orm
from network.store.listing import shared_with
from network.store.models import (
    AddressGroup,
    DefaultGroup,
    DefaultRule,
    PortGroup,
    Rbac,
    SecurityGroup,
    SecurityRule,
)

_D: Any = DefaultGroup.__table__
_DEFAULT_ID = select(_D.c.security_group_id).where(_D.c.project_id == bindparam("project"))


def default_id(session: Session, project_id: str) -> str | None:
    "The id of the project's default group."
    return past_orm(session).scalar(_DEFAULT_ID, {"project": project_id})


def usable(
    session: Session, ids: Iterable[str], projects: Iterable[str], see_all: bool
) -> set[str]:
    "Which of the groups these projects may put on a port."
    statement = select(SecurityGroup.id).where(SecurityGroup.id.in_(list(ids)))
    if not see_all:
        owners = [p for p in projects if p]
        shared = [shared_with(SecurityGroup.id, "security_group", p) for p in owners]
        statement = statement.where(or_(SecurityGroup.project_id.in_(owners), *shared))
    return set(session.scalars(statement))


def kinds(session: Session, ids: Iterable[str]) -> set[bool]:
    "Whether the groups are stateful: one answer where they can be on one port."
    statement = select(SecurityGroup.stateful).where(SecurityGroup.id.in_(list(ids)))
    return set(session.scalars(statement.distinct()))


def templates(session: Session, for_default: bool) -> list[DefaultRule]:
    "The rules that a new group begins with."
    column = DefaultRule.used_in_default_sg if for_default else DefaultRule.used_in_non_default_sg
    return list(session.scalars(select(DefaultRule).where(column).order_by(DefaultRule.created_at)))


def in_use(session: Session, group_id: str) -> bool:
    "Whether a port has the group."
    return bool(session.scalar(select(exists().where(PortGroup.security_group_id == group_id))))


def rules_to(session: Session, group_id: str) -> list[SecurityRule]:
    "The rules of other groups that name the group as their remote."
    return list(
        session.scalars(
            select(SecurityRule).where(
                SecurityRule.remote_group_id == group_id,
                SecurityRule.security_group_id != group_id,
            )
        )
    )


def is_default(session: Session, group_id: str) -> bool:
    "Whether the group is some project's default."
    return bool(session.scalar(select(exists().where(DefaultGroup.security_group_id == group_id))))


def rules_of(session: Session, group_id: str) -> list[SecurityRule]:
    "The rules of a group."
    return list(
        session.scalars(select(SecurityRule).where(SecurityRule.security_group_id == group_id))
    )


def address_group_in_use(session: Session, group_id: str) -> bool:
    "Whether a rule names the address group."
    return bool(
        session.scalar(select(exists().where(SecurityRule.remote_address_group_id == group_id)))
    )


def address_groups(session: Session, ids: Iterable[str]) -> list[AddressGroup]:
    "These address groups."
    return list(session.scalars(select(AddressGroup).where(AddressGroup.id.in_(list(ids)))))


def default_rules(session: Session) -> list[DefaultRule]:
    "All templates."
    return list(session.scalars(select(DefaultRule)))


def forget(session: Session, group_id: str) -> None:
    "Remove the sharing of a group that goes."
    for row in session.scalars(select(Rbac).where(Rbac.object_id == group_id)):
        session.delete(row)
