"""The journal of data: what lies where, what is being written or removed and by whom, and what a
project uses."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from image.store.base import rowcount
from image.store.models import Blob, Image, Task, Worker

STAGING = "os_glance_staging_store"
"""Name of the place where staged data waits for its import."""


def begin(
    session: Session, *, image_id: str, store: str, owner: str | None, size: int, worker_id: str
) -> Blob:
    "Announce that data is about to be written; `size` bytes count against the quota from now on."
    blob = Blob(image_id=image_id, store=store, owner=owner, size=size, worker_id=worker_id)
    session.add(blob)
    session.flush()
    return blob


def get(session: Session, blob_id: str) -> Blob | None:
    "One blob, locked."
    return session.get(Blob, blob_id, with_for_update=True, populate_existing=True)


def of_image(
    session: Session, image_id: str, *, state: str | None = None, store: str | None = None
) -> Sequence[Blob]:
    "The blobs of an image, oldest first."
    query = select(Blob).where(Blob.image_id == image_id)
    if state is not None:
        query = query.where(Blob.state == state)
    if store is not None:
        query = query.where(Blob.store == store)
    return session.scalars(query.order_by(Blob.created_at, Blob.id)).all()


def finish(session: Session, blob_id: str, size: int) -> bool:
    "The data is there. False if the row is no longer `writing`: somebody took the work away."
    done = session.execute(
        update(Blob)
        .where(Blob.id == blob_id, Blob.state == "writing")
        .values(state="ready", size=size, worker_id=None)
    )
    return rowcount(done) > 0


def doom(session: Session, image_id: str, *, store: str | None = None) -> Sequence[Blob]:
    "Mark the finished data of an image (in one store) for removal and return it."
    doomed = list(of_image(session, image_id, state="ready", store=store))
    for blob in doomed:
        blob.state = "deleting"
    session.flush()
    return doomed


def doom_one(session: Session, blob_id: str) -> None:
    "Mark one blob for removal, whatever its state."
    session.execute(update(Blob).where(Blob.id == blob_id).values(state="deleting"))


def forget(session: Session, blob_id: str) -> None:
    "The data is gone, and so is its row."
    session.execute(delete(Blob).where(Blob.id == blob_id))


def deleting(session: Session, after: str = "", limit: int = 200) -> Sequence[Blob]:
    "Data that waits for its removal, by id: those above `after`."
    query = select(Blob).where(Blob.state == "deleting", Blob.id > after)
    return session.scalars(query.order_by(Blob.id).limit(limit)).all()


def abandoned(session: Session, dead: Sequence[str]) -> Sequence[Blob]:
    "Data that processes which are no more had begun to write."
    if not dead:
        return []
    return session.scalars(
        select(Blob).where(Blob.state == "writing", Blob.worker_id.in_(dead))
    ).all()


def writers(session: Session) -> set[str]:
    "Ids of the workers that have unfinished data."
    query = select(Blob.worker_id).where(Blob.state == "writing").distinct()
    return {i for i in session.scalars(query) if i is not None}


def known(session: Session, store: str) -> set[str]:
    "Ids of all blobs of a store: whatever else lies there belongs to nobody."
    return set(session.scalars(select(Blob.id).where(Blob.store == store)))


def used(session: Session, owner: str, *, staged: bool) -> int:
    "Bytes that a project stores (or has staged), reservations included."
    query = select(func.coalesce(func.sum(Blob.size), 0)).where(
        Blob.owner == owner, Blob.state != "deleting"
    )
    query = query.where(Blob.store == STAGING if staged else Blob.store != STAGING)
    return int(session.scalar(query) or 0)


def emptied(session: Session, image_id: str) -> bool:
    "Whether an image has no blob left in any state."
    return (
        session.scalar(select(func.count()).select_from(Blob).where(Blob.image_id == image_id)) == 0
    )


def removable(session: Session) -> Sequence[str]:
    "Images that are to go and have no data any more."
    query = (
        select(Image.id)
        .where(Image.status == "pending_delete")
        .where(~select(Blob.id).where(Blob.image_id == Image.id).exists())
    )
    return session.scalars(query).all()


def unsettled(session: Session) -> Sequence[str]:
    """Images that say somebody works on them while nobody does: `saving` without data being
    written, `uploading` without staged data, `importing` without a task. Every step writes both in
    one transaction, so only a death between two steps leaves them."""
    mine = Blob.image_id == Image.id
    written = select(Blob.id).where(mine, Blob.state == "writing").exists()
    staged = select(Blob.id).where(mine, Blob.state == "ready", Blob.store == STAGING).exists()
    worked = select(Task.id).where(
        Task.image_id == Image.id, Task.status.in_(("pending", "processing"))
    )
    query = select(Image.id).where(
        Image.status.in_(("saving", "uploading", "importing")), ~written, ~worked.exists()
    )
    return session.scalars(query.where(~((Image.status == "uploading") & staged))).all()


def beat(session: Session, worker_id: str, host: str, now: datetime.datetime) -> None:
    "Say that a worker lives."
    worker = session.get(Worker, worker_id)
    if worker is None:
        session.add(Worker(id=worker_id, host=host, heartbeat_at=now))
    else:
        worker.heartbeat_at = now


def workers(session: Session) -> Sequence[Worker]:
    "All processes that have said they live and not yet that they died."
    return session.scalars(select(Worker)).all()


def bury(session: Session, worker_id: str) -> None:
    "Forget a worker."
    session.execute(delete(Worker).where(Worker.id == worker_id))
