"The scopes that OVN has yet to be told about (see `models.Pending`)."

from collections.abc import Sequence

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


MOST = 1000
"Entries that are read at once."


def pending(session: Session, most: int = MOST) -> tuple[list[int], set[str]]:
    "(numbers read, scopes): what is to be done, oldest first."
    rows = session.execute(
        select(Pending.seq, Pending.scope).order_by(Pending.seq).limit(most)
    ).all()
    return [row.seq for row in rows], {row.scope for row in rows}


def done(session: Session, numbers: Sequence[int]) -> None:
    """Forget these and no others: a transaction that took a lower number may have been committed
    since they were read."""
    session.execute(delete(Pending).where(Pending.seq.in_(numbers)))
