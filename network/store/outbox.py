"The scopes that OVN has yet to be told about (see `models.Pending`)."

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from common.db import past_orm
from network.store.models import Pending

# Built once and run past the ORM: they are a part of every change, and building them would cost
# more than running them.
_P: Any = Pending.__table__
_MARK = insert(_P)
_PENDING = select(_P.c.seq, _P.c.scope).order_by(_P.c.seq).limit(bindparam("most"))
_DONE = delete(_P).where(_P.c.seq.in_(bindparam("numbers", expanding=True)))

DIRTY = "outbox"
"Key in `Session.info` that says that this transaction marked something."


def mark(session: Session, *scopes: str) -> None:
    "Note, in this transaction, that these scopes have changed."
    if scopes:
        rows = [{"scope": scope} for scope in dict.fromkeys(scopes)]
        past_orm(session).execute(_MARK, rows)
        session.info[DIRTY] = True


MOST = 1000
"Entries that are read at once."


def pending(session: Session, most: int = MOST) -> tuple[list[int], set[str]]:
    "(numbers read, scopes): what is to be done, oldest first."
    rows = past_orm(session).execute(_PENDING, {"most": most}).all()
    return [row.seq for row in rows], {row.scope for row in rows}


def done(session: Session, numbers: Sequence[int]) -> None:
    """Forget these and no others: a transaction that took a lower number may have been committed
    since they were read."""
    if numbers:
        past_orm(session).execute(_DONE, {"numbers": numbers})
