"""Jobs: orders of one server run one after another, those of different servers side by side, at
most so many at once.

Every job ends in one outcome, which goes to the journal before it goes to the conductor. A server's
deletion overtakes what is still waiting for that server, and asks what is running to give up. A job
that the hypervisor goes away from waits for its return and is carried out again: a restart of
libvirtd is no fault of a server."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from common.bus.contract import from_wire
from common.context import request_id_var
from common.errors import Error
from compute.agent.drivers import Cancelled, Driver, Work
from compute.agent.images import TokenExpired
from compute.agent.journal import Job, Journal
from compute.contracts.agent import Agent

LOG = logging.getLogger(__name__)
Outcome = dict[str, Any]
_AGAIN_S = 0.5


class _Left(Exception):
    "The job stays in the journal for the next process."


class Jobs:
    """The queue of one host. `report(job)` is called with each job that has ended; `tell(job,
    step, detail)` with each step."""

    def __init__(
        self,
        driver: Driver,
        journal: Journal,
        *,
        parallel: int,
        report: Callable[[Job], None],
        tell: Callable[[Job, str, dict[str, Any] | None], None],
        away_s: float = 120,
    ) -> None:
        self._driver, self._journal, self._report, self._tell = driver, journal, report, tell
        self._away_s = away_s
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Job]] = {}
        self._running: dict[str, tuple[Job, Work]] = {}
        self._stopping = False

    def resume(self) -> None:
        "Go on with what an earlier process left: report what had ended, carry out the rest again."
        for job in self._journal.open_jobs():
            if job.outcome is not None:
                self._report(job)
            else:
                LOG.info("resuming %s of %s", job.method, job.subject)
                job.resumed = True
                with self._lock:
                    self._enqueue(job)

    def submit(self, job: Job) -> None:
        """Accept an order: when this returns, it is on disk. An order that came before is
        answered with its outcome."""
        with self._lock:
            known = self._journal.find(job.id)
            if known is None:
                self._journal.write(job)
                overtaken = self._overtake(job) if job.method == "destroy" else []
                self._enqueue(job)
            else:
                overtaken = []
        if known is not None and known.outcome is not None:
            LOG.info("%s of %s came again", known.method, known.subject)
            self._report(known)
        for old in overtaken:
            self._end(old, _failed(Cancelled()))

    def _overtake(self, job: Job) -> list[Job]:
        waiting = self._queues.get(job.subject)
        overtaken = [j for j in waiting or () if j.method != "destroy"]
        for old in overtaken:
            waiting.remove(old)  # type: ignore[union-attr]
        running = self._running.get(job.subject)
        if running and running[0].method != "destroy":
            running[1].cancelled.set()
        return overtaken

    def _enqueue(self, job: Job) -> None:
        queue = self._queues.get(job.subject)
        if queue is not None:
            queue.append(job)
            return
        self._queues[job.subject] = deque([job])
        self._pool.submit(self._drain, job.subject)

    def _drain(self, subject: str) -> None:
        while True:
            with self._lock:
                queue = self._queues[subject]
                if not queue or self._stopping:
                    self._queues.pop(subject)
                    return
                job = queue.popleft()
                work = Work(lambda step, detail, job=job: self._tell(job, step, detail))  # type: ignore[misc]
                self._running[subject] = (job, work)
            outcome = self._carry_out(job, work)
            if outcome is not None:
                self._end(job, outcome)
            with self._lock:
                self._running.pop(subject, None)

    def _carry_out(self, job: Job, work: Work) -> Outcome | None:
        "What became of it; None: nothing yet, and this process is going."
        request_id_var.set(job.request_id)
        try:
            detail = self._patiently(job, work)
            outcome = {"ok": True, "fault": "", "detail": detail}
        except _Left:
            return None
        except Exception as error:  # whatever it is, the conductor must learn of it
            outcome = _failed(error)
            level = logging.INFO if isinstance(error, Cancelled) else logging.ERROR
            LOG.log(
                level,
                "%s of %s: %s",
                job.method,
                job.subject,
                outcome["fault"],
                exc_info=not isinstance(error, Error),
            )
        outcome["power_state"] = self._power_state(job.subject)
        return outcome

    def _patiently(self, job: Job, work: Work) -> dict[str, Any] | None:
        "Carry out, and again while the hypervisor is away, for `away_s` at most."
        deadline = time.monotonic() + self._away_s
        while True:
            try:
                detail: dict[str, Any] | None
                detail = getattr(self._driver, job.method)(work, **_typed(job))
                return detail
            except Exception as error:
                if not self._driver.away(error) or time.monotonic() > deadline:
                    raise
                LOG.warning("%s of %s is tried again: %s", job.method, job.subject, error)
            if self._stopping:
                raise _Left()
            if work.cancelled.wait(_AGAIN_S):
                raise Cancelled()

    def _power_state(self, server_id: str) -> int:
        try:
            return self._driver.power_state(server_id)
        except Exception as error:
            LOG.warning("power state of %s: %s", server_id, error)
            return 0

    def _end(self, job: Job, outcome: Outcome) -> None:
        job.outcome = {"power_state": 0} | outcome
        try:
            self._journal.write(job)
        except OSError:
            LOG.exception("the outcome of %s of %s could not be kept", job.method, job.subject)
        self._report(job)

    def busy(self) -> list[str]:
        "Subjects that a job waits or runs for."
        with self._lock:
            return sorted(self._queues.keys() | self._running.keys())

    def stop(self) -> None:
        """Take nothing new from the queues, let what runs end; the next process goes on with the
        rest."""
        with self._lock:
            self._stopping = True
        self._pool.shutdown(wait=True)


def _typed(job: Job) -> dict[str, Any]:
    parameters = Agent.methods[job.method].parameters
    return {
        k: from_wire(parameters[k], v)
        for k, v in job.arguments.items()
        if k in parameters and k != "job_id"
    }


def _failed(error: BaseException) -> Outcome:
    known = isinstance(error, Error)
    fault = str(error) if known else f"{type(error).__name__}: {error}"
    detail: dict[str, Any] = {"kind": type(error).__name__}
    if isinstance(error, Cancelled):
        detail["cancelled"] = True
    elif isinstance(error, TokenExpired):
        detail["retry"] = "token"
    else:
        detail["details"] = "".join(traceback.format_exception(error))[-8000:]
    return {
        "ok": False,
        "fault": " ".join(fault.split())[:1000],
        "detail": detail,
        "power_state": 0,
    }
