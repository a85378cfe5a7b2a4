"The scopes that OVN has yet to be told about (see `models.Pending`)."

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from network.store.models import Pending

DIRTY = "outbox"
"Key in `Session.info` that says that this transaction marked something."


def mark(session: Session, *scopes: str) -> None:
    "Note, in this transaction, that these scopes have changed."
    if scopes:
        session.execute(insert(Pending), [{"scope": scope} for scope in dict.fromkeys(scopes)])
        session.info[DIRTY] = True


def pending(session: Session, most: int = 2000) -> tuple[int, set[str]]:
    "(highest number read, scopes): what is to be done, oldest first."
    rows = session.execute(
        select(Pending.seq, Pending.scope).order_by(Pending.seq).limit(most)
    ).all()
    return (rows[-1].seq, {row.scope for row in rows}) if rows else (0, set())


def done(session: Session, seq: int, scopes: Iterable[str] | None = None) -> None:
    "Forget everything up to `seq`."
    session.execute(delete(Pending).where(Pending.seq <= seq))
