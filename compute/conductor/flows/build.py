"""Building a server: choose and claim a host, get ports and volumes, order it from the agent.

start -> prepare -> order -> (agent) -> order_done
             ^                    |
           start <- order_failed <-   (another host, up to build_attempts)
"""

from collections.abc import Mapping
from typing import Any

from common.db import utcnow
from common.errors import Error
from compute.conductor.flows.flow import Flow, needs_token
from compute.conductor.work import JobOver, Work
from compute.contracts.specs import ServerSpec
from compute.core import network, schedule, volumes
from compute.core.hosts import report_of
from compute.core.spec import server_spec
from compute.errors import NoValidHost
from compute.scheduler import rank
from compute.store import servers as server_store
from compute.store.models import BlockDevice, Server


class Build(Flow):
    "See the module."

    on_failure: str | None = "error"

    def start(self, work: Work) -> None:
        "Choose a host and claim it, in one transaction."
        tried = set(work.job.args.get("tried") or [])
        with work.deps.db.write() as session:
            server, devices = work.load(session)
            where = self._where(work, server)
            request = schedule.request_for(session, server, devices, where=where, exclude=tried)
            host, ranking = schedule.choose_and_claim(
                work.deps, session, server, request, new=not tried and work.job.attempts == 1
            )
            server.host, server.node = host.name, host.node
            server.availability_zone = host.zone
            server.task_state = "networking"
            work.go_in(session, "prepare", host=host.name, rejected=ranking.explanation() or None)
            session.flush()
        work.known = server, devices

    def _where(self, work: Work, server: Server) -> Mapping[str, Any]:
        "What is asked of a host beside room."
        return server.request

    def _load(self, work: Work) -> tuple[Server, list[BlockDevice]]:
        known, work.known = work.known, None
        if known is not None:
            return known
        with work.deps.db.read() as session:
            return work.load(session)

    def prepare(self, work: Work) -> None:
        "Ports bound to the host, volumes connected to it; then the order, in the same transaction."
        server, devices = self._load(work)
        host = server.host or ""
        nics = network.make_ports(
            work.deps,
            server,
            host,
            server.request.get("networks") or [],
            server.request.get("groups") or [],
            resumed=work.job.attempts > 1 or bool(server.nics),
        )
        changes = connect_volumes(work, server, devices, host)
        server.nics, server.generation = nics, server.generation + 1
        for device in devices:
            for name, value in changes.get(device.uuid, {}).items():
                setattr(device, name, value)
        spec = self._spec(work, server, devices)
        with work.deps.db.write() as session:
            order = work.wait_in(session, host, "order")
            server_store.touch(
                session,
                server.id,
                nics=nics,
                ips=network.addresses(nics),
                task_state="spawning",
                generation=server.generation,
            )
            for uuid, values in changes.items():
                server_store.set_device(session, uuid, **values)
        work.send(host, order, lambda agent, order: agent.build(order, spec))

    def _spec(self, work: Work, server: Server, devices: list[BlockDevice]) -> ServerSpec:
        return server_spec(
            work.deps,
            server,
            devices,
            with_images=True,
            request_id=work.ctx.request_id,
            password=server.request.get("password"),
        )

    def order(self, work: Work) -> None:
        "The node has everything it needs in one message."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        spec = self._spec(work, server, devices)
        work.order(server.host or "", lambda agent, order: agent.build(order, spec))

    def order_done(self, work: Work) -> None:
        "It runs."
        report = work.job.args["report"]
        complete_volumes(work)
        with work.deps.db.write() as session:
            server = server_store.get(session, work.job.server_id)
            if server is None:
                raise JobOver()
            moment = utcnow()
            server.vm_state, server.task_state, server.fault = "active", None, None
            server.power_state = report.get("power_state") or 1
            server.launched_at = server.launched_at or moment
            server.updated_at, server.progress = moment, 0
            server.request = {k: v for k, v in server.request.items() if k != "password"}
            server_store.mark_attached(session, server.id)
            work.end(session)

    def order_failed(self, work: Work) -> None:
        "Another host, or the end."
        if needs_token(work):
            work.go("order")
            return
        tried = [*(work.job.args.get("tried") or []), work.job.host]
        if len(tried) < work.deps.config.compute.build_attempts and self._elsewhere(work, tried):
            return
        super().order_failed(work)

    def _elsewhere(self, work: Work, tried: list[Any]) -> bool:
        "Try the next host if there is one that could take it."
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            schedule.give_back(session, server.id)
            where = self._where(work, server)
            request = schedule.request_for(
                session, server, devices, where=where, exclude=set(tried)
            )
            hosts = schedule.load_hosts(work.deps, session)
            if not rank(request, hosts, schedule.settings(work.deps)).hosts:
                return False
            server.host, server.node, server.task_state = None, None, "scheduling"
            work.go_in(session, "start", tried=tried)
        return True

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "ERROR with the reason; ports of ours and the claim go back."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        if isinstance(error, NoValidHost):
            explanation = error.fields.get("explanation") or {}
            details = "\n".join(f"{h}: {f}: {r}" for h, (f, r) in explanation.items())
        self._clean(work, server, devices)
        super().failed(work, message, details, error)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "Give the claim back."
        schedule.give_back(session, work.job.server_id)
        values |= {"host": None, "node": None, "nics": [], "ips": ""}

    def _clean(self, work: Work, server: Server, devices: list[BlockDevice]) -> None:
        try:
            known = list(server.nics)
            if work.deps.services.has("network"):
                known += network.leftovers(work.deps, server.id, known)
            network.release(work.deps, server.id, known)
            disconnect_volumes(work, server, devices)
        except Error:
            # the server's deletion looks again
            return


