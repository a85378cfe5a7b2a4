"""What the agent asks of a hypervisor: `Driver`, and what a driver may say while it works:
`Work`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from common.errors import Error
from compute.contracts.specs import Disk, DomainState, HostInventory, ImageSource, Nic, ServerSpec

Detail = dict[str, Any] | None
"""What a finished job reports beside its success."""

NO_STATE, RUNNING, PAUSED, SHUTDOWN, CRASHED, SUSPENDED = 0, 1, 3, 4, 6, 7
"""Power states as numbers of the compute API."""


class NodeError(Error):
    "{reason}"


class Cancelled(NodeError):
    "The work was given up because the server is being deleted."


class NoSuchServer(NodeError):
    "Server {server_id} is not on this host."


class Work:
    """One job's line to the outside: it tells the steps, and stops when the server is deleted
    meanwhile.

    `step` names are those of the conductor: networking, block_device_mapping, spawning,
    image_uploading, ..."""

    def __init__(self, say: Callable[[str, Detail], None] | None = None) -> None:
        self._say = say
        self.cancelled = threading.Event()

    def step(self, name: str, detail: Detail = None) -> None:
        "A step begins. Raises Cancelled."
        self.check()
        if self._say:
            self._say(name, detail)

    def check(self) -> None:
        "Raise Cancelled when nobody wants the result any more."
        if self.cancelled.is_set():
            raise Cancelled()


class Driver(Protocol):
    """A hypervisor. Every order is idempotent: carried out again from its start after a crash in
    the middle, it ends as if it had been carried out once. What fails raises an exception whose
    text is a sentence with the true cause."""

    def start(self, changed: Callable[[DomainState], None]) -> None:
        "Connect; call `changed` whenever a guest changes its power state by itself."

    def stop(self) -> None:
        "Let go of the hypervisor; guests go on."

    def healthy(self) -> str | None:
        "None, or a sentence that says what is wrong."

    def away(self, error: BaseException) -> bool:
        "Whether an order failed only because the hypervisor cannot be reached for now."

    def inventory(self) -> HostInventory:
        "The host, without `busy` and `boot_id`."

    def domains(self) -> list[DomainState]:
        "Every server on this host, also those of which only files are left."

    def power_state(self, server_id: str) -> int:
        "The power state now; 0 when there is nothing."

    def build(self, work: Work, spec: ServerSpec) -> Detail: ...

    def destroy(self, work: Work, server_id: str, keep_disks: bool = False) -> Detail: ...

    def power(self, work: Work, spec: ServerSpec, action: str, grace_s: int = 60) -> Detail: ...

    def rebuild(self, work: Work, spec: ServerSpec, preserve_ephemeral: bool = False) -> Detail: ...

    def rescue(self, work: Work, spec: ServerSpec) -> Detail: ...

    def unrescue(self, work: Work, spec: ServerSpec) -> Detail: ...

    def resize(self, work: Work, spec: ServerSpec, step: str) -> Detail: ...

    def snapshot(
        self,
        work: Work,
        server_id: str,
        target: ImageSource,
        live: bool = True,
        quiesce: bool = False,
    ) -> Detail: ...

    def move_out(
        self,
        work: Work,
        spec: ServerSpec,
        target_host: str,
        kind: str,
        block_migration: bool | None,
        peer: dict[str, Any] | None = None,
    ) -> Detail: ...

    def move_in(
        self,
        work: Work,
        spec: ServerSpec,
        source_host: str,
        kind: str,
        peer: dict[str, Any] | None = None,
    ) -> Detail: ...

    def attach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail: ...

    def detach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail: ...

    def attach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail: ...

    def detach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail: ...

    def swap_disk(self, work: Work, server_id: str, old: Disk, new: Disk) -> Detail: ...

    def crash_dump(self, work: Work, server_id: str) -> Detail: ...

    def cache_image(self, work: Work, image: ImageSource) -> Detail: ...

    def forget_image(self, work: Work, image_id: str) -> Detail: ...

    def resume_on_boot(self, server_id: str) -> None:
        "Start a server that ran when the host went down."

    def usage(self) -> dict[str, dict[str, int]]:
        """Counters of every running server for the event `compute.usage`: vcpus, cpu_ns,
        memory_kib, memory_used_kib, rx_bytes, tx_bytes, read_bytes, write_bytes."""

    def console_log(self, server_id: str, lines: int | None) -> str: ...

    def console(self, server_id: str, kind: str) -> dict[str, Any]: ...

    def diagnostics(self, server_id: str) -> dict[str, Any]: ...

    def set_password(self, server_id: str, user: str, password: str) -> None: ...

    def age_cache(self) -> None:
        "Drop cached images that nothing has used for a long time; rotate console logs."
