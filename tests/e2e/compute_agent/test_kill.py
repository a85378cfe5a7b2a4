"""kill -9 of the agent at every step of its work: afterwards the server is what was ordered, and
nothing is left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import libvirt
import pytest

from common.bus.contract import to_wire
from compute.agent.drivers.libvirt.domain import domain_name
from compute.contracts.specs import Disk, ServerSpec
from tests.e2e.compute_agent.conftest import ImageServer
from tests.e2e.compute_agent.hypervisor import Hypervisor

pytestmark = [pytest.mark.guest, pytest.mark.timeout(1200)]


class Runs:
    "Runs mortal agents over one state directory."

    def __init__(self, hypervisor: Hypervisor, state: Path) -> None:
        self.hypervisor, self.state = hypervisor, state
        self.orders, self.reports = state / "orders.json", state / "reports"

    def run(self, orders: list[dict[str, Any]], die_at: int = 0) -> int:
        "The exit status of an agent that gets these orders."
        self.orders.write_text(json.dumps(orders))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.e2e.compute_agent.mortal",
                str(self.state),
                self.hypervisor.uri,
                str(self.orders),
                str(self.reports),
                str(die_at),
            ],
            env=self.hypervisor.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode

    def told(self) -> dict[str, list[bool]]:
        "What was reported of each order."
        result: dict[str, list[bool]] = {}
        lines = self.reports.read_text().splitlines() if self.reports.exists() else []
        for line in lines:
            report = json.loads(line)
            result.setdefault(report["job_id"], []).append(report["ok"])
        return result

    def states(self) -> dict[str, int]:
        "Domains of the host and their libvirt state."
        return self.hypervisor.domains()

    def nothing_left(self) -> None:
        "Neither domain, nor files, nor ports, nor open orders."
        assert self.states() == {}
        assert [p.name for p in (self.state / "compute/instances").iterdir()] == []
        assert self.hypervisor.vsctl("list-ports", "br-int") == ""
        assert list((self.state / "jobs").glob("*.json")) == []


def order(method: str, server: ServerSpec, **arguments: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "method": method,
        "subject": server.id,
        "arguments": to_wire(arguments),
    }


def test_killed_at_every_step_of_build_resize_snapshot_and_delete(
    hypervisor: Hypervisor, spec: ServerSpec, tmp_path: Path, images: ImageServer
) -> None:
    runs = Runs(hypervisor, tmp_path)
    spec.disks[0].size_mib = 16
    larger = replace(spec, vcpus=2, generation=2, disks=[replace(spec.disks[0], size_mib=24)])
    small = {"server_id": spec.id}
    walk = [
        lambda: order("build", spec, spec=spec),
        lambda: order("resize", spec, spec=larger, step="apply"),
        lambda: order("resize", spec, spec=larger, step="confirm"),
        lambda: order("snapshot", spec, **small, target=images.target()),
        lambda: order("destroy", spec, **small),
    ]
    killed = 0
    first, last = (
        int(os.environ.get("TEST_KILL_FROM", "1")),
        int(os.environ.get("TEST_KILL_TO", "40")),
    )
    for die_at in range(first, last):
        deaths = 0
        for step in walk:
            wanted = step()
            if runs.run([wanted], die_at) != 0:
                deaths += 1
                assert runs.run([wanted]) == 0
            assert set(runs.told()[wanted["id"]]) == {True}, (
                f"{wanted['method']} killed at {die_at}"
            )
            gone = wanted["method"] == "destroy"
            expected = {} if gone else {domain_name(spec.id): libvirt.VIR_DOMAIN_RUNNING}
            assert runs.states() == expected, f"{wanted['method']} killed at {die_at}"
        runs.nothing_left()
        killed += deaths
        if not deaths:
            break
    assert killed > 5, "the walk never met a step"


def test_twenty_servers_at_once_leave_nothing(
    hypervisor: Hypervisor, spec: ServerSpec, tmp_path: Path
) -> None:
    runs = Runs(hypervisor, tmp_path)
    many = [
        replace(
            spec,
            id=str(uuid.uuid4()),
            memory_mib=32,
            disks=[Disk(kind="root", size_mib=16, image=spec.disks[0].image, boot_index=0)],
            nics=[
                replace(
                    spec.nics[0], port_id=str(uuid.uuid4()), mac_address=f"fa:16:3e:00:01:{n:02x}"
                )
            ],
        )
        for n in range(20)
    ]
    started = time.monotonic()
    runs.run([order("build", s, spec=s) for s in many])
    print(f"20 builds in {time.monotonic() - started:.1f} s")
    assert runs.states() == {domain_name(s.id): libvirt.VIR_DOMAIN_RUNNING for s in many}
    runs.run([order("destroy", s, server_id=s.id) for s in many])
    runs.nothing_left()
    assert all(outcome == [True] for outcome in runs.told().values()) and len(runs.told()) == 40
