"Users, passwords, groups, memberships."

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from identity.store.listing import Listed, listed
from identity.store.models import Group, Membership, Password, User
from identity.store.types import Filter, Listing


def passwords(session: Session, user_id: str, most: int) -> Sequence[Password]:
    "The newest passwords of a user, newest first."
    return session.scalars(
        select(Password).where(Password.user_id == user_id).order_by(Password.id.desc()).limit(most)
    ).all()


def forget_passwords(session: Session, user_id: str, keep: int) -> None:
    "Delete all but the newest `keep` passwords."
    kept = [p.id for p in passwords(session, user_id, keep)]
    session.execute(delete(Password).where(Password.user_id == user_id, Password.id.not_in(kept)))


def expiries(session: Session, user_ids: Sequence[str]) -> dict[str, datetime.datetime | None]:
    "When the current password of each user ends."
    if not user_ids:
        return {}
    found: dict[str, datetime.datetime | None] = {}
    for start in range(0, len(user_ids), 500):
        query = (
            select(Password.user_id, Password.expires_at)
            .where(Password.user_id.in_(user_ids[start : start + 500]))
            .order_by(Password.id)
        )
        found.update(session.execute(query).tuples().all())
    return found


def users(
    session: Session,
    listing: Listing,
    *,
    group_id: str | None = None,
    expires: Filter | None = None,
    idp_id: str | None = None,
    unique_id: str | None = None,
    protocol_id: str | None = None,
) -> Listed:
    """Users that a listing asks for; of a group; whose password ends at some time; whom a
    provider vouched for."""
    from identity.store.listing import _condition
    from identity.store.models import FederatedUser

    query = select(User)
    if group_id is not None:
        query = query.where(
            User.id.in_(select(Membership.user_id).where(Membership.group_id == group_id, _alive()))
        )
    if expires is not None:
        query = query.where(
            User.id.in_(select(Password.user_id).where(_condition(Password.expires_at, expires)))
        )
    federated = {"idp_id": idp_id, "unique_id": unique_id, "protocol_id": protocol_id}
    wanted = {k: v for k, v in federated.items() if v is not None}
    if wanted:
        query = query.where(User.id.in_(select(FederatedUser.user_id).filter_by(**wanted)))
    return listed(session, query, User, listing)


def groups(session: Session, listing: Listing, *, user_id: str | None = None) -> Listed:
    "Groups that a listing asks for; of a user."
    query = select(Group)
    if user_id is not None:
        query = query.where(
            Group.id.in_(select(Membership.group_id).where(Membership.user_id == user_id, _alive()))
        )
    return listed(session, query, Group, listing)


def _alive() -> Any:
    return or_(
        Membership.expires_at.is_(None), Membership.expires_at > datetime.datetime.now(datetime.UTC)
    )


def is_member(session: Session, user_id: str, group_id: str) -> bool:
    "Whether a user is in a group now."
    query = (
        select(Membership.user_id)
        .where(Membership.user_id == user_id, Membership.group_id == group_id, _alive())
        .limit(1)
    )
    return session.scalar(query) is not None


def members(session: Session, group_id: str) -> list[str]:
    "Ids of a group's users."
    return list(
        session.scalars(
            select(Membership.user_id).where(Membership.group_id == group_id).distinct()
        )
    )


def memberships(session: Session, user_id: str) -> dict[str, datetime.datetime | None]:
    "Groups of a user, and when each membership ends."
    query = select(Membership.group_id, Membership.expires_at).where(
        Membership.user_id == user_id, _alive()
    )
    return dict(session.execute(query).tuples().all())
