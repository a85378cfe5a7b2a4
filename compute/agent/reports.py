"""Telling the conductor. A finished job is told until the bus has taken it; steps and power
changes are told once."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from common.errors import Error
from compute.agent.journal import Job, Journal
from compute.contracts.conductor import Reports
from compute.contracts.specs import DomainState, HostInventory

LOG = logging.getLogger(__name__)


class Reporter(threading.Thread):
    """Sends in the order of arrival, from a thread of its own: a slow or dead broker never holds
    up a job. `reports` is the client of the contract."""

    def __init__(
        self, reports: Reports, journal: Journal, host: str, *, retry_s: float = 1.0
    ) -> None:
        super().__init__(name=f"reports-{host}", daemon=True)
        self._reports, self._journal, self._host, self._retry_s = reports, journal, host, retry_s
        self._queue: deque[tuple[Callable[[], None], bool]] = deque()
        self._changed = threading.Condition()
        self._stopping = False

    def finished(self, job: Job) -> None:
        "A job has ended; told at least once, and then struck off the journal."
        self._put(lambda: self._send_finished(job), True)

    def progress(self, job: Job, step: str, detail: dict[str, Any] | None) -> None:
        "A step begins."
        if not job.quiet:
            self._put(lambda: self._reports.progress(job.id, job.subject, step, detail), False)

    def power_changed(self, state: DomainState) -> None:
        "A guest changed by itself."
        self._put(lambda: self._reports.power_changed(self._host, state), False)

    def inventory(self, host: HostInventory) -> dict[str, Any]:
        "Report the host and learn what it should be. Raises what the bus raises."
        return self._reports.inventory(host)

    def _send_finished(self, job: Job) -> None:
        outcome = job.outcome or {}
        if not job.quiet:
            server_id = "" if job.method in {"cache_image", "forget_image"} else job.subject
            self._reports.finished(job_id=job.id, server_id=server_id, **outcome)
        self._journal.close(job)

    def _put(self, send: Callable[[], None], must: bool) -> None:
        with self._changed:
            self._queue.append((send, must))
            self._changed.notify()

    def run(self) -> None:
        "Send until stopped and empty."
        while True:
            with self._changed:
                while not self._queue and not self._stopping:
                    self._changed.wait()
                if not self._queue:
                    return
                send, must = self._queue.popleft()
            self._try(send, must)

    def _try(self, send: Callable[[], None], must: bool) -> None:
        while True:
            try:
                send()
                return
            except Error as error:
                LOG.warning("report was not sent%s: %s", ", trying again" if must else "", error)
            except Exception:
                LOG.exception("report was not sent%s", ", trying again" if must else "")
            with self._changed:
                if not must or self._stopping:
                    return  # a job's outcome is in the journal: the next process tells it
                self._changed.wait_for(lambda: self._stopping, self._retry_s)

    def stop(self) -> None:
        "Send what waits, as far as the bus takes it now, and end."
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self.join(timeout=10)
