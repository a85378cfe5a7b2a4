"""What running servers use: one sample per server from libvirt's statistics, told on the bus."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from compute.agent.drivers import SHUTDOWN, NodeError
from compute.agent.drivers.fake import FakeDriver
from compute.agent.drivers.libvirt.guest import mac_addresses, sample
from compute.agent.server import Node
from compute.contracts.specs import ServerSpec


def test_a_sample_sums_interfaces_and_disks():
    stats = {
        "vcpu.current": 2,
        "cpu.time": 7_000_000_000,
        "balloon.current": 524288,
        "balloon.available": 500000,
        "balloon.unused": 400000,
        "balloon.rss": 300000,
        "net.count": 2,
        "net.0.rx.bytes": 10,
        "net.0.tx.bytes": 20,
        "net.1.rx.bytes": 1,
        "net.1.tx.bytes": 2,
        "block.count": 2,
        "block.0.rd.bytes": 4096,
        "block.0.wr.bytes": 512,
        "block.1.rd.bytes": 4096,
        "block.1.wr.bytes": 0,
    }
    assert sample(stats) == {
        "vcpus": 2,
        "cpu_ns": 7_000_000_000,
        "memory_kib": 524288,
        "memory_used_kib": 100000,
        "rx_bytes": 11,
        "tx_bytes": 22,
        "read_bytes": 8192,
        "write_bytes": 512,
    }


def test_a_guest_that_says_nothing_of_its_memory_uses_what_its_process_holds():
    held = {"balloon.current": 65536, "balloon.rss": 40000}
    assert sample(held)["memory_used_kib"] == 40000
    more = {"balloon.current": 65536, "balloon.rss": 90000}
    assert sample(more)["memory_used_kib"] == 65536, "QEMU's own memory is not the guest's"


class Told:
    "The bus's facts, as far as a node tells any."

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, Any]]] = []
        self.some = threading.Event()

    def publish(self, topic: str, payload: dict[str, Any]) -> bool:
        self.facts.append((topic, payload))
        self.some.set()
        return True


def _node(tmp_path: Path, told: Told | None) -> Node:
    agent = SimpleNamespace(
        parallel_jobs=2, resume_guests_on_boot=False, report_interval_s=60, usage_interval_s=1
    )
    bus = SimpleNamespace(client=lambda contract: SimpleNamespace())
    return Node(SimpleNamespace(agent=agent), "node-1", FakeDriver(), bus, tmp_path, told)


def _spec(server_id: str) -> ServerSpec:
    return ServerSpec(server_id, server_id, "p", "u", vcpus=2, memory_mib=64)


def test_a_node_tells_what_its_running_servers_use(tmp_path):
    told = Told()
    node = _node(tmp_path, told)
    node._tell_usage()
    assert not told.facts, "nothing runs: there is nothing to tell"
    for server_id in ("on", "off"):
        node.driver.servers[server_id] = _spec(server_id)
        node.driver.states[server_id] = 1
    node.driver.states["off"] = SHUTDOWN
    node.usage.start()
    assert told.some.wait(5)
    node.usage.stop()
    topic, payload = told.facts[0]
    assert topic == "compute.usage"
    assert payload["at"] > 1_700_000_000
    assert set(payload["servers"]) == {"on"}
    assert payload["servers"]["on"]["memory_kib"] == 65536


def test_a_hypervisor_that_is_away_is_no_fault_of_the_samples(tmp_path, monkeypatch):
    class Away(NodeError):
        "libvirt is away."

    told = Told()
    node = _node(tmp_path, told)

    def away() -> Any:
        raise Away()

    monkeypatch.setattr(node.driver, "usage", away)
    node._tell_usage()
    assert not told.facts


def test_cards_are_known_by_their_devices():
    xml = """<domain><devices>
      <interface type='bridge'><mac address='fa:16:3e:00:00:01'/><target dev='tap1'/></interface>
      <interface type='hostdev'><mac address='fa:16:3e:00:00:02'/></interface>
    </devices></domain>"""
    assert mac_addresses(xml) == {"tap1": "fa:16:3e:00:00:01"}
