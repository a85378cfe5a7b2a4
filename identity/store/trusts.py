"Trusts."

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from identity.store.models import Trust, TrustRole

__all__ = ["Trust", "TrustRole", "listed", "living", "redelegated", "use"]


def _alive():
    now = datetime.datetime.now(datetime.UTC)
    return (
        Trust.deleted_at.is_(None),
        or_(Trust.expires_at.is_(None), Trust.expires_at > now),
        or_(Trust.remaining_uses.is_(None), Trust.remaining_uses > 0),
    )


def living(session: Session, trust_id: str) -> Trust | None:
    "The trust, unless it was deleted, ended or is used up."
    return session.scalars(select(Trust).where(Trust.id == trust_id, *_alive())).first()


def listed(session: Session, **users: str) -> Sequence[Trust]:
    "Living trusts of a trustor or trustee."
    return session.scalars(
        select(Trust).where(*_alive()).filter_by(**users).order_by(Trust.id)
    ).all()


def use(session: Session, trust_id: str) -> bool:
    "Take one of the remaining uses; False when none was left. Two takers never get the same one."
    done = session.execute(
        update(Trust)
        .where(Trust.id == trust_id, Trust.remaining_uses > 0)
        .values(remaining_uses=Trust.remaining_uses - 1)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def redelegated(session: Session, trust_id: str) -> Sequence[Trust]:
    "Trusts passed on from this one."
    return session.scalars(
        select(Trust).where(Trust.redelegated_trust_id == trust_id, Trust.deleted_at.is_(None))
    ).all()
