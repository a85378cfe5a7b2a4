"Hot-plug of ports and volumes."

from typing import Any

from compute.conductor.flows.flow import Flow
from compute.conductor.work import Work
from compute.core import network, spec, volumes
from compute.core.hosts import report_of
from compute.store import servers as server_store
from compute.store.models import BlockDevice


class AttachNic(Flow):
    "The port is there and written down; the node plugs it."

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        one = spec.nic(next(n for n in server.nics if n["port_id"] == work.job.args["port"]))
        work.order(server.host or "", lambda agent, order: agent.attach_nic(order, server.id, one))

    def start_done(self, work: Work) -> None:
        "It is in the guest."
        with work.deps.db.write() as session:
            work.end(session)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "The port goes, or is free again; the node, which may have plugged it, unplugs it."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        nic = next((n for n in server.nics if n["port_id"] == work.job.args["port"]), None)
        if nic is not None:
            if "order" in work.job.args:
                one, undo = spec.nic(nic), f"{work.job.id}-undo"
                work.tell(server.host or "", lambda agent: agent.detach_nic(undo, server.id, one))
            network.release_port(work.deps, server.id, nic)
        super().failed(work, message, details, error)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "Not one of the server's."
        forget_nic(work, session, values)


def forget_nic(work: Work, session: Any, values: dict[str, Any]) -> None:
    "Take a port off what is kept of the server's."
    server, _ = work.load(session)
    left = [n for n in server.nics if n["port_id"] != work.job.args["port"]]
    values |= {"nics": left, "ips": network.addresses(left)}


class DetachNic(Flow):
    "Unplug, then delete or free the port."

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        found = next((n for n in server.nics if n["port_id"] == work.job.args["port"]), None)
        if found is None:
            with work.deps.db.write() as session:
                work.end(session)
            return
        one = spec.nic(found)
        work.order(server.host or "", lambda agent, order: agent.detach_nic(order, server.id, one))

    def start_done(self, work: Work) -> None:
        "It is out of the guest."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        nic = next((n for n in server.nics if n["port_id"] == work.job.args["port"]), None)
        if nic is not None:
            network.release_port(work.deps, server.id, nic)
        with work.deps.db.write() as session:
            values: dict[str, Any] = {}
            forget_nic(work, session, values)
            work.save(session, **values)
            work.end(session)


def device_of(work: Work, devices: list[BlockDevice]) -> BlockDevice | None:
    "The block device of a job."
    return next((d for d in devices if d.uuid == work.job.args["device"]), None)


class AttachVolume(Flow):
    "The volume is reserved; connect it, plug it, complete the attachment."

    def start(self, work: Work) -> None:
        "Connect and order."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        assert device is not None and device.attachment_id and server.host
        connection = volumes.connect(
            work.deps,
            server,
            device.attachment_id,
            server.host,
            report_of(work.deps, server.host),
            device.device_name,
        )
        with work.deps.db.write() as session:
            work.still(session)
            server_store.set_device(session, device.uuid, connection=connection)
        device.connection = connection
        disk = spec.disk(work.deps, server, device)
        work.order(server.host, lambda agent, order: agent.attach_disk(order, server.id, disk))

    def start_done(self, work: Work) -> None:
        "The guest has it."
        detail = work.job.args["report"].get("detail") or {}
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        if device is not None and device.attachment_id:
            # before the job is over: a volume service that is away is asked again
            volumes.complete(work.deps, server, device.attachment_id)
        with work.deps.db.write() as session:
            work.still(session)
            _, devices = work.load(session)
            device = device_of(work, devices)
            if device is not None:
                device.attached = True
                device.device_name = detail.get("device_name") or device.device_name
            work.save(session)
            work.end(session)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "The volume is free again; the node, which may have plugged it, unplugs it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        if device is not None and device.attachment_id:
            if "order" in work.job.args:
                disk, undo = spec.disk(work.deps, server, device), f"{work.job.id}-undo"
                work.tell(server.host or "", lambda agent: agent.detach_disk(undo, server.id, disk))
            volumes.release(work.deps, server, device.attachment_id)
        super().failed(work, message, details, error)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "Not one of the server's."
        _, devices = work.load(session)
        device = device_of(work, devices)
        if device is not None:
            session.delete(device)


class DetachVolume(Flow):
    "Unplug, then release the attachment."

    def start(self, work: Work) -> None:
        "Order it, if the server is on a host."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        if device is None or server.host is None:
            self.start_done(work)
            return
        disk = spec.disk(work.deps, server, device)
        work.order(server.host, lambda agent, order: agent.detach_disk(order, server.id, disk))

    def start_done(self, work: Work) -> None:
        "It is out of the guest."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        if device is not None and device.attachment_id:
            volumes.release(work.deps, server, device.attachment_id)
        with work.deps.db.write() as session:
            work.still(session)
            _, devices = work.load(session)
            found = device_of(work, devices)
            if found is not None:
                session.delete(found)
            work.save(session)
            work.end(session)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "Still attached: the volume says so again."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        if device is not None and device.volume_id:
            volumes.roll_detaching(work.deps, server, device.volume_id)
        super().failed(work, message, details, error)


class SwapVolume(Flow):
    "The new volume is reserved; the node copies and switches; the old one is released."

    def start(self, work: Work) -> None:
        "Connect and order."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        device = device_of(work, devices)
        assert device is not None and server.host
        args = work.job.args
        connection = volumes.connect(
            work.deps,
            server,
            args["attachment"],
            server.host,
            report_of(work.deps, server.host),
            device.device_name,
        )
        work.job.args = {**args, "connection": connection}
        old = spec.disk(work.deps, server, device)
        device.connection, device.volume_id = connection, args["volume"]
        new = spec.disk(work.deps, server, device)
        work.order(server.host, lambda agent, order: agent.swap_disk(order, server.id, old, new))

    def start_done(self, work: Work) -> None:
        "The guest is on the new one."
        args = work.job.args
        with work.deps.db.write() as session:
            work.still(session)
            server, devices = work.load(session)
            device = device_of(work, devices)
            assert device is not None
            old = device.attachment_id
            device.volume_id, device.attachment_id = args["volume"], args["attachment"]
            device.connection = args.get("connection") or {}
            work.save(session, task_state=None)
            work.end(session)
        volumes.complete(work.deps, server, args["attachment"])
        if old:
            volumes.release(work.deps, server, old)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "The new volume is free again."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        volumes.release(work.deps, server, work.job.args["attachment"])
        super().failed(work, message, details, error)
