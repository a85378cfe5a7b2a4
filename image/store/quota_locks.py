"""One lock for each project, held to the end of the transaction: what is checked against a limit
stays true."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from image.store.models import QuotaLock


def hold(session: Session, owner: str) -> None:
    "Wait for the project's lock. On SQLite the transaction itself is the lock."
    if session.get_bind().dialect.name == "sqlite":
        return
    query = select(QuotaLock).where(QuotaLock.owner == owner).with_for_update()
    if session.scalars(query).first() is None:
        try:
            with session.begin_nested():
                session.add(QuotaLock(owner=owner))
        except IntegrityError:
            pass  # another transaction made it first
        session.scalars(query).first()
