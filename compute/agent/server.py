"""The agent put together: driver, journal, jobs, reports and the minute's report, on one bus."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import common.config
from common import metrics
from common.bus import open_bus
from common.bus.events import Events
from common.ids import new_id
from common.service import Loop, run_until_signal
from compute.agent import options
from compute.agent.drivers import Driver, NodeError
from compute.agent.jobs import Jobs
from compute.agent.journal import Journal
from compute.agent.orders import Orders
from compute.agent.reconcile import Reconciler, rebooted_since
from compute.agent.reports import Reporter
from compute.contracts.agent import Agent
from compute.contracts.conductor import Reports

LOG = logging.getLogger(__name__)


class Node:
    "One host: everything that belongs to one driver. The fake driver runs many in one process."

    def __init__(
        self,
        config: Any,
        host: str,
        driver: Driver,
        bus: Any,
        state: Path,
        events: Events | None = None,
    ) -> None:
        self.host, self.driver, self._bus, self._config = host, driver, bus, config
        self._events = events
        journal = Journal(state / "jobs")
        self.reporter = Reporter(bus.client(Reports), journal, host)
        self.jobs = Jobs(
            driver,
            journal,
            parallel=config.agent.parallel_jobs,
            report=self.reporter.finished,
            tell=self.reporter.progress,
        )
        fresh_boot = config.agent.resume_guests_on_boot and rebooted_since(state / "boot_id")
        self._power_on = [fresh_boot]
        self.reconciler = Reconciler(
            driver, self.jobs, journal, self.reporter, boot_id=new_id(), rebooted=self._rebooted
        )
        self.loop = Loop(f"report-{host}", config.agent.report_interval_s, self.reconciler.run)
        self.usage = Loop(f"usage-{host}", config.agent.usage_interval_s, self._tell_usage)
        self._server: Any = None
        self._reporting = threading.Lock()

    def _rebooted(self) -> bool:
        now, self._power_on[0] = self._power_on[0], False
        return now

    def start(self, threads: int = 16) -> None:
        "Connect, resume what was left, take orders, report."
        self.driver.start(self._changed)
        self.reporter.start()
        self.jobs.resume()
        orders = Orders(self.driver, self.jobs, self.reconciler.run)
        self._server = self._bus.serve(Agent, orders, host=self.host, threads=threads)
        self.loop.start()
        if self._events:
            self.usage.start()
        LOG.info("agent of %s takes orders", self.host)

    def _changed(self, state: Any) -> None:
        if state.server_id not in self.jobs.busy():
            self.reporter.power_changed(state)

    def _tell_usage(self) -> None:
        "A sample of every running server, for whoever draws charts; nothing when none runs."
        try:
            servers = self.driver.usage()
        except NodeError as error:
            LOG.debug("no samples: %s", error)  # libvirt is away: the report says so
            return
        if servers and self._events:
            self._events.publish("compute.usage", {"at": time.time(), "servers": servers})

    def stop(self) -> None:
        "Take no more orders, let what runs end, tell what can be told."
        self.loop.stop()
        self.usage.stop()
        if self._server:
            self._server.stop()
            self._server.wait()
        self.jobs.stop()
        self.reporter.stop()
        self.driver.stop()


def run(config: Any) -> None:
    "Run the agent until SIGTERM."
    options.register(config)
    bus = open_bus(config.bus.url)
    events = Events(config.bus.url) if config.agent.usage_interval_s else None
    state = common.config.state_path(config)
    nodes = (
        fake_nodes(config, bus, state, events)
        if config.agent.driver == "fake"
        else [libvirt_node(config, bus, state, events)]
    )
    for node in nodes:
        node.start(threads=16 if len(nodes) == 1 else 2)
    metrics.add_health_check(
        "hypervisor", lambda: next(filter(None, (n.driver.healthy() for n in nodes)), None)
    )

    def stop() -> None:
        stoppers = [threading.Thread(target=n.stop) for n in nodes]
        for thread in stoppers:
            thread.start()
        for thread in stoppers:
            thread.join()
        if events:
            events.close()

    run_until_signal(stop, health_port=config.agent.metrics_port)


def libvirt_node(config: Any, bus: Any, state: Path, events: Events | None) -> Node:
    "The node of this machine."
    from compute.agent.drivers.libvirt.driver import LibvirtDriver

    return Node(config, config.host, LibvirtDriver(config, state), bus, state, events)


def fake_nodes(config: Any, bus: Any, state: Path, events: Events | None) -> list[Node]:
    "`fake.hosts` nodes: the first is called as this machine, the others HOST-2, HOST-3, ..."
    from compute.agent.drivers.fake import FakeDriver

    names = [config.host, *(f"{config.host}-{n}" for n in range(2, config.fake.hosts + 1))]
    return [
        Node(config, name, FakeDriver.from_config(config, name), bus, state / "fake" / name, events)
        for name in names
    ]
