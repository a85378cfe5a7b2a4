"""Work that outlives its request, in a few threads of this process. What a task is, the database
says."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Jobs:
    "Threads that run what is given to them, in order; they are started with the first job."

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def put(self, job: Callable[[], None]) -> None:
        "Run `job` soon."
        self._queue.put(job)
        with self._lock:
            if len(self._threads) < self._parallel:
                name = f"job-{len(self._threads)}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        while True:
            job = self._queue.get()
            try:
                job()
            except Exception:  # a job writes its own failure down; this is for what it could not
                LOG.exception("a job failed")
            finally:
                self._queue.task_done()

    def wait(self) -> None:
        "Until everything that was given has run (tests)."
        self._queue.join()
