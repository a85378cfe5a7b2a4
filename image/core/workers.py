"""Which processes of this service live. What a dead one was doing is finished or undone by the
others.

On this machine the kernel tells: each process holds a lock on a file for its life. Processes
elsewhere are known by their heartbeat in the database.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from common.db import Database, utcnow
from common.ids import new_id
from image.store import blobs


class LocalWorker:
    "This process, known to the others under `id`."

    def __init__(self, db: Database, folder: Path, host: str, lost_s: int) -> None:
        self.db, self.host, self.lost_s = db, host, lost_s
        self.id = new_id()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._lock = os.open(self._file(self.id), os.O_RDWR | os.O_CREAT, 0o640)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._registered = False
        self._beating = threading.Lock()

    def _file(self, worker_id: str) -> Path:
        return self._folder / f"{worker_id}.lock"

    def beat(self) -> None:
        "Tell the database that this process lives."
        with self._beating:  # the first requests of a process come together
            with self.db.write() as session:
                blobs.beat(session, self.id, self.host, utcnow())
            self._registered = True

    def ensure(self) -> None:
        "Be known before the first piece of work carries this worker's id."
        if not self._registered:
            self.beat()

    def dead(self) -> Sequence[str]:
        "Ids of workers that are no more, and of those nobody has ever heard of but who left work."
        with self.db.read() as session:
            workers = blobs.workers(session)
            known = {w.id for w in workers}
            unknown = blobs.writers(session) - known - {self.id}
        lost = utcnow() - datetime.timedelta(seconds=self.lost_s)
        gone = [
            w.id
            for w in workers
            if w.id != self.id
            and (self._lock_is_free(w.id) if w.host == self.host else w.heartbeat_at < lost)
        ]
        return [*gone, *unknown]

    def bury(self, worker_id: str) -> None:
        "Forget a dead worker, once nothing of its work is left."
        with self.db.write() as session:
            blobs.bury(session, worker_id)
        self._file(worker_id).unlink(missing_ok=True)

    def _lock_is_free(self, worker_id: str) -> bool:
        try:
            descriptor = os.open(self._file(worker_id), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)

    def close(self) -> None:
        "End of this process's work (tests; a real process just ends)."
        os.close(self._lock)
