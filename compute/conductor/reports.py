"Hearing agents: inventories, progress, ends of jobs, guests that stopped by themselves."

import dataclasses
import hashlib
import logging
from typing import Any

from common.db import utcnow
from compute.conductor.drive import Driver
from compute.contracts.specs import DomainState, HostInventory
from compute.core import Deps, schedule
from compute.errors import ConsoleTokenNotFound
from compute.store import hosts as store
from compute.store import quotas as quota_store
from compute.store import servers as server_store
from compute.store import work as work_store
from compute.store.models import ComputeNode, Server

LOG = logging.getLogger(__name__)
TASKS = {
    "networking",
    "block_device_mapping",
    "spawning",
    "rebuild_spawning",
    "image_uploading",
    "image_pending_upload",
    "resize_migrating",
    "resize_migrated",
    "resize_finish",
}
TOLD_BEFORE = {"networking", "block_device_mapping", "spawning", "rebuild_spawning"}
POWER_STATES = {1: "active", 3: "paused", 4: "stopped", 6: "stopped", 7: "suspended"}


class ReportsServer:
    "Implements the contract `Reports`, and `Consoles` and `Work` beside it."

    def __init__(self, deps: Deps, driver: Driver) -> None:
        self.deps, self.driver = deps, driver

    def wake(self, job_ids: list[str]) -> None:
        "Work.wake"
        self.driver.wake(job_ids)

    def inventory(self, host: HostInventory) -> dict[str, Any]:
        "Reports.inventory"
        report = dataclasses.asdict(host)
        domains, busy = report.pop("domains"), report.pop("busy")
        with self.deps.db.write() as session:
            node = store.node(session, host.host)
            if node is None:
                node = ComputeNode(
                    host=host.host, hypervisor_hostname=host.hypervisor_hostname or host.host
                )
                session.add(node)
                session.flush()
                LOG.info("host %s is new", host.host)
            store.seen(session, host.host, store.COMPUTE, host.revision)
            store.save_report(session, node, report, busy, host.boot_id)
            schedule.save_inventory(self.deps, session, node, report)
            return self._answer(session, host.host, domains, set(busy))

    def _answer(
        self, session: Any, host: str, domains: list[dict[str, Any]], busy: set[str]
    ) -> dict[str, Any]:
        "What the host should be; states that changed without an order are written down."
        known = {s.id: s for s in server_store.on_host(session, host)}
        open_jobs = {j.server_id for j in work_store.open_jobs(session)}
        wanted = {
            i: {"generation": s.generation, "power": s.power_wanted} for i, s in known.items()
        }
        strangers = [d["server_id"] for d in domains if d["server_id"] not in known]
        keep = _kept(session, strangers, host, open_jobs)
        present = {d["server_id"]: d for d in domains}
        for server in known.values():
            if server.id in open_jobs or server.id in busy or not server.launched_at:
                continue
            self._observe(server, present.get(server.id))
        return {"servers": wanted, "destroy": [i for i in strangers if i not in keep]}

    def _observe(self, server: Server, domain: dict[str, Any] | None) -> None:
        if server.task_state is not None or server.vm_state in (
            "shelved_offloaded",
            "soft-delete",
            "resized",
        ):
            return
        power = domain["power_state"] if domain else 4
        _settle(server, power)

    def progress(self, job_id: str, server_id: str, step: str, detail: dict | None = None) -> None:
        "Reports.progress"
        if not detail and step in TOLD_BEFORE:
            return  # the conductor wrote that down when it gave the order: no statement for it
        with self.deps.db.write() as session:
            job = work_store.get_job(session, job_id.partition(".")[0])
            if job is None or job.state not in work_store.OPEN:
                return
            job.updated_at = utcnow()
            values: dict[str, Any] = {}
            if step in TASKS and job.kind in ("build", "rebuild", "resize", "snapshot"):
                values["task_state"] = "rebuild_spawning" if job.kind == "rebuild" else step
            if detail and "progress" in detail:
                values["progress"] = int(detail["progress"])
            if values and job.kind != "snapshot":
                server_store.touch(session, server_id, **values)
            if detail and job.kind == "live_migrate":
                work_store.note_totals(session, server_id, detail)

    def finished(
        self,
        job_id: str,
        server_id: str,
        ok: bool,
        power_state: int = 0,
        fault: str = "",
        detail: dict | None = None,
    ) -> None:
        "Reports.finished"
        self.driver.report(
            job_id, ok, {"power_state": power_state, "fault": fault, "detail": detail or {}}
        )

    def power_changed(self, host: str, state: DomainState) -> None:
        "Reports.power_changed"
        with self.deps.db.write() as session:
            server = server_store.get(session, state.server_id, lock=True)
            if server is None or server.host != host or server.task_state or not server.launched_at:
                return
            if work_store.open_jobs(session, server_id=server.id):
                return
            _settle(server, state.power_state)

    def redeem(self, token: str) -> dict[str, Any]:
        "Consoles.redeem"
        digest = hashlib.sha256(token.encode()).hexdigest()
        with self.deps.db.write() as session:
            row = quota_store.console_token(session, digest)
            if row is None or row.used_at is not None or row.expires_at < utcnow():
                raise ConsoleTokenNotFound()
            row.used_at = utcnow()
            return {**row.target, "server_id": row.server_id, "kind": row.kind}


def _settle(server: Server, power_state: int) -> None:
    "Write down what the hypervisor says: a guest that shut itself down is stopped, not an error."
    if server.power_state == power_state:
        return
    state = POWER_STATES.get(power_state)
    server.power_state, server.updated_at = power_state, utcnow()
    if state is None or server.vm_state not in ("active", "stopped", "paused", "suspended"):
        return
    if state == "active" and server.vm_state == "paused":
        return
    LOG.info("server %s is %s by itself", server.id, state)
    server.vm_state = state
    server.power_wanted = {
        "active": "on",
        "stopped": "off",
        "paused": "paused",
        "suspended": "suspended",
    }[state]


def _kept(session: Any, strangers: list[str], host: str, open_jobs: set[str]) -> set[str]:
    "Domains that are not of this host but must not be destroyed now: something moves them."
    found = server_store.by_ids(session, strangers)
    keep = {i for i in found if i in open_jobs}
    for one in work_store.migrations(
        session,
        host=host,
        statuses=("finished", "post-migrating", "running", "preparing", "queued", "migrating"),
    ):
        keep.add(one.server_id)
    return keep
