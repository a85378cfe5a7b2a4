"""The agent's side of its contract: casts become jobs, calls are answered by the driver at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.bus.contract import to_wire
from common.context import request_id_var
from compute.agent.drivers import Driver
from compute.agent.facts import uptime
from compute.agent.jobs import Jobs
from compute.agent.journal import Job
from compute.contracts.agent import Agent


class Orders:
    """Implements `compute.contracts.agent.Agent`; the contract's table says what is a cast and
    what a call."""

    def __init__(self, driver: Driver, jobs: Jobs, report_now: Callable[[], None]) -> None:
        self._driver, self._jobs, self._report_now = driver, jobs, report_now

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = Agent.methods.get(name)
        if method is None:
            raise AttributeError(name)
        if method.kind == "cast":
            return lambda **arguments: self._accept(name, arguments)
        return getattr(self._driver, name)

    def _accept(self, name: str, arguments: dict[str, Any]) -> None:
        wire = to_wire(arguments)
        self._jobs.submit(
            Job(
                id=wire.pop("job_id"),
                method=name,
                subject=_subject(wire),
                arguments=wire,
                request_id=request_id_var.get(),
            )
        )

    def host_uptime(self) -> str:
        "The line of `uptime`."
        return uptime()

    def report_now(self) -> None:
        "Report inventory before answering."
        self._report_now()

    def console_log(self, server_id: str, lines: int | None = None) -> str:
        "See the contract."
        return self._driver.console_log(server_id, lines)


def _subject(wire: dict[str, Any]) -> str:
    if "server_id" in wire:
        return str(wire["server_id"])
    if "spec" in wire:
        return str(wire["spec"]["id"])
    return "image-" + str(wire.get("image_id") or wire["image"]["id"])
