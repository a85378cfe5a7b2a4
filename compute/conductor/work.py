"What a flow works with: one leased job, its server, and the ways a step can end."

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

from common.context import Context
from common.db import after_commit, utcnow
from common.errors import Error
from compute.contracts.agent import Agent
from compute.core import Deps, notify
from compute.core import work as core_work
from compute.store import servers as server_store
from compute.store import work as store
from compute.store.models import BlockDevice, Job, Server

LOG = logging.getLogger(__name__)


class JobOver(Exception):
    "The job was cancelled while it was worked on: stop, and touch nothing more."


class Work:
    "One job in the hands of this conductor."

    def __init__(self, deps: Deps, job: Job) -> None:
        self.deps, self.job = deps, job
        self.known: tuple[Server, list[BlockDevice]] | None = None
        """What the step before has loaded, for the next one in the same conductor."""

    @property
    def ctx(self) -> Context:
        "Who asked for it, for log lines and notifications; it carries no token."
        known = self.job.context
        return Context(
            user_id=known.get("user_id"),
            project_id=known.get("project_id"),
            roles=tuple(known.get("roles") or ()),
            request_id=known["request_id"],
        )

    def load(self, session: Any) -> tuple[Server, list[BlockDevice]]:
        "The server and its devices, in this session. Raises JobOver when the server is gone."
        server = server_store.get(session, self.job.server_id, deleted=True)
        if server is None:
            raise JobOver()
        return server, server_store.devices_of(session, [server.id])[server.id]

    def save(self, session: Any, **values: Any) -> None:
        "Set columns of the server, if the job still is to be done."
        self.still(session)
        server_store.touch(session, self.job.server_id, **values)

    def still(self, session: Any) -> None:
        "Raise JobOver when the job was cancelled meanwhile."
        fresh = store.get_job(session, self.job.id, lock=True)
        if fresh is None or fresh.state not in store.OPEN:
            raise JobOver()

    def go(self, step: str, **notes: Any) -> None:
        "The next step, in a transaction of its own; `notes` are kept in the job's arguments."
        with self.deps.db.write() as session:
            self.go_in(session, step, **notes)

    def go_in(self, session: Any, step: str, *, host: str | None = None, **notes: Any) -> None:
        "The same in a transaction that does more. The lease stays."
        args = {**self.job.args, **notes}
        if not store.move(
            session, self.job, "ready", step=step, args=args, host=host, keep_lease=True
        ):
            raise JobOver()

    def wait_in(self, session: Any, host: str, step: str) -> str:
        """Wait for an answer to the order of `step`, in a transaction that does more; the id of
        the order."""
        number = int(self.job.args.get("order", 0)) + (0 if self.job.args.get("resend") else 1)
        args = {k: v for k, v in self.job.args.items() if k not in ("resend", "report")} | {
            "order": number
        }
        if not store.move(session, self.job, "waiting", step=step, host=host, args=args):
            raise JobOver()
        return f"{self.job.id}.{number}"

    def send(self, host: str, order: str, cast: Callable[[Agent, str], None]) -> None:
        """Send an order after `wait_in`; one that cannot be sent now is sent again by the
        reconcile loop."""
        try:
            cast(self.deps.bus.client(Agent, self.ctx, host=host), order)
        except Error as error:
            LOG.warning("job %s: the order to %s waits: %s", self.job.id, host, error)

    def order(
        self, host: str, cast: Callable[[Agent, str], None], *, step: str | None = None
    ) -> None:
        """Wait for the agent of `host`, then send it the order: in this sequence, so that its
        answer cannot come too early. `cast` gets the agent and the id of the order. One that
        cannot be sent now is sent again by the reconcile loop, under the same id."""
        with self.deps.db.write() as session:
            order = self.wait_in(session, host, step or self.job.step)
        self.send(host, order, cast)

    def tell(self, host: str, cast: Callable[[Agent], None]) -> None:
        "An order whose answer is not waited for."
        try:
            cast(self.deps.bus.client(Agent, self.ctx, host=host))
        except Error as error:
            LOG.warning("job %s: %s was not told: %s", self.job.id, host, error)

    def end(
        self,
        session: Any,
        *,
        ok: bool = True,
        message: str | None = None,
        details: str | None = None,
    ) -> None:
        "The job is over; its action record says how."
        if not store.move(session, self.job, "done" if ok else "failed"):
            raise JobOver()
        finish_event(session, self.job, ok=ok, message=message, details=details)
        if ok:
            kind, args = self.job.kind, self.job.args
            after_commit(
                session, lambda: notify.ended(self.deps, self.ctx, kind, args, self.job.server_id)
            )

    def fault(self, session: Any, message: str, details: str = "") -> None:
        "What clients see as the fault of the server."
        self.save(
            session,
            fault={
                "code": 500,
                "message": message[:255],
                "details": details,
                "created": utcnow().isoformat(),
            },
        )


def finish_event(
    session: Any, job: Job, *, ok: bool, message: str | None = None, details: str | None = None
) -> None:
    "Close the event of a job's action record."
    if not job.action_id:
        return
    moment = utcnow()
    values: dict[str, Any] = {"finish_at": moment, "result": "Success" if ok else "Error"}
    values |= {"host": job.host} if job.host else {}
    values |= {} if ok else {"details": message, "traceback": details}
    store.close_event(session, job.action_id, core_work.event_of(job.kind, job.args), **values)
    store.touch_action(session, job.action_id, moment, None if ok else message or "Error")


def sentence(error: BaseException) -> str:
    "The true cause in a sentence."
    if isinstance(error, Error):
        return error.message
    return f"{type(error).__name__}: {error}"


def trace(error: BaseException) -> str:
    "The stack trace, for administrators."
    return "".join(traceback.format_exception(error))[-8000:]
