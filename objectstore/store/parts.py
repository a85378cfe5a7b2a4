"""Multipart uploads and the parts of objects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from objectstore.store import blobs, listing
from objectstore.store.models import Blob, Part, Upload

_P: Any = Part.__table__
_U: Any = Upload.__table__
_B: Any = Blob.__table__


def add_upload(session: Session, values: dict[str, Any]) -> None:
    "An upload that begins; `values` has every column."
    session.execute(insert(_U), values)


def upload(session: Session, upload_id: str, container_id: int, lock: bool = False) -> Any:
    "The upload, if that container has it; locked against others who would change or end it."
    statement = select(_U).where(_U.c.id == upload_id, _U.c.container_id == container_id)
    return session.execute(statement.with_for_update() if lock else statement).first()


def uploads(
    session: Session, container_id: int, prefix: str, marker: str, id_marker: str, limit: int
) -> list[Any]:
    "Rows of uploads by name and id, behind the marker (with `id_marker` inside its name)."
    statement = select(_U).where(_U.c.container_id == container_id)
    if prefix:
        statement = statement.where(_U.c.name >= prefix)
        beyond = listing.after(prefix)
        if beyond is not None:
            statement = statement.where(_U.c.name < beyond)
    if marker and id_marker:
        inside = and_(_U.c.name == marker, _U.c.id > id_marker)
        statement = statement.where(or_(_U.c.name > marker, inside))
    elif marker:
        statement = statement.where(_U.c.name > marker)
    return list(session.execute(statement.order_by(_U.c.name, _U.c.id).limit(limit)))


def pending_bytes(session: Session, container_id: int) -> int:
    "Bytes of parts of which no object has been made yet."
    statement = (
        select(func.coalesce(func.sum(_P.c.size), 0))
        .select_from(_P.join(_U, _U.c.id == _P.c.owner))
        .where(_U.c.container_id == container_id)
    )
    return int(session.execute(statement).scalar() or 0)


def get(session: Session, owner: str, number: int) -> Any:
    "One part, or None."
    return session.execute(select(_P).where(_P.c.owner == owner, _P.c.number == number)).first()


def add(session: Session, values: dict[str, Any]) -> None:
    "A part; `values` has every column."
    session.execute(insert(_P), values)


def of(session: Session, owner: str, after: int = 0, limit: int | None = None) -> list[Any]:
    "The parts by number."
    statement = select(_P).where(_P.c.owner == owner, _P.c.number > after).order_by(_P.c.number)
    return list(session.execute(statement.limit(limit) if limit is not None else statement))


_WITH_BLOBS = (
    select(_P.c.number, _P.c.size, _P.c.blob_id, _B.c.locator, _B.c.key)
    .select_from(_P.outerjoin(_B, _B.c.id == _P.c.blob_id))
    .where(_P.c.owner == bindparam("owner"))
    .order_by(_P.c.number)
)


def with_blobs(session: Session, owner: str) -> list[Any]:
    "(number, size, blob_id, locator, key) of an object's parts, in order."
    return list(session.execute(_WITH_BLOBS, {"owner": owner}))


def drop(session: Session, owner: str, now: int, numbers: list[int] | None = None) -> None:
    "Forget parts, all or some, and release their bytes."
    which = [_P.c.owner == owner]
    if numbers is not None:
        which.append(_P.c.number.in_(numbers))
    for (blob_id,) in session.execute(select(_P.c.blob_id).where(*which)).all():
        if blob_id is not None:
            blobs.release(session, blob_id, now)
    session.execute(delete(_P).where(*which))


def stale_uploads(session: Session, before: int, limit: int) -> list[str]:
    "Ids of uploads that began before that time and got no part since."
    later = select(_P.c.owner).where(_P.c.owner == _U.c.id, _P.c.ts >= before).exists()
    statement = select(_U.c.id).where(_U.c.created < before, ~later).limit(limit)
    return list(session.scalars(statement))


def end_stale(session: Session, upload_id: str, before: int, now: int) -> bool:
    "Abort an upload if it is still there and still stale; whoever completes it waits, or is first."
    mine = select(_U.c.id).where(_U.c.id == upload_id).with_for_update()
    newest = select(func.max(_P.c.ts)).where(_P.c.owner == upload_id)
    if session.execute(mine).first() is None or (session.scalar(newest) or 0) >= before:
        return False
    drop(session, upload_id, now)
    end_upload(session, upload_id)
    return True


def end_upload(session: Session, upload_id: str) -> None:
    "The upload is no more; its parts are their new owner's, or were dropped."
    session.execute(delete(_U).where(_U.c.id == upload_id))


def drop_uploads(session: Session, container_id: int, now: int) -> None:
    "Abort what was begun in a container."
    ids = session.scalars(select(_U.c.id).where(_U.c.container_id == container_id)).all()
    for upload_id in ids:
        drop(session, upload_id, now)
        end_upload(session, upload_id)


def release(session: Session, row: Any, now: int) -> None:
    "Release the bytes of an object or version that is no more: its blob, or its parts."
    if row.blob_id is not None:
        blobs.release(session, row.blob_id, now)
    if row.kind == "multi":
        drop(session, row.sysmeta["parts"], now)
