"Live migration and evacuation."

from typing import Any

from common.db import utcnow
from compute.conductor.flows.build import Build, connect_volumes
from compute.conductor.flows.flow import Flow
from compute.conductor.flows.resize import migration_of
from compute.conductor.work import Work
from compute.core import network, schedule
from compute.core.spec import server_spec
from compute.store import allocations
from compute.store import servers as server_store


class LiveMigrate(Flow):
    "start (claim) -> ready (target) -> go (source) -> finish."

    def start(self, work: Work) -> None:
        "Hold both places."
        args = work.job.args
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            where = schedule.where_to_move(
                server, args.get("force_host"), args.get("skip_filters", False)
            )
            request = schedule.request_for(
                session, server, devices, where=where, exclude={server.host or ""}
            )
            row = migration_of(session, work)
            allocations.move_consumer(
                session, server.id, row.uuid, project_id=server.project_id, user_id=server.user_id
            )
            host, _ = schedule.choose_and_claim(work.deps, session, server, request)
            row.dest_host, row.dest_node, row.status = host.name, host.node, "preparing"
            row.dest_ip = host.report.get("host_ip")
            work.go_in(session, "ready", host=host.name, target=host.name, source=server.host)

    def ready(self, work: Work) -> None:
        "The target makes room and says where."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        target, source = work.job.args["target"], work.job.args["source"]
        changes = connect_volumes(work, server, devices, target)
        for device in devices:
            device.connection = changes.get(device.uuid, {}).get("connection", device.connection)
        spec = server_spec(
            work.deps, server, devices, with_images=True, request_id=work.ctx.request_id
        )
        work.order(target, lambda agent, order: agent.move_in(order, spec, source, "live"))

    def ready_done(self, work: Work) -> None:
        "Now the source."
        peer = (work.job.args["report"].get("detail") or {}).get("peer")
        with work.deps.db.write() as session:
            work.still(session)
            migration_of(session, work).status = "running"
            work.go_in(session, "leave", host=work.job.args["source"], peer=peer)

    def leave(self, work: Work) -> None:
        "The source sends the guest over."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        args = work.job.args
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id)
        work.order(
            args["source"],
            lambda agent, order: agent.move_out(
                order, spec, args["target"], "live", args.get("block"), args.get("peer")
            ),
        )

    def leave_done(self, work: Work) -> None:
        "It runs there: ports follow, the source forgets it."
        args = work.job.args
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        nics = network.rebind(work.deps, server, args["target"])
        with work.deps.db.write() as session:
            work.still(session)
            row = migration_of(session, work)
            row.status, row.updated_at = "completed", utcnow()
            allocations.release(session, row.uuid)
            work.save(
                session,
                host=row.dest_host,
                node=row.dest_node,
                nics=nics,
                task_state=None,
                progress=0,
            )
            work.end(session)
        work.tell(args["source"], lambda agent: agent.destroy(f"{work.job.id}-left", server.id))

    def ready_failed(self, work: Work) -> None:
        "The target cannot."
        self._stay(work)

    def leave_failed(self, work: Work) -> None:
        "It stays where it is."
        self._stay(work)

    def _stay(self, work: Work) -> None:
        server_id = work.job.server_id
        work.tell(
            work.job.args["target"], lambda agent: agent.destroy(f"{work.job.id}-undo", server_id)
        )
        self.order_failed(work)

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


class Evacuate(Build):
    """A build on another host of what a dead host had; shared disks and volumes come along, local
    disks are made anew."""

    def start(self, work: Work) -> None:
        "Claim elsewhere; the dead host's claim goes at the same moment."
        args = work.job.args
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            where = schedule.where_to_move(
                server, args.get("force_host"), args.get("skip_filters", False)
            )
            request = schedule.request_for(
                session, server, devices, where=where, exclude=set(args.get("tried") or [])
            )
            allocations.release(session, server.id)
            host, _ = schedule.choose_and_claim(work.deps, session, server, request)
            row = migration_of(session, work)
            row.dest_host, row.dest_node, row.status = host.name, host.node, "accepted"
            server.host, server.node = host.name, host.node
            server.power_wanted = args.get("power", "on")
            work.go_in(session, "prepare", host=host.name)

    def prepare(self, work: Work) -> None:
        "Ports and volumes go over."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        nics = network.rebind(work.deps, server, server.host or "")
        changes = connect_volumes(work, server, devices, server.host or "")
        with work.deps.db.write() as session:
            work.save(
                session, nics=nics, generation=server.generation + 1, task_state="rebuild_spawning"
            )
            for uuid, values in changes.items():
                server_store.set_device(session, uuid, **values)
            work.go_in(session, "order")

    def order_done(self, work: Work) -> None:
        "It runs again, or is stopped as it was."
        stopped = work.job.args.get("power") == "off"
        with work.deps.db.write() as session:
            row = migration_of(session, work)
            row.status, row.updated_at = "done", utcnow()
        super().order_done(work)
        if stopped:
            with work.deps.db.write() as session:
                server_store.touch(session, work.job.server_id, vm_state="stopped", power_state=4)

    def _elsewhere(self, work: Work, tried: list[Any]) -> bool:
        return False

    def _clean(self, work: Work, server: Any, devices: Any) -> None:
        "Ports and volumes stay with the server."

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "In error, on the host where it was."
        row = migration_of(session, work)
        row.status, row.updated_at = "error", utcnow()
        values |= {"host": row.source_host, "node": row.source_node}
