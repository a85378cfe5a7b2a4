"""A hypervisor in memory: for tests of everything above it, and for scale runs with hundreds of
hosts in one process.

It takes the time and the faults that it is told to: `delays_s={"build": 0.5}`, `faults={"build":
0.01}` (a share of orders), or in a test `fail_next("build", "The disk broke.")`. It forgets its
guests when the process ends, as a host does that loses power."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from compute.agent.drivers import (
    NO_STATE,
    PAUSED,
    RUNNING,
    SHUTDOWN,
    SUSPENDED,
    Cancelled,
    Detail,
    NodeError,
    NoSuchServer,
    Work,
)
from compute.contracts.agent import Agent
from compute.contracts.specs import Disk, DomainState, HostInventory, ImageSource, Nic, ServerSpec

_POWER = {
    "start": RUNNING,
    "stop": SHUTDOWN,
    "hard_reboot": RUNNING,
    "soft_reboot": RUNNING,
    "pause": PAUSED,
    "unpause": RUNNING,
    "suspend": SUSPENDED,
    "resume": RUNNING,
}
_WANTED = {"on": RUNNING, "off": SHUTDOWN, "paused": PAUSED, "suspended": SUSPENDED}
_CONTENTS = b"a disk of the fake hypervisor\n"

AWAY = "The hypervisor is away."
"What an order of `fail_next` says to fail as if it were."


class FakeFault(NodeError):
    "{reason}"


class FakeDriver:
    "See `compute.agent.drivers.Driver`."

    def __init__(
        self,
        host: str = "fake",
        *,
        vcpus: int = 64,
        memory_mib: int = 262144,
        disk_gib: int = 4096,
        delays_s: Mapping[str, float] | None = None,
        faults: Mapping[str, float] | None = None,
        seed: int | None = None,
    ) -> None:
        self.host, self.vcpus, self.memory_mib, self.disk_gib = host, vcpus, memory_mib, disk_gib
        self.delays_s, self.faults = dict(delays_s or {}), dict(faults or {})
        self.servers: dict[str, ServerSpec] = {}
        self.states: dict[str, int] = {}
        self.log: list[tuple[str, str]] = []
        """(order, server) of everything that was carried out, in order."""
        self._planned: dict[str, deque[str]] = {}
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._changed: Callable[[DomainState], None] = lambda state: None

    @classmethod
    def from_config(cls, config: Any, host: str) -> FakeDriver:
        "The driver that group [fake] describes."
        options = config.fake
        return cls(
            host,
            vcpus=options.vcpus,
            memory_mib=options.memory_mib,
            disk_gib=options.disk_gib,
            delays_s={k: float(v) for k, v in options.delays_s.items()},
            faults={k: float(v) for k, v in options.faults.items()},
        )

    def fail_next(self, order: str, reason: str) -> None:
        "The next `order` fails with this sentence."
        self._planned.setdefault(order, deque()).append(reason)

    def crash(self, server_id: str, state: int = SHUTDOWN) -> None:
        "A guest goes off by itself."
        self.states[server_id] = state
        self._changed(self._state(server_id))

    def start(self, changed: Callable[[DomainState], None]) -> None:
        "See Driver."
        self._changed = changed

    def stop(self) -> None:
        "See Driver."

    def healthy(self) -> str | None:
        "See Driver."
        return None

    def away(self, error: BaseException) -> bool:
        "See Driver."
        return str(error) == AWAY

    def inventory(self) -> HostInventory:
        "See Driver."
        used = sum(s.memory_mib for s in self.servers.values())
        return HostInventory(
            host=self.host,
            revision=Agent.revision,
            hypervisor_type="fake",
            hypervisor_version=1,
            virt_type="fake",
            hypervisor_hostname=self.host,
            host_ip="127.0.0.1",
            vcpus=self.vcpus,
            memory_mib=self.memory_mib,
            disk_gib=self.disk_gib,
            free_memory_mib=self.memory_mib - used,
            free_disk_gib=self.disk_gib,
            load=[0.0, 0.0, 0.0],
            uptime_s=int(time.monotonic()),
            cpu_info={
                "arch": "x86_64",
                "model": "fake",
                "vendor": "fake",
                "features": [],
                "topology": {"sockets": 1, "cores": self.vcpus, "threads": 1},
            },
            traits=[
                "COMPUTE_NET_ATTACH_INTERFACE",
                "COMPUTE_VOLUME_ATTACH_WITH_TAG",
                "COMPUTE_DEVICE_TAGGING",
                "COMPUTE_VOLUME_MULTI_ATTACH",
                "COMPUTE_RESCUE_BFV",
                "COMPUTE_NODE",
            ],
            numa=[
                {
                    "id": 0,
                    "cpus": list(range(self.vcpus)),
                    "memory_mib": self.memory_mib,
                    "pages": {"4": self.memory_mib * 256},
                    "siblings": [],
                }
            ],
        )

    def domains(self) -> list[DomainState]:
        "See Driver."
        with self._lock:
            return [self._state(server_id) for server_id in sorted(self.servers)]

    def _state(self, server_id: str) -> DomainState:
        spec = self.servers[server_id]
        return DomainState(server_id, self.states[server_id], spec.generation, spec.name)

    def power_state(self, server_id: str) -> int:
        "See Driver."
        return self.states.get(server_id, NO_STATE)

    def _act(self, order: str, work: Work, server_id: str) -> None:
        "Take the time, or the fault."
        delay = self.delays_s.get(order, 0.0)
        if delay and work.cancelled.wait(delay):
            raise Cancelled()
        planned = self._planned.get(order)
        if planned:
            raise FakeFault(reason=planned.popleft())
        if self._random.random() < self.faults.get(order, 0.0):
            raise FakeFault(reason=f"The fake hypervisor was told to fail this {order}.")
        self.log.append((order, server_id))

    def _known(self, server_id: str) -> ServerSpec:
        spec = self.servers.get(server_id)
        if spec is None:
            raise NoSuchServer(server_id=server_id)
        return spec

    def _keep(self, spec: ServerSpec, state: int | None = None) -> None:
        with self._lock:
            self.servers[spec.id] = spec
            self.states[spec.id] = _WANTED.get(spec.power, RUNNING) if state is None else state

    def build(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract."
        for step in ("block_device_mapping", "networking", "spawning"):
            work.step(step)
        self._act("build", work, spec.id)
        self._keep(spec)
        return {"root_device_name": "/dev/vda", "devices": self._devices(spec)}

    def _devices(self, spec: ServerSpec) -> dict[str, str]:
        return {
            d.volume_id: f"/dev/vd{chr(97 + n)}" for n, d in enumerate(spec.disks) if d.volume_id
        }

    def destroy(self, work: Work, server_id: str, keep_disks: bool = False) -> Detail:
        "See the contract."
        self._act("destroy", work, server_id)
        with self._lock:
            self.servers.pop(server_id, None)
            self.states.pop(server_id, None)
        return None

    def power(self, work: Work, spec: ServerSpec, action: str, grace_s: int = 60) -> Detail:
        "See the contract."
        if action not in _POWER:
            raise FakeFault(reason=f"There is no power action {action}.")
        self._act(action, work, spec.id)
        self._act("power", work, spec.id)
        self._keep(spec, _POWER[action])
        return None

    def _replace(self, order: str, work: Work, spec: ServerSpec) -> Detail:
        self._known(spec.id)
        self._act(order, work, spec.id)
        self._keep(spec)
        return {"root_device_name": "/dev/vda", "devices": self._devices(spec)}

    def rebuild(self, work: Work, spec: ServerSpec, preserve_ephemeral: bool = False) -> Detail:
        "See the contract."
        return self._replace("rebuild", work, spec)

    def rescue(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract."
        self._replace("rescue", work, spec)
        self.states[spec.id] = RUNNING
        return None

    def unrescue(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract."
        return self._replace("unrescue", work, spec)

    def resize(self, work: Work, spec: ServerSpec, step: str) -> Detail:
        "See the contract."
        if step == "confirm":
            self._act("resize", work, spec.id)
            return None
        return self._replace("resize", work, spec)

    def snapshot(
        self,
        work: Work,
        server_id: str,
        target: ImageSource,
        live: bool = True,
        quiesce: bool = False,
    ) -> Detail:
        "See the contract. Uploads a few bytes for real."
        self._known(server_id)
        work.step("image_pending_upload")
        work.step("image_uploading")
        self._act("snapshot", work, server_id)
        if target.url.startswith("http"):
            import requests

            answer = requests.put(
                target.url,
                data=_CONTENTS,
                timeout=60,
                headers={"X-Auth-Token": target.token, "Content-Type": "application/octet-stream"},
            )
            if not answer.ok:
                raise FakeFault(
                    reason=f"The image service refused the snapshot: {answer.status_code}."
                )
        return {"size_bytes": len(_CONTENTS)}

    def move_out(
        self,
        work: Work,
        spec: ServerSpec,
        target_host: str,
        kind: str,
        block_migration: bool | None,
        peer: dict[str, Any] | None = None,
    ) -> Detail:
        "See the contract."
        self._known(spec.id)
        self._act("move_out", work, spec.id)
        if kind == "cold":
            self.states[spec.id] = SHUTDOWN
        else:
            self.destroy(Work(), spec.id)
        return {"peer": {"host": self.host}}

    def move_in(
        self,
        work: Work,
        spec: ServerSpec,
        source_host: str,
        kind: str,
        peer: dict[str, Any] | None = None,
    ) -> Detail:
        "See the contract."
        self._act("move_in", work, spec.id)
        self._keep(spec)
        return {
            "peer": {"host": self.host},
            "root_device_name": "/dev/vda",
            "devices": self._devices(spec),
        }

    def attach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail:
        "See the contract."
        spec = self._known(server_id)
        self._act("attach_nic", work, server_id)
        spec.nics = [n for n in spec.nics if n.port_id != nic.port_id] + [nic]
        return None

    def detach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail:
        "See the contract."
        spec = self._known(server_id)
        self._act("detach_nic", work, server_id)
        spec.nics = [n for n in spec.nics if n.port_id != nic.port_id]
        return None

    def attach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail:
        "See the contract."
        spec = self._known(server_id)
        self._act("attach_disk", work, server_id)
        spec.disks = [d for d in spec.disks if d.volume_id != disk.volume_id] + [disk]
        return {"device_name": f"/dev/vd{chr(96 + len(spec.disks))}"}

    def detach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail:
        "See the contract."
        spec = self._known(server_id)
        self._act("detach_disk", work, server_id)
        spec.disks = [d for d in spec.disks if d.volume_id != disk.volume_id]
        return None

    def swap_disk(self, work: Work, server_id: str, old: Disk, new: Disk) -> Detail:
        "See the contract."
        spec = self._known(server_id)
        self._act("swap_disk", work, server_id)
        spec.disks = [new if d.volume_id == old.volume_id else d for d in spec.disks]
        return None

    def crash_dump(self, work: Work, server_id: str) -> Detail:
        "See the contract."
        self._known(server_id)
        self._act("crash_dump", work, server_id)
        return None

    def cache_image(self, work: Work, image: ImageSource) -> Detail:
        "See the contract."
        self._act("cache_image", work, image.id)
        return {"size_bytes": image.size_bytes}

    def forget_image(self, work: Work, image_id: str) -> Detail:
        "See the contract."
        self._act("forget_image", work, image_id)
        return {"forgotten": True}

    def resume_on_boot(self, server_id: str) -> None:
        "See Driver."
        self.states[server_id] = RUNNING

    def usage(self) -> dict[str, dict[str, int]]:
        "See Driver: every server keeps a tenth of its processors and half of its memory busy."
        now = time.monotonic_ns()
        return {
            server_id: {
                "vcpus": spec.vcpus,
                "cpu_ns": now // 10 * spec.vcpus,
                "memory_kib": spec.memory_mib * 1024,
                "memory_used_kib": spec.memory_mib * 512,
            }
            | dict.fromkeys(("rx_bytes", "tx_bytes", "read_bytes", "write_bytes"), 0)
            for server_id, spec in list(self.servers.items())
            if self.states.get(server_id) == RUNNING
        }

    def console_log(self, server_id: str, lines: int | None) -> str:
        "See the contract: some lines, numbered."
        spec = self._known(server_id)
        text = [f"[{n:4d}] {spec.name} of the fake hypervisor" for n in range(1, 101)]
        return "".join(
            f"{line}\n" for line in (text if lines is None else text[-lines:] if lines else [])
        )

    def console(self, server_id: str, kind: str) -> dict[str, Any]:
        "See the contract."
        self._known(server_id)
        if kind not in {"vnc", "serial"}:
            raise FakeFault(reason=f"Consoles of type {kind} are not offered here.")
        return {
            "host": "127.0.0.1",
            "port": 5900 if kind == "vnc" else 10000,
            "internal_access_path": None,
        }

    def diagnostics(self, server_id: str) -> dict[str, Any]:
        "See the contract."
        spec = self._known(server_id)
        return {
            "state": {RUNNING: "running", PAUSED: "paused", SUSPENDED: "suspended"}.get(
                self.states[server_id], "shutdown"
            ),
            "driver": "fake",
            "hypervisor": "fake",
            "hypervisor_os": "fake",
            "num_cpus": spec.vcpus,
            "num_nics": len(spec.nics),
            "num_disks": len(spec.disks),
            "memory_details": {"maximum": spec.memory_mib, "used": 0},
            "cpu_details": [{"id": n, "time": 0, "utilisation": 0} for n in range(spec.vcpus)],
            "nic_details": [
                {
                    "mac_address": n.mac_address,
                    **dict.fromkeys(
                        (
                            "rx_octets",
                            "rx_errors",
                            "rx_drop",
                            "rx_packets",
                            "rx_rate",
                            "tx_octets",
                            "tx_errors",
                            "tx_drop",
                            "tx_packets",
                            "tx_rate",
                        ),
                        0,
                    ),
                }
                for n in spec.nics
            ],
            "disk_details": [
                dict.fromkeys(
                    (
                        "read_bytes",
                        "read_requests",
                        "write_bytes",
                        "write_requests",
                        "errors_count",
                    ),
                    0,
                )
                for _ in spec.disks
            ],
        }

    def set_password(self, server_id: str, user: str, password: str) -> None:
        "See the contract."
        self._known(server_id)
        self.log.append(("set_password", server_id))

    def age_cache(self) -> None:
        "See Driver."
