"""Orders from the conductor to the agent of one host.

Every cast is idempotent and may come twice, late, or after a newer one. The outcome of a cast
comes back through `compute.contracts.conductor.Reports`: exactly one `finished` for each
`job_id`, whatever happened.
"""

# mypy: disable-error-code="empty-body"
from common.bus import FAST, NORMAL, SLOW, Contract, call, cast
from compute.contracts.specs import Disk, ImageSource, Nic, ServerSpec


class Agent(Contract, topic="compute.agent", revision=1):
    """The node daemon. `job_id` names the order; its result is reported under it."""

    @cast()
    def build(self, job_id: str, spec: ServerSpec) -> None:
        """Make the disks, define and start the server. Replaces what is left of an earlier try
        of the same server."""

    @cast()
    def destroy(self, job_id: str, server_id: str, keep_disks: bool = False) -> None:
        """Stop, undefine, unplug, and delete everything of the server on this host. Right also
        when nothing is there."""

    @cast()
    def power(self, job_id: str, spec: ServerSpec, action: str, grace_s: int = 60) -> None:
        """start, stop, hard_reboot, soft_reboot, pause, unpause, suspend or resume; a stop asks
        by ACPI and pulls the plug after `grace_s`. `spec` is the server as it should be: a
        start rebuilds a lost definition from it."""

    @cast()
    def rebuild(self, job_id: str, spec: ServerSpec, preserve_ephemeral: bool = False) -> None:
        "A new root disk from the image in `spec`, the same server."

    @cast()
    def rescue(self, job_id: str, spec: ServerSpec) -> None:
        "Boot from `spec.rescue_image` with the server's own root disk as a second disk."

    @cast()
    def unrescue(self, job_id: str, spec: ServerSpec) -> None:
        "Back to the server's own root disk."

    @cast()
    def resize(self, job_id: str, spec: ServerSpec, step: str) -> None:
        """Step `apply` keeps the old disks beside the new, `confirm` deletes them, `revert` puts
        them back."""

    @cast()
    def snapshot(
        self,
        job_id: str,
        server_id: str,
        target: ImageSource,
        live: bool = True,
        quiesce: bool = False,
    ) -> None:
        """Stream the root disk to the image at `target.url` (PUT), without an intermediate copy
        in memory."""

    @cast()
    def move_out(
        self,
        job_id: str,
        spec: ServerSpec,
        target_host: str,
        kind: str,
        block_migration: bool | None,
        peer: dict | None = None,
    ) -> None:
        """Migrate to another host. `cold`: stop, keep the disks and offer them; the report's
        detail carries {"peer": ...} for `move_in`. `live`: the target's `move_in` came first,
        `peer` is what it reported; done when the guest runs there."""

    @cast()
    def move_in(
        self, job_id: str, spec: ServerSpec, source_host: str, kind: str, peer: dict | None = None
    ) -> None:
        """Take over (cold: `peer` is what the source's `move_out` reported) or prepare for
        (live: the detail carries {"peer": ...} for the source's `move_out`) a server that
        comes from another host."""

    @cast()
    def attach_nic(self, job_id: str, server_id: str, nic: Nic) -> None:
        "Hot-plug a port."

    @cast()
    def detach_nic(self, job_id: str, server_id: str, nic: Nic) -> None:
        "Unplug a port."

    @cast()
    def attach_disk(self, job_id: str, server_id: str, disk: Disk) -> None:
        "Hot-plug a volume; the report's detail carries device_name."

    @cast()
    def detach_disk(self, job_id: str, server_id: str, disk: Disk) -> None:
        "Unplug a volume."

    @cast()
    def swap_disk(self, job_id: str, server_id: str, old: Disk, new: Disk) -> None:
        "Copy a volume's blocks to another while the guest runs, then switch."

    @cast()
    def forget_image(self, job_id: str, image_id: str) -> None:
        "Drop an image from the cache."

    @cast()
    def cache_image(self, job_id: str, image: ImageSource) -> None:
        "Fetch an image into the cache ahead of use."

    @call(timeout=FAST)
    def console_log(self, server_id: str, lines: int | None = None) -> str:
        "The last `lines` lines of the serial console, or all that is kept (at most 1 MiB)."

    @call(timeout=FAST)
    def console(self, server_id: str, kind: str) -> dict:
        """Where a console can be reached from the console proxy: {"host", "port",
        "internal_access_path"} for `vnc` or `serial`; {"socket": path} when the proxy runs on
        the same host."""

    @call(timeout=FAST)
    def diagnostics(self, server_id: str) -> dict:
        """CPU times (ns), memory (KiB), per-disk and per-nic counters, in the shape of Nova's
        2.48 diagnostics."""

    @call(timeout=NORMAL)
    def set_password(self, server_id: str, user: str, password: str) -> None:
        "Set a password through the guest agent."

    @cast()
    def crash_dump(self, job_id: str, server_id: str) -> None:
        "Inject an NMI."

    @call(timeout=FAST)
    def host_uptime(self) -> str:
        "The line of `uptime`."

    @call(timeout=SLOW)
    def report_now(self) -> None:
        "Report inventory at once (after a host was enabled, for tests)."
