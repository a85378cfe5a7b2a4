"""Rows of blobs: how many objects share one, when it died, which are damaged."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, delete, insert, select, update
from sqlalchemy.orm import Session

from common.lookup import Write
from objectstore.store.models import Blob, Cursor, Damage

_B: Any = Blob.__table__
_D: Any = Damage.__table__
_INSERT = Write(insert(_B))
_REF = Write(update(_B).where(_B.c.id == bindparam("b"), _B.c.refs > 0).values(refs=_B.c.refs + 1))
_UNREF = Write(
    update(_B)
    .where(_B.c.id == bindparam("b"))
    .values(refs=_B.c.refs - 1, dead_at=case((_B.c.refs <= 1, bindparam("now")), else_=None))
)


def add(
    session: Session, blob_id: str, locator: str, size: int, policy: int, key: str | None
) -> None:
    "A blob with its first object."
    _INSERT.run(
        session,
        {
            "id": blob_id,
            "locator": locator,
            "size": size,
            "policy": policy,
            "key": key,
            "refs": 1,
            "dead_at": None,
        },
    )


def _count(result: Any) -> int:
    return int(result.rowcount)


def share(session: Session, blob_id: str) -> bool:
    "One object more has these bytes; False if they died in between."
    return _REF.run(session, {"b": blob_id}) == 1


def release(session: Session, blob_id: str, now: int) -> None:
    "One object less; the last one gone, the blob is dead."
    _UNREF.run(session, {"b": blob_id, "now": now})


def get(session: Session, blob_id: str) -> Any:
    "The row, or None."
    return session.execute(select(_B).where(_B.c.id == blob_id)).first()


def locator(session: Session, blob_id: str) -> str | None:
    "Where the blob is now."
    return session.execute(select(_B.c.locator).where(_B.c.id == blob_id)).scalar()


def locators(session: Session, blob_ids: list[str]) -> dict[str, str]:
    """Where they are, dead ones included: their bytes may still be read by a request that began
    before."""
    rows = session.execute(select(_B.c.id, _B.c.locator).where(_B.c.id.in_(blob_ids)))
    return {row[0]: row[1] for row in rows}


def replace(session: Session, blob_id: str, old: str, new: str) -> bool:
    "Move it, if nobody else has."
    statement = update(_B).where(_B.c.id == blob_id, _B.c.locator == old).values(locator=new)
    return _count(session.execute(statement)) == 1


def page(session: Session, beyond: str, limit: int) -> list[Any]:
    "Living blobs (id, locator, size, policy) in the order of ids."
    return list(
        session.execute(
            select(_B.c.id, _B.c.locator, _B.c.size, _B.c.policy)
            .where(_B.c.id > beyond, _B.c.refs > 0)
            .order_by(_B.c.id)
            .limit(limit)
        )
    )


def dead(session: Session, before: int, limit: int) -> list[Any]:
    "(id, locator) of blobs that died before `before`."
    return list(
        session.execute(
            select(_B.c.id, _B.c.locator).where(_B.c.dead_at < before, _B.c.refs <= 0).limit(limit)
        )
    )


def forget(session: Session, blob_ids: list[str]) -> None:
    "Their bytes are gone."
    session.execute(delete(_B).where(_B.c.id.in_(blob_ids), _B.c.refs <= 0))


def note_damage(session: Session, blob_id: str, now: int) -> None:
    "Somebody saw a bad copy."
    if session.get(Damage, blob_id) is None:
        session.execute(insert(_D), {"blob_id": blob_id, "seen": now})


def damaged(session: Session, limit: int) -> list[Any]:
    "(id, locator, policy) of living blobs with a bad copy."
    return list(
        session.execute(
            select(_B.c.id, _B.c.locator, _B.c.policy)
            .join(_D, _D.c.blob_id == _B.c.id)
            .where(_B.c.refs > 0)
            .order_by(_D.c.seen)
            .limit(limit)
        )
    )


def has_damage(session: Session) -> bool:
    "Whether any is noted."
    return session.execute(select(_D.c.blob_id).limit(1)).first() is not None


def forget_damage(session: Session, blob_ids: list[str]) -> None:
    "They are whole again, or gone."
    session.execute(delete(_D).where(_D.c.blob_id.in_(blob_ids)))


def forget_stray_damage(session: Session) -> None:
    "Damage of blobs that died."
    session.execute(delete(_D).where(~_D.c.blob_id.in_(select(_B.c.id).where(_B.c.refs > 0))))


def cursor(session: Session, name: str) -> str:
    "Where a pass stands; empty at its start."
    row = session.get(Cursor, name)
    return row.value if row else ""


def set_cursor(session: Session, name: str, value: str) -> None:
    "Remember it."
    session.merge(Cursor(name=name, value=value))
