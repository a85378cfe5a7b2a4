"""Reports from agents to the conductor: the only way in which a node changes what the database
says."""

# mypy: disable-error-code="empty-body"
from common.bus import FAST, Contract, call, cast
from compute.contracts.specs import DomainState, HostInventory


class Reports(Contract, topic="compute.reports", revision=1):
    """Answered by any conductor process. Durable: a report waits for a conductor that is away."""

    @call(timeout=FAST)
    def inventory(self, host: HostInventory) -> dict:
        """At start and every minute. The answer is what this host should be: {"servers":
        {server_id: {"generation": n, "power": "on"}}, "destroy": [server_id, ...]}: the agent
        destroys what is listed in `destroy` and reports servers that it lacks by their
        absence from `host.domains`; the conductor then orders again what is unfinished."""

    @cast()
    def progress(self, job_id: str, server_id: str, step: str, detail: dict | None = None) -> None:
        """A step of a job was done: task states (networking, block_device_mapping, spawning),
        events of the action record."""

    @cast()
    def finished(
        self,
        job_id: str,
        server_id: str,
        ok: bool,
        power_state: int = 0,
        fault: str = "",
        detail: dict | None = None,
    ) -> None:
        """A job ended. `fault` is one sentence with the true cause. `detail`: {"device_name"},
        {"size_bytes"}, {"details": text of the traceback, for the administrator}."""

    @cast()
    def power_changed(self, host: str, state: DomainState) -> None:
        "A guest stopped, crashed, paused or started by itself."


class Consoles(Contract, topic="compute.consoles", revision=1):
    """Asked by the console proxy, answered by any conductor process."""

    @call(timeout=FAST)
    def redeem(self, token: str) -> dict:
        """Use up a console token: {"server_id", "kind": "vnc" or "serial", "host", "port",
        "socket" or None}. A token that is unknown, expired or used already raises NotFound."""


class Work(Contract, topic="compute.work", revision=1):
    """Told by the API, heard by any conductor. Only a hint: conductors look for ready jobs
    themselves too."""

    @cast()
    def wake(self, job_ids: list[str]) -> None:
        "These jobs are ready to be driven."
