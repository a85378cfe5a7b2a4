"Shelve, offload, unshelve."

from collections.abc import Mapping
from typing import Any

from common.db import utcnow
from compute.conductor.flows.build import Build
from compute.conductor.flows.flow import Flow, needs_token
from compute.conductor.work import Work
from compute.core import blockdev, images, network, schedule, snapshots, volumes
from compute.core.spec import server_spec
from compute.store import servers as server_store


class Shelve(Flow):
    "Stop it, keep its disk as an image, and (by default at once) take it off its host."

    def start(self, work: Work) -> None:
        "Stop."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id, power="off")
        work.order(server.host or "", lambda agent, order: agent.power(order, spec, "stop", 60))

    def start_done(self, work: Work) -> None:
        "An image of the root disk, unless it is a volume."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        if blockdev.volume_backed(devices):
            self._shelved(work)
            return
        image = server.shelved_image_id or snapshots.record(
            work.deps, None, server, f"{server.name}-shelved", {}
        )
        with work.deps.db.write() as session:
            work.save(
                session,
                shelved_image_id=image,
                power_state=4,
                task_state="shelving_image_uploading",
            )
            work.go_in(session, "upload")

    def upload(self, work: Work) -> None:
        "The node uploads it."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        target = snapshots.target(work.deps, server.shelved_image_id or "")
        work.order(
            server.host or "",
            lambda agent, order: agent.snapshot(order, server.id, target, False, False),
        )

    def upload_done(self, work: Work) -> None:
        "Kept."
        self._shelved(work)

    def upload_failed(self, work: Work) -> None:
        "Again with a fresh token, or the end: it stays stopped where it is."
        if needs_token(work):
            work.go("upload")
            return
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        if server.shelved_image_id:
            images.delete(work.deps, server.shelved_image_id)
        self.order_failed(work)

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "No image stays named."
        values["shelved_image_id"] = None

    def _shelved(self, work: Work) -> None:
        now = work.deps.config.compute.shelved_offload_after_s == 0
        with work.deps.db.write() as session:
            work.save(
                session,
                vm_state="shelved",
                power_state=4,
                power_wanted="off",
                shelved_at=utcnow(),
                task_state="shelving_offloading" if now else None,
            )
            if now:
                work.go_in(session, "offload")
            else:
                work.end(session)

    def offload(self, work: Work) -> None:
        "Off the host."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        work.order(server.host or "", lambda agent, order: agent.destroy(order, server.id))

    def offload_done(self, work: Work) -> None:
        "Nothing of it is on a host."
        offloaded(work)

    def offload_failed(self, work: Work) -> None:
        "It stays shelved on its host."
        self.order_failed(work)


class Offload(Flow):
    "The second half alone."

    def start(self, work: Work) -> None:
        "Off the host."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        if server.host is None:
            offloaded(work)
            return
        work.order(server.host, lambda agent, order: agent.destroy(order, server.id))

    def start_done(self, work: Work) -> None:
        "Done."
        offloaded(work)


def offloaded(work: Work) -> None:
    """Release the host: its claim, the bindings of ports, the connections of volumes (they stay
    attached to the server)."""
    with work.deps.db.read() as session:
        server, devices = work.load(session)
    nics = network.rebind(work.deps, server, "")
    changes = {}
    for device in devices:
        if device.attachment_id:
            fresh = volumes.reserve(
                work.deps, None, server, device.volume_id or "", again=device.attachment_id
            )
            changes[device.uuid] = {"attachment_id": fresh, "connection": {}}
    with work.deps.db.write() as session:
        schedule.give_back(session, server.id)
        for uuid, values in changes.items():
            server_store.set_device(session, uuid, **values)
        work.save(
            session,
            vm_state="shelved_offloaded",
            task_state=None,
            host=None,
            node=None,
            nics=nics,
            power_state=4,
        )
        work.end(session)


class Unshelve(Build):
    "Back from the image: a build with another root; or a mere start when it never left its host."

    on_failure = None

    def start(self, work: Work) -> None:
        "Where to."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        if server.host is None:
            super().start(work)
            return
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id, power="on")
        work.order(server.host, lambda agent, order: agent.power(order, spec, "start", 60))

    def start_done(self, work: Work) -> None:
        "It runs again on its host."
        self.order_done(work)

    def start_failed(self, work: Work) -> None:
        "It stays shelved."
        Flow.order_failed(self, work)

    def _where(self, work: Work, server: Any) -> Mapping[str, Any]:
        "The host that was named now, not the one that was at its creation."
        return schedule.where_to_move(server, work.job.args.get("force_host"), False)

    def _spec(self, work: Work, server: Any, devices: Any) -> Any:
        "Its root is the image it was shelved to."
        spec = server_spec(
            work.deps,
            server,
            devices,
            with_images=not server.shelved_image_id,
            request_id=work.ctx.request_id,
            power="on",
        )
        if server.shelved_image_id:
            source = images.source(work.deps, images.get(work.deps, None, server.shelved_image_id))
            for disk in spec.disks:
                if disk.kind == "root":
                    disk.image = source
        return spec

    def order_done(self, work: Work) -> None:
        "It runs; the image is not needed any more."
        with work.deps.db.write() as session:
            server, _ = work.load(session)
            image = server.shelved_image_id
            server.shelved_image_id, server.shelved_at = None, None
            server.power_wanted = "on"
        super().order_done(work)
        if image:
            images.delete(work.deps, image)

    def _clean(self, work: Work, server: Any, devices: Any) -> None:
        "Ports and volumes stay with the shelved server."

    def undo(self, work: Work, session: Any, values: dict[str, Any]) -> None:
        "Offloaded as before."
        if work.job.args.get("was") == "shelved_offloaded":
            schedule.give_back(session, work.job.server_id)
            values |= {"host": None, "node": None}
