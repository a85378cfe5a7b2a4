"""Resize and cold migration, their confirmation and reversal.

The old claim goes to the migration as its own consumer, the server claims anew: until a confirm
or a revert both places are held, and whichever it becomes only one consumer is released.
"""

from collections.abc import Mapping
from typing import Any

from common.db import utcnow
from compute.conductor.flows.build import connect_volumes
from compute.conductor.flows.flow import Flow
from compute.conductor.flows.power import POWER
from compute.conductor.work import Work
from compute.core import network, schedule
from compute.core.spec import server_spec
from compute.store import allocations
from compute.store import servers as server_store
from compute.store.models import BlockDevice, Migration, Server


def migration_of(session: Any, work: Work) -> Migration:
    "The migration record of a job."
    found: Migration = session.get(Migration, work.job.args["migration"])
    return found


def fit_devices(devices: list[BlockDevice], flavor: Mapping[str, Any]) -> None:
    "Sizes of local disks as the flavor has them."
    for device in devices:
        if device.destination_type != "local":
            continue
        if device.boot_index == 0:
            device.size_gib = flavor["root_gib"]
        elif device.guest_format == "swap":
            device.size_mib = flavor["swap_mib"]


def flavor_columns(flavor: Mapping[str, Any]) -> dict[str, Any]:
    "Columns of a server that repeat its flavor."
    return {
        "flavor": dict(flavor),
        "flavor_id": flavor["id"],
        "vcpus": flavor["vcpus"],
        "memory_mib": flavor["memory_mib"],
        "root_gib": flavor["root_gib"],
        "ephemeral_gib": flavor["ephemeral_gib"],
    }


def bring_back(work: Work, source: str) -> None:
    "Ports and volumes are those of the host that it came from again."
    with work.deps.db.read() as session:
        server, devices = work.load(session)
    nics = network.rebind(work.deps, server, source)
    changes = connect_volumes(work, server, devices, source)
    with work.deps.db.write() as session:
        work.save(session, nics=nics)
        for uuid, values in changes.items():
            server_store.set_device(session, uuid, **values)


class Resize(Flow):
    """start -> apply (same host), or out -> take -> (both agents) -> finish; back after a
    failure."""

    def start(self, work: Work) -> None:
        "Choose a host for the new flavor and hold both places."
        args = work.job.args
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            leave = args.get("leave") or not work.deps.config.compute.allow_resize_to_same_host
            where = schedule.where_to_move(
                server, args.get("force_host"), args.get("skip_filters", False)
            )
            request = schedule.request_for(
                session,
                server,
                devices,
                flavor=args["flavor"],
                where=where,
                exclude={server.host or ""} if leave else set(),
            )
            row = migration_of(session, work)
            allocations.move_consumer(
                session, server.id, row.uuid, project_id=server.project_id, user_id=server.user_id
            )
            host, ranking = schedule.choose_and_claim(work.deps, session, server, request)
            row.dest_host, row.dest_node, row.status = host.name, host.node, "migrating"
            row.dest_ip = host.report.get("host_ip")
            server.task_state, server.old_flavor = "resize_migrating", server.flavor
            server.old_vm_state = server.vm_state
            server.generation += 1
            same = host.name == server.host
            work.go_in(
                session,
                "apply" if same else "out",
                host=server.host,
                target=host.name,
                source=server.host,
                rejected=ranking.explanation() or None,
            )

    def _spec(self, work: Work, new: bool) -> tuple[Server, list[BlockDevice], Any]:
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        power = "off" if work.job.args.get("was") == "stopped" else "on"
        if new:
            server.flavor = work.job.args["flavor"]
            fit_devices(devices, server.flavor)
        spec = server_spec(
            work.deps,
            server,
            devices,
            with_images=True,
            request_id=work.ctx.request_id,
            power=power,
        )
        return server, devices, spec

    def apply(self, work: Work) -> None:
        "On the same host."
        server, _, spec = self._spec(work, True)
        work.order(server.host or "", lambda agent, order: agent.resize(order, spec, "apply"))

    def apply_done(self, work: Work) -> None:
        "It is so."
        self.finish(work)

    def out(self, work: Work) -> None:
        "The source stops it and offers its disks."
        _, _, spec = self._spec(work, False)
        target = work.job.args["target"]
        work.order(
            work.job.args["source"],
            lambda agent, order: agent.move_out(order, spec, target, "cold", None),
        )

    def out_done(self, work: Work) -> None:
        "Ports and volumes go over."
        peer = (work.job.args["report"].get("detail") or {}).get("peer")
        target = work.job.args["target"]
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        nics = network.rebind(work.deps, server, target)
        changes = connect_volumes(work, server, devices, target)
        with work.deps.db.write() as session:
            work.save(session, nics=nics, task_state="resize_finish")
            for device in devices:
                if device.uuid in changes:
                    server_store.set_device(session, device.uuid, **changes[device.uuid])
            work.go_in(session, "take", host=target, peer=peer)

    def take(self, work: Work) -> None:
        "The target takes it over."
        _, _, spec = self._spec(work, True)
        source, peer = work.job.args["source"], work.job.args.get("peer")
        work.order(
            work.job.args["target"],
            lambda agent, order: agent.move_in(order, spec, source, "cold", peer),
        )

    def take_done(self, work: Work) -> None:
        "It is there."
        self.finish(work)

    def finish(self, work: Work) -> None:
        "Wait for the user's confirmation."
        flavor = work.job.args["flavor"]
        stopped = work.job.args.get("was") == "stopped"
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            fit_devices(devices, flavor)
            row = migration_of(session, work)
            row.status, row.updated_at = "finished", utcnow()
            work.save(
                session,
                vm_state="resized",
                task_state=None,
                host=row.dest_host,
                node=row.dest_node,
                power_state=4 if stopped else 1,
                power_wanted="off" if stopped else "on",
                launched_at=utcnow(),
                progress=0,
                fault=None,
                **flavor_columns(flavor),
            )
            work.end(session)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        """Whatever went wrong after a node was given an order, it may have carried it out: the
        source puts the old size back before the server is said to have it."""
        args = work.job.args
        if "order" not in args or "failure" in args:
            super().failed(work, message, details, error)
            return
        with work.deps.db.write() as session:
            work.still(session)
            work.go_in(session, "back", host=args["source"], failure=[message, details])

    def apply_failed(self, work: Work) -> None:
        "The node has put the old back, or never left it: told again, as it may have died at it."
        self.order_failed(work)

    def out_failed(self, work: Work) -> None:
        "It did not leave."
        self.order_failed(work)

    def take_failed(self, work: Work) -> None:
        "The target cannot: the source keeps it."
        self.order_failed(work)

    def back(self, work: Work) -> None:
        "The source makes it what it was; a target forgets what it has taken over."
        source, target = work.job.args["source"], work.job.args["target"]
        if target != source:
            # not waited for: a target that is away destroys what is not its own when it is back
            server_id = work.job.server_id
            work.tell(target, lambda agent: agent.destroy(f"{work.job.id}-undo", server_id))
            bring_back(work, source)
        _, _, spec = self._spec(work, False)
        work.order(source, lambda agent, order: agent.resize(order, spec, "revert"))

    def back_done(self, work: Work) -> None:
        "As before, with the reason."
        message, details = work.job.args["failure"]
        super().failed(work, message, details, None)

    def back_failed(self, work: Work) -> None:
        "Nobody knows what it is now: it is in error, with both reasons."
        message, details = work.job.args["failure"]
        fault = work.job.args["report"].get("fault") or "The node gave no reason."
        work.job.args = {**work.job.args, "lost": True}
        reason = f"{message} The old size could not be put back: {fault}"
        super().failed(work, reason, details, None)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "The claim as it was."
        row = migration_of(session, work)
        if allocations.held_by(session, row.uuid):
            allocations.release(session, work.job.server_id)
            server, _ = work.load(session)
            allocations.move_consumer(
                session,
                row.uuid,
                server.id,
                project_id=server.project_id,
                user_id=server.user_id,
                consumer_type="INSTANCE",
            )
        row.status, row.updated_at = "error", utcnow()
        vm_state = "error" if work.job.args.get("lost") else work.job.args["was"]
        values |= {"vm_state": vm_state, "old_flavor": None, "old_vm_state": None}


