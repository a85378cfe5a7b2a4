"Which images are in the local cache of which machine."

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from image.store.base import rowcount
from image.store.models import CachedImage


def get(session: Session, image_id: str, host: str) -> CachedImage | None:
    "One entry."
    return session.get(CachedImage, (image_id, host))


def listing(session: Session, host: str) -> Sequence[CachedImage]:
    "All entries of a machine, the oldest first."
    query = select(CachedImage).where(CachedImage.host == host)
    return session.scalars(query.order_by(CachedImage.modified_at, CachedImage.image_id)).all()


def put(
    session: Session, image_id: str, host: str, state: str, size: int, now: datetime.datetime
) -> None:
    "Write an entry, new or not."
    entry = session.get(CachedImage, (image_id, host))
    if entry is None:
        entry = CachedImage(image_id=image_id, host=host)
        session.add(entry)
    entry.state, entry.size, entry.accessed_at, entry.modified_at = state, size, now, now


def hit(session: Session, image_id: str, host: str, now: datetime.datetime) -> None:
    "Count a download from the cache."
    session.execute(
        update(CachedImage)
        .where(CachedImage.image_id == image_id, CachedImage.host == host)
        .values(hits=CachedImage.hits + 1, accessed_at=now)
    )


def drop(session: Session, image_id: str, host: str) -> bool:
    "Forget an entry; False if there was none."
    gone = session.execute(
        delete(CachedImage).where(CachedImage.image_id == image_id, CachedImage.host == host)
    )
    return rowcount(gone) > 0
