"Rebuild, rescue, unrescue, snapshot, backup, soft delete, restore, crash dump: one order, or two."

from typing import Any

from common.db import utcnow
from compute.conductor.flows.flow import Flow, needs_token
from compute.conductor.flows.power import POWER
from compute.conductor.work import Work
from compute.core import images, snapshots
from compute.core.spec import server_spec


class Rebuild(Flow):
    "A new root disk."

    on_failure = "error"

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        args = work.job.args
        spec = server_spec(
            work.deps,
            server,
            devices,
            with_images=True,
            password=args.get("password"),
            request_id=work.ctx.request_id,
        )
        keep = bool(args.get("preserve_ephemeral"))
        work.order(server.host or "", lambda agent, order: agent.rebuild(order, spec, keep))

    def start_done(self, work: Work) -> None:
        "It runs again, or is stopped as it was."
        with work.deps.db.write() as session:
            server, _ = work.load(session)
            vm_state = "stopped" if server.power_wanted == "off" else "active"
            request = {k: v for k, v in server.request.items() if k != "password"}
            work.save(
                session,
                vm_state=vm_state,
                task_state=None,
                power_state=POWER[vm_state],
                fault=None,
                launched_at=utcnow(),
                progress=0,
                request=request,
            )
            work.end(session)

    def start_failed(self, work: Work) -> None:
        "Again with a fresh token, or the end."
        if needs_token(work):
            work.go("start")
        else:
            self.order_failed(work)


class Rescue(Flow):
    "Boot from another image."

    on_failure = "error"

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        spec = server_spec(
            work.deps,
            server,
            devices,
            password=work.job.args.get("password"),
            request_id=work.ctx.request_id,
            power="on",
        )
        spec.rescue_image = images.source(work.deps, work.job.args["image"])
        work.order(server.host or "", lambda agent, order: agent.rescue(order, spec))

    def start_done(self, work: Work) -> None:
        "The rescue system runs."
        with work.deps.db.write() as session:
            work.save(
                session, vm_state="rescued", task_state=None, power_state=1, power_wanted="on"
            )
            work.end(session)


class Unrescue(Flow):
    "Back to the own disk."

    on_failure = "error"

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id, power="on")
        work.order(server.host or "", lambda agent, order: agent.unrescue(order, spec))

    def start_done(self, work: Work) -> None:
        "It runs from its own disk."
        with work.deps.db.write() as session:
            work.save(
                session,
                vm_state="active",
                task_state=None,
                power_state=1,
                fault=None,
                old_vm_state=None,
            )
            work.end(session)


class Snapshot(Flow):
    "An image of the root disk, uploaded by the node."

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.write() as session:
            server, _ = work.load(session)
            if work.job.kind == "snapshot":
                work.save(session, task_state="image_uploading")
        image = snapshots.target(work.deps, work.job.args["image"], _format(server))
        quiesce = ((server.image or {}).get("properties") or {}).get("os_require_quiesce", "") in (
            "yes",
            "true",
            "True",
        )
        live = server.vm_state in ("active", "paused")
        work.order(
            server.host or "",
            lambda agent, order: agent.snapshot(order, server.id, image, live, quiesce),
        )

    def start_done(self, work: Work) -> None:
        "It is uploaded."
        with work.deps.db.write() as session:
            server, _ = work.load(session)
            work.save(session, task_state=None)
            work.end(session)
        if work.job.kind == "backup":
            snapshots.rotate(
                work.deps, server, work.job.args["backup_type"], int(work.job.args["rotation"])
            )

    def start_failed(self, work: Work) -> None:
        "Again with a fresh token, or away with the image."
        if needs_token(work):
            work.go("start")
        else:
            self.order_failed(work)

    def failed(self, work: Work, message: str, details: str, error: Exception | None) -> None:
        "No half image stays."
        images.delete(work.deps, work.job.args["image"])
        super().failed(work, message, details, error)


def _format(server: Any) -> str:
    found = (server.image or {}).get("disk_format")
    return found if found in ("raw", "qcow2") else "qcow2"


class SoftDelete(Flow):
    "Off, and kept for a while."

    def start(self, work: Work) -> None:
        "Stop it."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        if server.host is None or server.old_vm_state == "shelved_offloaded":
            self.start_done(work)
            return
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id, power="off")
        work.order(server.host, lambda agent, order: agent.power(order, spec, "stop", 10))

    def start_failed(self, work: Work) -> None:
        "It cannot be stopped: deleted softly all the same."
        self.start_done(work)

    def start_done(self, work: Work) -> None:
        "It can be restored; images of it that were being made are not finished."
        images.discard_unfinished(work.deps, work.job.args.get("unfinished") or ())
        with work.deps.db.write() as session:
            work.save(
                session,
                vm_state="soft-delete",
                task_state=None,
                power_state=4,
                power_wanted="off",
                deleted_at=utcnow(),
            )
            work.end(session)


class Restore(Flow):
    "Back from a soft delete, running as before."

    def start(self, work: Work) -> None:
        "Start it, if it ran."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        if server.old_vm_state not in ("active", None) or server.host is None:
            self._back(work, server.old_vm_state or "stopped")
            return
        spec = server_spec(work.deps, server, devices, request_id=work.ctx.request_id, power="on")
        work.order(server.host, lambda agent, order: agent.power(order, spec, "start", 10))

    def start_done(self, work: Work) -> None:
        "It runs."
        self._back(work, "active")

    def _back(self, work: Work, vm_state: str) -> None:
        with work.deps.db.write() as session:
            work.save(
                session,
                vm_state=vm_state,
                task_state=None,
                power_state=POWER.get(vm_state, 4),
                power_wanted="on" if vm_state == "active" else "off",
                deleted_at=None,
                old_vm_state=None,
            )
            work.end(session)


class CrashDump(Flow):
    "An NMI."

    def start(self, work: Work) -> None:
        "Order it."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
        work.order(server.host or "", lambda agent, order: agent.crash_dump(order, server.id))

    def start_done(self, work: Work) -> None:
        "The guest does with it what it does."
        with work.deps.db.write() as session:
            work.end(session)