class Confirm(Flow):
    "The old place goes."

    def start(self, work: Work) -> None:
        "On the node that has it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
            row = migration_of(session, work)
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id)
        if row.source_host == row.dest_host:
            work.order(server.host or "", lambda agent, order: agent.resize(order, spec, "confirm"))
        else:
            work.order(row.source_host or "", lambda agent, order: agent.destroy(order, server.id))

    def start_done(self, work: Work) -> None:
        "One place is left."
        with work.deps.db.write() as session:
            work.still(session)
            server, _ = work.load(session)
            row = migration_of(session, work)
            allocations.release(session, row.uuid)
            row.status, row.updated_at = "confirmed", utcnow()
            vm_state = (
                "stopped"
                if server.old_vm_state == "stopped" or server.power_state == 4
                else "active"
            )
            work.save(
                session, vm_state=vm_state, task_state=None, old_flavor=None, old_vm_state=None
            )
            work.end(session)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "It can be confirmed again."
        migration_of(session, work).status = "finished"


class Revert(Flow):
    "Back to the old place and flavor."

    on_failure = "error"

    def start(self, work: Work) -> None:
        "Away from the new place first."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
            row = migration_of(session, work)
        if row.source_host == row.dest_host:
            work.go("put_back")
        else:
            work.order(row.dest_host or "", lambda agent, order: agent.destroy(order, server.id))

    def start_done(self, work: Work) -> None:
        "The new place is empty."
        with work.deps.db.read() as session:
            source = migration_of(session, work).source_host or ""
        bring_back(work, source)
        work.go("put_back", host=source)

    def put_back(self, work: Work) -> None:
        "The old disks."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
            row = migration_of(session, work)
        server.flavor = server.old_flavor or server.flavor
        fit_devices(devices, server.flavor)
        spec = server_spec(
            work.deps,
            server,
            devices,
            request_id=work.ctx.request_id,
            power="off" if server.old_vm_state == "stopped" else "on",
        )
        work.order(row.source_host or "", lambda agent, order: agent.resize(order, spec, "revert"))

    def put_back_done(self, work: Work) -> None:
        "As before."
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            row = migration_of(session, work)
            old = server.old_flavor or server.flavor
            fit_devices(devices, old)
            allocations.release(session, server.id)
            allocations.move_consumer(
                session,
                row.uuid,
                server.id,
                project_id=server.project_id,
                user_id=server.user_id,
                consumer_type="INSTANCE",
            )
            row.status, row.updated_at = "reverted", utcnow()
            vm_state = "stopped" if server.old_vm_state == "stopped" else "active"
            work.save(
                session,
                vm_state=vm_state,
                task_state=None,
                old_flavor=None,
                old_vm_state=None,
                host=row.source_host,
                node=row.source_node,
                power_state=POWER[vm_state],
                power_wanted="off" if vm_state == "stopped" else "on",
                **flavor_columns(old),
            )
            work.end(session)

    def put_back_failed(self, work: Work) -> None:
        "It stays in error, with the reason."
        self.order_failed(work)
