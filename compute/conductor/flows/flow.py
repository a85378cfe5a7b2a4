"What all flows share: ending with a reason."

from typing import Any

from common.db import after_commit
from compute.conductor.work import Work
from compute.core import notify


class Flow:
    "A kind of job. `on_failure` is the vm_state after a failure; None leaves it as it is."

    on_failure: str | None = None

    def start_failed(self, work: Work) -> None:
        "The order given in `start` failed."
        self.order_failed(work)

    def order_failed(self, work: Work) -> None:
        "An order failed: end with what the agent said."
        report = work.job.args["report"]
        self.failed(
            work,
            report.get("fault") or "The node gave no reason.",
            (report.get("detail") or {}).get("details", ""),
            None,
        )

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "End the job: task over, fault written, action record closed."
        with work.deps.db.write() as session:
            values: dict[str, Any] = {"task_state": None}
            if self.on_failure:
                values["vm_state"] = self.on_failure
            self.undo(work, session, values)
            work.save(session, **values)
            work.fault(session, message, details)
            work.end(session, ok=False, message=message, details=details)
            name = notify.NAMES.get(work.job.kind)
            if name:
                after_commit(
                    session,
                    lambda: notify.tell(
                        work.deps,
                        work.ctx,
                        f"compute.instance.{name}.error",
                        work.job.server_id,
                        error=True,
                    ),
                )

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "What else a failure takes back; may add to the columns that are set."


def needs_token(work: Work) -> bool:
    "Whether the node gave up because a token ran out: the same order again, with a fresh one."
    return ((work.job.args.get("report") or {}).get("detail") or {}).get("retry") == "token"
