"""Tasks: what was asked for, by whom, how far it is."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from image.store.base import rowcount
from image.store.models import Task

ENDED = ("success", "failure")


def add(session: Session, **values: Any) -> Task:
    "A new task, pending."
    task = Task(**values)
    session.add(task)
    session.flush()
    return task


def get(session: Session, task_id: str) -> Task | None:
    "One task."
    return session.get(Task, task_id)


def of_image(session: Session, image_id: str) -> Sequence[Task]:
    "The tasks of an image, newest first."
    return session.scalars(
        select(Task)
        .where(Task.image_id == image_id)
        .order_by(Task.created_at.desc(), Task.id.desc())
    ).all()


def page(
    session: Session,
    *,
    owner: str | None,
    filters: dict[str, str],
    limit: int,
    marker: str | None,
    descending: bool = True,
) -> Sequence[Task] | None:
    "One page of tasks; None if the marker is unknown."
    query = select(Task)
    if owner is not None:
        query = query.where(Task.owner == owner)
    for name, value in filters.items():
        query = query.where(getattr(Task, name) == value)
    if marker is not None:
        after = session.get(Task, marker)
        if after is None or (owner is not None and after.owner != owner):
            return None
        first, same = Task.created_at, Task.created_at == after.created_at
        query = query.where(
            or_(first < after.created_at, and_(same, Task.id < after.id))
            if descending
            else or_(first > after.created_at, and_(same, Task.id > after.id))
        )
    order = (Task.created_at.desc(), Task.id.desc()) if descending else (Task.created_at, Task.id)
    return session.scalars(query.order_by(*order).limit(limit)).all()


def start(session: Session, task_id: str, worker_id: str, now: datetime.datetime) -> bool:
    "Take a pending task; False if another process has it."
    taken = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.status == "pending")
        .values(status="processing", worker_id=worker_id, updated_at=now)
    )
    return rowcount(taken) > 0


def finish(
    session: Session,
    task_id: str,
    status: str,
    message: str,
    now: datetime.datetime,
    result: dict[str, Any] | None = None,
) -> None:
    "End a task, once."
    session.execute(
        update(Task)
        .where(Task.id == task_id, Task.status.not_in(ENDED))
        .values(status=status, message=message, result=result, updated_at=now, worker_id=None)
    )


def note(session: Session, task_id: str, message: str, now: datetime.datetime) -> None:
    "Write down how far a task is."
    session.execute(update(Task).where(Task.id == task_id).values(message=message, updated_at=now))


def of_workers(session: Session, workers: Sequence[str]) -> Sequence[Task]:
    "Unfinished tasks of these workers."
    if not workers:
        return []
    return session.scalars(
        select(Task).where(Task.worker_id.in_(workers), Task.status.not_in(ENDED))
    ).all()


def forget_old(session: Session, before: datetime.datetime) -> None:
    "Delete tasks that ended before a moment."
    session.execute(delete(Task).where(Task.status.in_(ENDED), Task.updated_at < before))
