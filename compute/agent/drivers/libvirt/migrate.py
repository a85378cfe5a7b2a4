"""Moves between hosts: cold (the disks are fetched while the guest is off) and live (the guest
runs on).

A live move is peer to peer between the two libvirtd: an agent that dies does not end it, and the
one that comes after it finds the guest where it is. Never plain pre-copy of a running guest under
TCG of QEMU before 10: it corrupts guest memory; such guests switch to post-copy at once, or are
paused where disks move too."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import libvirt

from compute.agent import transfer
from compute.agent.commands import run
from compute.agent.drivers import PAUSED, RUNNING, Detail, NodeError, NoSuchServer, Work
from compute.agent.drivers.libvirt.disks import virtual_size
from compute.agent.drivers.libvirt.host import power_state
from compute.agent.nbd import NbdReader
from compute.agent.qcow2 import Qcow2Stream
from compute.contracts.specs import ServerSpec

if TYPE_CHECKING:
    from compute.agent.drivers.libvirt.driver import LibvirtDriver

LOG = logging.getLogger(__name__)
_SOUND_PRECOPY = 10_000_000
"""QEMU version from which pre-copy under TCG was seen to keep memory whole."""


class CannotMove(NodeError):
    "The server cannot be moved: {why}"


class Migrate:
    "Both ends of moves."

    def __init__(self, driver: LibvirtDriver) -> None:
        self.driver, self.host, self.store = driver, driver.host, driver.store
        agent = driver.config.agent
        self.transfer = transfer.Transfer(
            agent.host_ip,
            agent.transfer_port,
            driver.state / "transfer_port",
            self._opened,
            lambda s: self.store.extra(s).get("offer"),
        )

    def start(self) -> None:
        "Offer disks from now on."
        self.transfer.start()

    def stop(self) -> None:
        "Offer no more."
        self.transfer.stop()

    def move_out(
        self,
        work: Work,
        spec: ServerSpec,
        target_host: str,
        kind: str,
        block_migration: bool | None,
        peer: dict[str, Any],
    ) -> Detail:
        "The source's side, see the contract."
        if kind == "cold":
            return self._offer(work, spec)
        return self._live(work, spec, target_host, block_migration, peer)

    def move_in(
        self, work: Work, spec: ServerSpec, source_host: str, kind: str, peer: dict[str, Any]
    ) -> Detail:
        "The target's side, see the contract."
        if kind == "cold":
            return self._take_over(work, spec, peer)
        return self._prepare(work, spec)

    def _offer(self, work: Work, spec: ServerSpec) -> Detail:
        domain = self.host.find(spec.id)
        if domain is None and not self.store.path(spec.id).is_dir():
            raise NoSuchServer(server_id=spec.id)
        if domain is not None:
            self.driver.powers.stop(work, domain, self.driver.grace_s)
        secret = self.store.extra(spec.id).get("offer") or secrets.token_urlsafe(24)
        old = self.store.load(spec.id)
        self.store.save(old, self.store.extra(spec.id) | {"offer": secret})
        names = [
            n for n, _ in self.driver.disks.local_names(old) if self.store.path(spec.id, n).exists()
        ]
        marker = self.store.path(spec.id, f".here-{secret}")
        marker.touch()
        return {
            "peer": {
                "url": self.transfer.url(spec.id, secret),
                "disks": names,
                "marker": marker.name,
            }
        }

    @contextlib.contextmanager
    def _opened(self, server_id: str, name: str) -> Iterator[Qcow2Stream]:
        with self.driver.snapshots._cold(server_id, self.store.path(server_id, name)) as (
            socket,
            export,
        ):
            with NbdReader(socket, export) as reader:
                yield Qcow2Stream(reader.size, reader.extents(), reader.read)

    def _take_over(self, work: Work, spec: ServerSpec, peer: dict[str, Any]) -> Detail:
        if self.driver._is_built(spec):
            return self.driver.where(spec)
        shared = (
            bool(peer.get("marker")) and self.store.path(spec.id, str(peer.get("marker"))).exists()
        )
        domain = self.host.find(spec.id)
        if domain is not None:
            self.driver.undefine(domain)
        self.store.make(spec.id)
        work.step("migrating")
        for name in peer.get("disks", []) if not shared else []:
            path = self.store.path(spec.id, name)
            if not path.exists():
                transfer.fetch(str(peer["url"]), name, path, work.check)
        self.store.save(spec, {"building": True})
        work.step("resize_finish")
        self.driver.disks.make(work, spec)
        for name, disk in self.driver.disks.local_names(spec):
            if disk.size_mib:
                self.driver.disks.grow(spec.id, name, disk.size_mib)
        domain = self.driver.define(spec)
        if spec.power == "on":
            self.driver.powers.start(domain)
        self.store.save(spec)
        return self.driver.where(spec)

    def _prepare(self, work: Work, spec: ServerSpec) -> Detail:
        "Disks of the right size for QEMU to fill, on the target of a live move."
        self.store.make(spec.id)
        shared = self.store.path(spec.id, "disk").exists()
        if not shared:
            for name, disk in self.driver.disks.local_names(spec):
                work.check()
                size = disk.size_mib * 1024**2
                if not size and disk.image:
                    size = self.driver.images.get(disk.image, work.check).virtual_size
                run(
                    "qemu-img",
                    "create",
                    "-q",
                    "-f",
                    "qcow2",
                    str(self.store.path(spec.id, name)),
                    str(size),
                )
        if not self.store.path(spec.id, "disk.config").exists():
            self.driver.disks.config_drive(spec)
        self.store.save(spec)
        options, agent = self.driver.config.libvirt, self.driver.config.agent
        files = self.store.files(spec.id)
        return {
            "peer": {
                "uri": options.migration_uri.replace("{host}", agent.host_ip),
                "address": agent.host_ip,
                "shared": shared,
                "console_bind": self.driver.machine.console_bind,
                "virt_type": self.driver.machine.virt_type,
                "directory": str(self.store.path(spec.id)),
                "socket": files.serial_socket,
                "sizes": {
                    n: virtual_size(self.store.path(spec.id, n))
                    for n, _ in self.driver.disks.local_names(spec)
                },
            },
            "shared": shared,
        }

    def _live(
        self,
        work: Work,
        spec: ServerSpec,
        target_host: str,
        block_migration: bool | None,
        peer: dict[str, Any],
    ) -> Detail:
        domain = self.host.find(spec.id)
        if domain is None or power_state(domain) not in {RUNNING, PAUSED}:
            if domain is None and self.store.path(spec.id).is_dir():
                return {"moved": True}  # an agent before this one saw it off
            raise CannotMove(why="it is not running")
        if not peer.get("uri"):
            raise CannotMove(why=f"{target_host} has not prepared for it")
        if block_migration and peer.get("shared"):
            raise CannotMove(
                why="block migration was asked for, but both hosts share the disks' storage"
            )
        if block_migration is False and not peer.get("shared"):
            raise CannotMove(
                why="the disks are not on shared storage, and block migration was ruled out"
            )
        self._check_sizes(spec, peer)
        work.step("migrating")
        self._migrate(work, domain, spec, peer)
        return {"moved": True}

    def _check_sizes(self, spec: ServerSpec, peer: dict[str, Any]) -> None:
        for name, size in (peer.get("sizes") or {}).items():
            path = self.store.path(spec.id, name)
            if not peer.get("shared") and path.exists() and virtual_size(path) != size:
                raise CannotMove(
                    why=f"{name} has {virtual_size(path)} bytes here and {size} at the target"
                )

    def _migrate(self, work: Work, domain: Any, spec: ServerSpec, peer: dict[str, Any]) -> None:
        with self.host.doing("describe the server"):
            xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE)
        flags = (
            libvirt.VIR_MIGRATE_LIVE
            | libvirt.VIR_MIGRATE_PEER2PEER
            | libvirt.VIR_MIGRATE_PERSIST_DEST
            | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
            | libvirt.VIR_MIGRATE_UNSAFE
        )
        parameters: dict[str, Any] = {
            libvirt.VIR_MIGRATE_PARAM_URI: f"tcp://{peer['address']}",
            libvirt.VIR_MIGRATE_PARAM_DEST_XML: target_xml(xml, self.store, spec.id, peer),
            libvirt.VIR_MIGRATE_PARAM_PERSIST_XML: target_xml(
                domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE),
                self.store,
                spec.id,
                peer,
            ),
        }
        if not peer.get("shared"):
            flags |= libvirt.VIR_MIGRATE_NON_SHARED_DISK
            parameters[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] = _moving_disks(
                xml, str(self.store.path(spec.id))
            )
        if self._unsound(peer):
            self._carefully(work, domain, spec, peer, flags, parameters)
            return
        if self.driver.machine.virt_type == "kvm":
            flags |= libvirt.VIR_MIGRATE_AUTO_CONVERGE
        self._run(work, domain, peer, flags, parameters, postcopy=False)

    def _unsound(self, peer: dict[str, Any]) -> bool:
        return (
            self.driver.machine.virt_type != "kvm"
            and self.driver.facts.fixed()["qemu"] < _SOUND_PRECOPY
        )

    def _carefully(
        self,
        work: Work,
        domain: Any,
        spec: ServerSpec,
        peer: dict[str, Any],
        flags: int,
        parameters: dict[str, Any],
    ) -> None:
        if peer.get("shared"):
            self._run(
                work, domain, peer, flags | libvirt.VIR_MIGRATE_POSTCOPY, parameters, postcopy=True
            )
            return
        was_running = power_state(domain) == RUNNING
        if was_running:
            domain.suspend()
        try:
            self._run(work, domain, peer, flags, parameters, postcopy=False)
        except Exception:
            if was_running and power_state(domain) == PAUSED:
                domain.resume()
            raise
        if was_running:
            self._resume_there(spec.id, str(peer["uri"]))

    def _resume_there(self, server_id: str, uri: str) -> None:
        try:
            connection = libvirt.open(uri)
            try:
                there = connection.lookupByUUIDString(server_id)
                if power_state(there) == PAUSED:
                    there.resume()
            finally:
                connection.close()
        except libvirt.libvirtError as error:
            raise CannotMove(
                why=f"it arrived but cannot be resumed: {error.get_error_message()}"
            ) from None

    def _run(
        self,
        work: Work,
        domain: Any,
        peer: dict[str, Any],
        flags: int,
        parameters: dict[str, Any],
        postcopy: bool,
    ) -> None:
        failed: list[libvirt.libvirtError] = []

        def move() -> None:
            try:
                domain.migrateToURI3(peer["uri"], parameters, flags)
            except libvirt.libvirtError as error:
                failed.append(error)

        thread = threading.Thread(target=move, name="migrate", daemon=True)
        thread.start()
        self._follow(work, domain, thread, postcopy)
        if failed:
            raise CannotMove(why=failed[0].get_error_message())

    def _follow(self, work: Work, domain: Any, thread: threading.Thread, postcopy: bool) -> None:
        told = time.monotonic()
        while thread.is_alive():
            try:
                if postcopy:
                    domain.migrateStartPostCopy(0)
                    postcopy = False
                elif time.monotonic() - told > 5:
                    told = time.monotonic()
                    work.step("migrating", {"progress": _progress(domain.jobStats())})
            except libvirt.libvirtError:
                pass  # not under way yet, or over: the thread knows
            if work.cancelled.is_set():
                with contextlib.suppress(libvirt.libvirtError):
                    domain.abortJob()
            thread.join(0.01 if postcopy else 0.25)

    def abort(self, server_id: str) -> None:
        """Give up a live move: the guest stays here. Raises HypervisorRefused when none is under
        way."""
        with self.host.doing("abort the migration"):
            self.host.get(server_id).abortJob()

    def force(self, server_id: str) -> None:
        "Let a live move come to its end by stopping the guest meanwhile."
        with self.host.doing("force the migration"):
            self.host.get(server_id).suspend()


def target_xml(xml: str, store: Any, server_id: str, peer: dict[str, Any]) -> str:
    "The domain as the target needs it: its paths, its address for VNC."
    root = ET.fromstring(xml)
    here, there = str(store.path(server_id)), str(peer.get("directory") or store.path(server_id))
    for element in root.iter():
        for name in ("file", "path"):
            value = element.get(name)
            if value and value.startswith(here + "/"):
                element.set(name, there + value[len(here) :])
    for source in root.findall("devices/serial/source") + root.findall("devices/console/source"):
        if source.get("path") == store.files(server_id).serial_socket and peer.get("socket"):
            source.set("path", str(peer["socket"]))
    for graphics in root.findall("devices/graphics"):
        if peer.get("console_bind") and graphics.get("listen"):
            graphics.set("listen", str(peer["console_bind"]))
        for listen in graphics.findall("listen"):
            if listen.get("address") and peer.get("console_bind"):
                listen.set("address", str(peer["console_bind"]))
    return ET.tostring(root, encoding="unicode")


def _moving_disks(xml: str, directory: str) -> list[str]:
    names = []
    for disk in ET.fromstring(xml).findall("devices/disk"):
        source, target = disk.find("source"), disk.find("target")
        if (
            source is not None
            and target is not None
            and source.get("file", "").startswith(directory)
            and disk.find("readonly") is None
        ):
            names.append(target.get("dev", ""))
    return names


def _progress(stats: dict[str, Any]) -> dict[str, int]:
    return {
        name: int(stats.get(name, 0))
        for name in (
            "memory_total",
            "memory_processed",
            "memory_remaining",
            "disk_total",
            "disk_processed",
            "disk_remaining",
        )
    }
