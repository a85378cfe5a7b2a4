"""Group commit: writers that come at the same time share one transaction, and so one sync of the
database's log."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import event
from sqlalchemy.orm import Session

from common.db import Database

T = TypeVar("T")


class _Job:
    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work, self.done = work, False
        self.result: Any = None
        self.error: BaseException | None = None


class Committer:
    """Runs `work(session)` in a transaction that is on disk when `run` returns.

    On SQLite, whose writers queue anyway, whoever gets the turn runs everything that waits in one
    transaction. When a
    piece of work raises, the batch is rolled back and every piece runs again in a transaction of
    its own, so work must
    have no effect but on the session. A database server batches by itself and gets plain
    transactions.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._batched = db.engine.dialect.name == "sqlite"
        self._turn = threading.Lock()
        self._waiting: deque[_Job] = deque()
        if self._batched:
            event.listen(db.engine, "connect", _durable)

    def run(self, work: Callable[[Session], T]) -> T:
        "Run it, commit, return what it returned; or roll back and raise what it raised."
        if not self._batched:
            return self.db.transact(work)
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            if not job.done:
                self._lead()
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    def _lead(self) -> None:
        batch: list[_Job] = []
        try:
            with self.db.write() as session:
                # All that wait by now, also for a writer of another process; the leader's own work
                # is among them, since only a leader takes any away.
                batch = self._all_waiting()
                for job in batch:
                    job.result = job.work(session)
            for job in batch:
                job.done = True
            return
        except BaseException as error:
            if len(batch) == 1:
                batch[0].error, batch[0].done = error, True
                return
        # somebody's work failed, or nobody's could begin; each now succeeds or fails alone
        for job in batch or self._all_waiting():
            try:
                with self.db.write() as session:
                    job.result = job.work(session)
            except BaseException as error:
                job.error = error
            job.done = True

    def _all_waiting(self) -> list[_Job]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]


def _durable(connection: Any, record: Any) -> None:
    # WAL with NORMAL may lose the last commits when the power fails; a 201 promises that it does
    # not.
    connection.execute("PRAGMA synchronous=FULL")
