"""An agent that is killed at a chosen moment: `python -m tests.e2e.compute_agent.mortal STATE
URI ORDERS REPORTS DIE_AT`.

It is the real agent (driver, journal, jobs, reports) without a bus: orders come from a JSON file,
reports go to a file, one line each. At the DIE_ATth thing that it does to the machine (a program, a
rename, a removal, a directory) it kills itself with SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

_DEEDS = {
    "subprocess.Popen",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "shutil.rmtree",
}


class Reports:
    "Takes reports; a line is written in one go."

    def __init__(self, path: Path) -> None:
        self.path = path

    def finished(self, **report: Any) -> None:
        "Keep it."
        with open(self.path, "a") as out:
            out.write(json.dumps(report) + "\n")

    def progress(self, *_: Any) -> None:
        "Not looked at."

    def power_changed(self, *_: Any) -> None:
        "Not looked at."


def main(state: Path, uri: str, orders: Path, reports: Path, die_at: int) -> None:
    "Carry out the orders, or resume them, and end when nothing is open."
    import common.config
    from compute.agent.drivers.libvirt.driver import LibvirtDriver
    from compute.agent.jobs import Jobs
    from compute.agent.journal import Job, Journal
    from compute.agent.reports import Reporter
    from tests.e2e.compute_agent.conftest import make_config

    config = make_config(state, uri)
    driver = LibvirtDriver(config, common.config.state_path(config))
    driver.grace_s = 0  # a boot sector does not hear the power button
    driver.start(lambda changed: None)
    journal = Journal(state / "jobs")
    reporter = Reporter(Reports(reports), journal, "node", retry_s=0.1)  # type: ignore[arg-type]
    jobs = Jobs(driver, journal, parallel=8, report=reporter.finished, tell=reporter.progress)
    reporter.start()
    count = 0

    def deed(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in _DEEDS:
            count += 1
            if count == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    if die_at:
        sys.addaudithook(deed)
    jobs.resume()
    for order in json.loads(orders.read_text()):
        if journal.find(order["id"]) is None:
            jobs.submit(Job(**order))
    deadline = time.monotonic() + 90
    while journal.open_jobs() and time.monotonic() < deadline:
        time.sleep(0.05)
    jobs.stop()
    reporter.stop()
    driver.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
