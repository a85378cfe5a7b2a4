"The conductor process: what it answers, listens to and looks after."

import logging
from typing import Any

from common.errors import Error
from common.service import Loop, run_until_signal
from compute.conductor.drive import Driver
from compute.conductor.reconcile import Reconciler
from compute.conductor.reports import ReportsServer
from compute.contracts.conductor import Consoles, Reports
from compute.contracts.conductor import Work as WorkContract
from compute.core import Deps, nics

LOG = logging.getLogger(__name__)


class Conductor:
    "One conductor; `start` and `stop` so that tests run it in their own process."

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.driver = Driver(deps)
        self.reconciler = Reconciler(deps, self.driver)
        self.reports = ReportsServer(deps, self.driver)
        self._loops: list[Loop] = []

    def start(self) -> None:
        "Answer, listen, look after."
        host = self.deps.config.host
        for contract in (Reports, Consoles, WorkContract):
            self.deps.bus.serve(contract, self.reports, host=host)
        if self.deps.events is not None:
            self.deps.events.listen("network.port", self._port)
        seconds = self.deps.config.conductor.reconcile_s
        self._loops = [
            Loop("sweep", min(5, seconds), self.reconciler.sweep),
            Loop("reconcile", seconds, self.reconciler.reconcile),
        ]
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        "Finish what runs."
        for loop in self._loops:
            loop.stop()
        self.driver.close()
        self.deps.bus.close()

    def _port(self, topic: str, payload: Any) -> None:
        try:
            nics.port_changed(self.deps, payload)
        except Error as error:
            LOG.warning("port %s: %s", payload.get("port_id"), error)


def run(deps: Deps) -> None:
    "The process."
    conductor = Conductor(deps)
    conductor.start()
    LOG.info("conductor %s is ready", conductor.driver.name)
    run_until_signal(
        conductor.stop,
        health_port=deps.config.conductor.metrics_port,
        host=deps.config.api.bind_host,
    )
