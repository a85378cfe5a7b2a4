"""Wanted against real: at start and every minute the host says what it has and hears what it
should have."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.ids import new_id
from compute.agent.drivers import RUNNING, Driver
from compute.agent.jobs import Jobs
from compute.agent.journal import Job, Journal
from compute.agent.reports import Reporter

LOG = logging.getLogger(__name__)


class Reconciler:
    "One pass is `run()`; `common.service.Loop` repeats it."

    def __init__(
        self,
        driver: Driver,
        jobs: Jobs,
        journal: Journal,
        reporter: Reporter,
        *,
        boot_id: str,
        rebooted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.driver, self.jobs, self.journal, self.reporter = driver, jobs, journal, reporter
        self.boot_id, self._rebooted = boot_id, rebooted

    def run(self) -> None:
        """Report, then set right what only this host can set right. Raises when the bus or the
        hypervisor is away."""
        busy = self.jobs.busy()
        inventory = self.driver.inventory()
        inventory.domains = self.driver.domains()
        # asked before and after: a job that ended in between may have changed what was seen
        inventory.busy = sorted({*busy, *self.jobs.busy()})
        inventory.boot_id = self.boot_id
        wanted = self.reporter.inventory(inventory) or {}
        for server_id in wanted.get("destroy") or []:
            self._destroy(server_id, inventory.busy)
        if self._rebooted():
            self._power_on(wanted.get("servers") or {}, inventory)
        self.driver.age_cache()
        self.journal.prune()

    def _destroy(self, server_id: str, busy: list[str]) -> None:
        if server_id in busy:
            return
        LOG.warning("server %s should not be here: removing it", server_id)
        self.jobs.submit(
            Job(
                id=f"stray-{new_id()}",
                method="destroy",
                subject=server_id,
                quiet=True,
                arguments={"server_id": server_id},
            )
        )

    def _power_on(self, wanted: dict[str, Any], inventory: Any) -> None:
        for state in inventory.domains:
            target = wanted.get(state.server_id) or {}
            if (
                target.get("power") == "on"
                and state.power_state != RUNNING
                and state.server_id not in inventory.busy
            ):
                LOG.info("server %s ran when this host went down: starting it", state.server_id)
                try:
                    self.driver.resume_on_boot(state.server_id)
                except (
                    Exception
                ) as error:  # one guest that cannot start must not keep the others down
                    LOG.error("server %s: %s", state.server_id, error)


def rebooted_since(path: Path) -> bool:
    "Whether the machine has been booted since this was last asked; asking marks this boot as seen."
    now = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    before = path.read_text().strip() if path.exists() else now
    path.write_text(now)
    return before != now
