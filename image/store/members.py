"Members of shared images."

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from image.store.models import Member


def of_image(session: Session, image_id: str) -> Sequence[Member]:
    "All members of an image, oldest first."
    query = select(Member).where(Member.image_id == image_id)
    return session.scalars(query.order_by(Member.created_at, Member.member)).all()


def get(session: Session, image_id: str, member: str) -> Member | None:
    "One membership."
    return session.get(Member, (image_id, member))


def add(session: Session, image_id: str, member: str) -> Member:
    "A new membership, pending."
    row = Member(image_id=image_id, member=member)
    session.add(row)
    session.flush()
    return row
