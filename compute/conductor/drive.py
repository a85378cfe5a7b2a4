"""Taking steps: lease a job, walk its flow until it waits or is over, turn every failure into a
reason."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from common.context import request_id_var
from common.db import is_transient, utcnow
from common.errors import Error, Unavailable
from compute.conductor import leases
from compute.conductor.flows import FLOWS
from compute.conductor.work import JobOver, Work, sentence, trace
from compute.core import Deps
from compute.store import work as store
from compute.store.models import Job

LOG = logging.getLogger(__name__)
RETRIES = 8


class Driver:
    "Drives jobs in a pool of threads. `wake` is cheap and never blocks."

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.name = leases.holder()
        self._pool = ThreadPoolExecutor(deps.config.conductor.threads, thread_name_prefix="job")
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def wake(self, job_ids: list[str]) -> None:
        "Drive these jobs soon."
        for job_id in job_ids:
            with self._lock:
                if job_id in self._busy:
                    continue
                self._busy.add(job_id)
            self._pool.submit(self._take, job_id)

    def close(self) -> None:
        "Let running steps end."
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _take(self, job_id: str) -> None:
        try:
            with self.deps.db.write() as session:
                job = store.lease(session, job_id, self.name, self.deps.config.conductor.lease_s)
            if job is not None:
                self.walk(job)
        except Exception:
            LOG.exception("job %s", job_id)
        finally:
            with self._lock:
                self._busy.discard(job_id)

    def report(self, job_id: str, ok: bool, report: dict[str, Any]) -> None:
        """The agent has answered the order that a job waits for; anything else is old news and
        ignored."""
        with self.deps.db.write() as session:
            job = store.answered(
                session, job_id, ok, report, self.name, self.deps.config.conductor.lease_s
            )
        if job is not None:
            self.walk(job)

    def walk(self, job: Job) -> None:
        "Take steps until the job waits for a node or is over."
        request_id_var.set(job.context.get("request_id", "-"))
        work = Work(self.deps, job)
        flow = FLOWS[job.kind]
        while job.state == "ready":
            step = job.step
            try:
                getattr(flow, step)(work)
            except JobOver:
                LOG.info("job %s (%s) was given up at %s", job.id, job.kind, step)
                return
            except Exception as error:  # whatever it was, the server must say it
                if self._later(work, error) or not self._fail(work, flow, error):
                    return

    def _later(self, work: Work, error: Exception) -> bool:
        "Whether to try the step again in a while: a service that is away may come back."
        if (
            not (isinstance(error, Unavailable) or is_transient(error))
            or work.job.attempts >= RETRIES
        ):
            return False
        pause = min(2**work.job.attempts, 30)
        LOG.warning(
            "job %s (%s) at %s: %s; again in %d s",
            work.job.id,
            work.job.kind,
            work.job.step,
            sentence(error),
            pause,
        )
        with self.deps.db.write() as session:
            store.postpone(session, work.job.id, utcnow() + timedelta(seconds=pause))
        return True

    def _fail(self, work: Work, flow: Any, error: Exception) -> bool:
        "Whether the job is this conductor's still: over, or at a step that takes something back."
        level = logging.WARNING if isinstance(error, Error) else logging.ERROR
        LOG.log(
            level,
            "job %s (%s) failed at %s: %s",
            work.job.id,
            work.job.kind,
            work.job.step,
            sentence(error),
            exc_info=None if isinstance(error, Error) else error,
        )
        try:
            details = "" if isinstance(error, Error) else trace(error)
            flow.failed(work, sentence(error), details, error)
        except JobOver:
            return False
        return True