def connect_volumes(
    work: Work, server: Server, devices: list[BlockDevice], host: str
) -> dict[str, dict[str, Any]]:
    "Make the volumes that are missing and connect all to `host`: device uuid -> columns to set."
    wanted = [d for d in devices if d.destination_type == "volume"]
    if not wanted:
        return {}
    report = report_of(work.deps, host)
    changes: dict[str, dict[str, Any]] = {}
    for device in wanted:
        values: dict[str, Any] = {}
        volume_id = device.volume_id
        if volume_id is None:
            volume_id = volumes.create(
                work.deps,
                server,
                size_gib=device.size_gib,
                image_id=device.image_id,
                snapshot_id=device.snapshot_id,
                volume_type=device.volume_type,
            )
            note_volume(work, device.uuid, volume_id)
            values["volume_id"] = volume_id
        if not device.attachment_id:
            found = volumes.wait_available(work.deps, server, volume_id)
            values["size_gib"] = found.get("size")
            values["attachment_id"] = volumes.reserve(work.deps, None, server, volume_id)
        attachment = str(values.get("attachment_id") or device.attachment_id)
        values["connection"] = volumes.connect(
            work.deps, server, attachment, host, report, device.device_name
        )
        changes[device.uuid] = values
    return changes


def note_volume(work: Work, device_uuid: str, volume_id: str) -> None:
    "Write a new volume down at once, so that a crash cannot lose it."
    with work.deps.db.write() as session:
        work.still(session)
        server_store.set_device(session, device_uuid, volume_id=volume_id)


def complete_volumes(work: Work) -> None:
    "Tell the volume service that the guest has them."
    if not work.deps.services.has("volume"):
        return
    with work.deps.db.read() as session:
        devices = server_store.devices_of(session, [work.job.server_id])[work.job.server_id]
        attached = [d.attachment_id for d in devices if d.attachment_id]
        server = server_store.get(session, work.job.server_id) if attached else None
    for attachment in attached:
        if server is not None:
            volumes.complete(work.deps, server, attachment)


def disconnect_volumes(
    work: Work, server: Server, devices: list[BlockDevice], *, final: bool = False
) -> None:
    "Release attachments; with `final` delete the volumes that go with their server."
    for device in devices:
        if device.attachment_id:
            volumes.release(work.deps, server, device.attachment_id)
        if final and device.volume_id and device.delete_on_termination:
            volumes.delete(work.deps, server, device.volume_id)
