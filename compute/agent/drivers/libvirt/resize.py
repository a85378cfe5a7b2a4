"""Resize on the same host: other processor, memory and disk sizes, and the way back.

Before anything changes, every disk keeps its contents and size: as a snapshot inside a qcow2 file
(instant), as a copy of a raw one. `revert` goes back to that, `confirm` forgets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compute.agent.commands import run
from compute.agent.drivers import Detail, NodeError, Work
from compute.agent.drivers.libvirt.disks import disk_format, virtual_size
from compute.contracts.specs import ServerSpec

if TYPE_CHECKING:
    from compute.agent.drivers.libvirt.driver import LibvirtDriver

_KEPT = "before-resize"


class Resize:
    "The three steps of a resize."

    def __init__(self, driver: LibvirtDriver) -> None:
        self.driver, self.store, self.host = driver, driver.store, driver.host

    def carry_out(self, work: Work, spec: ServerSpec, step: str) -> Detail:
        "`apply`, `confirm` or `revert`."
        if step == "apply":
            return self._apply(work, spec)
        if step == "confirm":
            return self._confirm(spec)
        if step == "revert":
            return self._revert(work, spec)
        raise NodeError(reason=f"A resize has no step {step}.")

    def _apply(self, work: Work, spec: ServerSpec) -> Detail:
        self._halt(work, spec.id, self.driver.grace_s)
        extra = self.store.extra(spec.id)
        if not extra.get("resized"):
            sizes = {n: virtual_size(self.store.path(spec.id, n)) for n in self._present(spec.id)}
            for name in sizes:
                keep(self.store.path(spec.id, name))
            old = self.store.load(spec.id)
            self.store.save(old, {"resized": sizes})
        try:
            work.step("resize_finish")
            return self._become(work, spec)
        except Exception:
            self._restore(spec.id)
            raise

    def _become(self, work: Work, spec: ServerSpec) -> Detail:
        self.driver.disks.make(work, spec)
        for name, disk in self.driver.disks.local_names(spec):
            if disk.size_mib:
                self.driver.disks.grow(spec.id, name, disk.size_mib)
        domain = self.driver.define(spec)
        self.store.save(spec, self.store.extra(spec.id))
        if spec.power == "on":
            self.driver.powers.start(domain)
        return self.driver.where(spec)

    def _confirm(self, spec: ServerSpec) -> Detail:
        domain = self.host.find(spec.id)
        resized = self.store.extra(spec.id).get("resized") or {}
        for name in resized:
            path = self.store.path(spec.id, name)
            if disk_format(path) == "qcow2" and domain is not None and domain.isActive():
                self._delete_live(spec.id, name)
            else:
                forget(path)
        self.store.save(self.store.load(spec.id))
        return None

    def _delete_live(self, server_id: str, name: str) -> None:
        """A snapshot inside a file that a running guest has open is QEMU's to delete: nobody
        else may write to that file."""
        from compute.agent.drivers.libvirt import qmp

        qmp.delete_internal_snapshot(
            self.host, server_id, str(self.store.path(server_id, name)), _KEPT
        )

    def _revert(self, work: Work, spec: ServerSpec) -> Detail:
        self._halt(work, spec.id, grace_s=0)
        self._restore(spec.id)
        self.driver.disks.config_drive(spec)
        domain = self.driver.define(spec)
        self.store.save(spec)
        if spec.power == "on":
            self.driver.powers.start(domain)
        return self.driver.where(spec)

    def _restore(self, server_id: str) -> None:
        sizes = self.store.extra(server_id).get("resized") or {}
        for name, size in sizes.items():
            go_back(self.store.path(server_id, name), int(size))
        self.store.save(self.store.load(server_id))

    def _halt(self, work: Work, server_id: str, grace_s: int) -> None:
        domain = self.host.find(server_id)
        if domain is not None:
            self.driver.powers.stop(work, domain, grace_s)

    def _present(self, server_id: str) -> list[str]:
        return sorted(
            p.name
            for p in self.store.path(server_id).glob("disk*")
            if p.name not in {"disk.config", "disk.rescue"}
            and not p.is_symlink()
            and p.suffix not in {".part", ".kept"}
        )


def keep(path: Path) -> None:
    "Keep a disk's contents of now. Once: a second call changes nothing."
    if disk_format(path) == "qcow2":
        if _KEPT not in run("qemu-img", "snapshot", "-l", str(path)):
            run("qemu-img", "snapshot", "-c", _KEPT, str(path))
        return
    kept = path.with_name(path.name + ".kept")
    if not kept.exists():
        part = path.with_name(path.name + ".kept.part")
        run("cp", "--reflink=auto", "--sparse=always", str(path), str(part), timeout_s=3600)
        part.rename(kept)


def go_back(path: Path, size: int) -> None:
    "The contents and the size that `keep` kept."
    if disk_format(path) == "qcow2":
        if _KEPT in run("qemu-img", "snapshot", "-l", str(path)):
            run("qemu-img", "snapshot", "-a", _KEPT, str(path))
            run("qemu-img", "snapshot", "-d", _KEPT, str(path))
        if virtual_size(path) != size:
            run("qemu-img", "resize", "-q", "--shrink", "-f", "qcow2", str(path), str(size))
        return
    kept = path.with_name(path.name + ".kept")
    if kept.exists():
        kept.rename(path)


def forget(path: Path) -> None:
    "Give up what `keep` kept, on a disk that nobody has open."
    if disk_format(path) == "qcow2":
        if _KEPT in run("qemu-img", "snapshot", "-l", "-U", str(path)):
            run("qemu-img", "snapshot", "-d", _KEPT, str(path))
        return
    path.with_name(path.name + ".kept").unlink(missing_ok=True)
