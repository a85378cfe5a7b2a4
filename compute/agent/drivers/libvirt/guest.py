"""Inside and outside views of a running guest: the guest agent, counters, NMI."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import libvirt_qemu

from compute.agent.drivers import RUNNING, NodeError
from compute.agent.drivers.libvirt.host import Host, power_state

LOG = logging.getLogger(__name__)
_NOW = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING
    | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)
"A guest that another order holds is sampled without what its QEMU would have to be asked for."
_STATE_NAMES = {
    0: "pending",
    1: "running",
    3: "paused",
    4: "shutdown",
    6: "crashed",
    7: "suspended",
}


class NoGuestAgent(NodeError):
    "The guest agent does not answer in server {server_id}: {why}"


class Guest:
    "Asks guests, and counts for them."

    def __init__(self, host: Host) -> None:
        self.host = host

    def agent(
        self,
        server_id: str,
        command: str,
        arguments: dict[str, Any] | None = None,
        timeout_s: int = 5,
    ) -> Any:
        "A command of the guest agent's protocol and its answer. Raises NoGuestAgent."
        domain = self.host.get(server_id)
        request = {"execute": command} | ({"arguments": arguments} if arguments else {})
        try:
            answer = libvirt_qemu.qemuAgentCommand(domain, json.dumps(request), timeout_s, 0)
        except libvirt.libvirtError as error:
            raise NoGuestAgent(server_id=server_id, why=error.get_error_message()) from None
        return json.loads(answer).get("return")

    def set_password(self, server_id: str, user: str, password: str) -> None:
        "Set a user's password in the guest. Raises NoGuestAgent."
        if power_state(self.host.get(server_id)) != RUNNING:
            raise NoGuestAgent(server_id=server_id, why="the server is not running")
        self.agent(
            server_id,
            "guest-set-user-password",
            {
                "username": user,
                "password": base64.b64encode(password.encode()).decode(),
                "crypted": False,
            },
            30,
        )

    @contextlib.contextmanager
    def quiesced(self, server_id: str, required: bool) -> Iterator[None]:
        """File systems of the guest are frozen inside. Raises NoGuestAgent when that is
        `required` and fails."""
        frozen = False
        try:
            self.agent(server_id, "guest-fsfreeze-freeze", timeout_s=30)
            frozen = True
        except NoGuestAgent as error:
            if required:
                raise
            LOG.info("server %s is not quiesced: %s", server_id, error)
        try:
            yield
        finally:
            if frozen:
                try:
                    self.agent(server_id, "guest-fsfreeze-thaw", timeout_s=30)
                except NoGuestAgent as error:  # qemu-ga thaws by itself when it is restarted
                    LOG.error("server %s stays frozen: %s", server_id, error)

    def inject_nmi(self, server_id: str) -> None:
        "Make the guest's kernel dump itself. Raises HypervisorRefused when it is not running."
        domain = self.host.get(server_id)
        with self.host.doing("send an NMI"):
            domain.injectNMI(0)

    def usage(self) -> dict[str, dict[str, int]]:
        "Samples of all running guests, by server."
        with self.host.doing("count for its guests"):
            found = self.host.connection().getAllDomainStats(0, _NOW)
        return {
            domain.UUIDString(): sample(stats)
            for domain, stats in found
            if domain.name().startswith("instance-")
        }

    def diagnostics(self, server_id: str, virt_type: str) -> dict[str, Any]:
        "Counters in the shape of compute API 2.48."
        domain = self.host.get(server_id)
        with self.host.doing("count for the server"):
            connection = self.host.connection()
            stats = connection.domainListGetStats([domain], 0, 0)[0][1]
            info = domain.info()
            cards = mac_addresses(domain.XMLDesc(0))
        state = power_state(domain)
        return {
            "state": _STATE_NAMES.get(state, "pending"),
            "driver": "libvirt",
            "hypervisor": virt_type,
            "hypervisor_os": "linux",
            "num_cpus": info[3],
            "num_nics": stats.get("net.count", 0),
            "num_disks": stats.get("block.count", 0),
            "memory_details": {"maximum": info[1] // 1024, "used": _used(stats, info)},
            "cpu_details": [
                {"id": n, "time": stats.get(f"vcpu.{n}.time", 0), "utilisation": None}
                for n in range(stats.get("vcpu.current", info[3]))
            ],
            "nic_details": [_nic(stats, n, cards) for n in range(stats.get("net.count", 0))],
            "disk_details": [_disk(stats, n) for n in range(stats.get("block.count", 0))],
        }


def sample(stats: dict[str, Any]) -> dict[str, int]:
    """Counters of a running guest for the event `compute.usage`, from its libvirt statistics:
    processor time of the guest in ns, memory in KiB (used: what the guest says, else what its QEMU
    holds), bytes of all interfaces and of all disks."""

    def total(kind: str, name: str) -> int:
        count = int(stats.get(f"{kind}.count", 0))
        return sum(int(stats.get(f"{kind}.{n}.{name}", 0)) for n in range(count))

    memory = int(stats.get("balloon.current", 0))
    if "balloon.available" in stats and "balloon.unused" in stats:
        used = int(stats["balloon.available"]) - int(stats["balloon.unused"])
    else:
        used = int(stats.get("balloon.rss", 0))
    return {
        "vcpus": int(stats.get("vcpu.current", 1)),
        "cpu_ns": int(stats.get("cpu.time", 0)),
        "memory_kib": memory,
        "memory_used_kib": min(used, memory),
        "rx_bytes": total("net", "rx.bytes"),
        "tx_bytes": total("net", "tx.bytes"),
        "read_bytes": total("block", "rd.bytes"),
        "write_bytes": total("block", "wr.bytes"),
    }


def _used(stats: dict[str, Any], info: list[int]) -> int:
    available, unused = stats.get("balloon.available"), stats.get("balloon.unused")
    kib = available - unused if available and unused is not None else info[2]
    return int(kib) // 1024


def mac_addresses(xml: str) -> dict[str, str]:
    "MAC addresses of a domain's network cards by the names of their devices on the host."
    found = {}
    for card in ET.fromstring(xml).findall("devices/interface"):
        device, mac = card.find("target"), card.find("mac")
        if device is not None and mac is not None:
            found[device.get("dev", "")] = mac.get("address", "")
    return found


def _nic(stats: dict[str, Any], n: int, cards: dict[str, str]) -> dict[str, Any]:
    def count(name: str) -> int:
        return int(stats.get(f"net.{n}.{name}", 0))

    return {
        "mac_address": cards.get(stats.get(f"net.{n}.name", "")),
        "rx_octets": count("rx.bytes"),
        "rx_errors": count("rx.errs"),
        "rx_drop": count("rx.drop"),
        "rx_packets": count("rx.pkts"),
        "rx_rate": None,
        "tx_octets": count("tx.bytes"),
        "tx_errors": count("tx.errs"),
        "tx_drop": count("tx.drop"),
        "tx_packets": count("tx.pkts"),
        "tx_rate": None,
    }


def _disk(stats: dict[str, Any], n: int) -> dict[str, Any]:
    def count(name: str) -> int:
        return int(stats.get(f"block.{n}.{name}", 0))

    return {
        "read_bytes": count("rd.bytes"),
        "read_requests": count("rd.reqs"),
        "write_bytes": count("wr.bytes"),
        "write_requests": count("wr.reqs"),
        "errors_count": count("errors"),
    }
