"Revocation records, and reading what changed since."

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from identity.store import rows
from identity.store.models import Revocation


def add(session: Session, keys: Iterable[str], lifetime_s: float, now: float) -> list[Revocation]:
    """One record for each key, refusing tokens issued until now; they are kept until no such
    token is alive."""
    records = [
        Revocation(key=key, issued_before=now, expires_at=now + lifetime_s)
        for key in dict.fromkeys(keys)
    ]
    session.add_all(records)
    session.flush()
    rows.bump(session, "revocations")
    return records


def since(session: Session, seq: int) -> Sequence[Revocation]:
    "Records after `seq` that still matter, oldest first."
    return session.scalars(
        select(Revocation)
        .where(Revocation.seq > seq, Revocation.expires_at > time.time())
        .order_by(Revocation.seq)
    ).all()


def latest(session: Session) -> int:
    "The highest sequence number so far."
    return session.scalar(select(func.max(Revocation.seq))) or 0


def purge(session: Session) -> None:
    """Forget records that no living token can meet, save the newest, which keeps the sequence
    numbers growing."""
    newest = latest(session)
    session.execute(
        delete(Revocation).where(Revocation.expires_at < time.time(), Revocation.seq < newest)
    )
