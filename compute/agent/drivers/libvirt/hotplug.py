"""Ports and volumes of running guests: plugged, unplugged, swapped. Each is right also when it
was half done before."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import libvirt

from compute.agent.drivers import Detail, NodeError, NoSuchServer, Work
from compute.agent.drivers.libvirt import devices, domain, nics, volumes
from compute.agent.drivers.libvirt.tree import text
from compute.agent.drivers.libvirt.wishes import Wishes
from compute.contracts.specs import Disk, Nic, ServerSpec

if TYPE_CHECKING:
    from compute.agent.drivers.libvirt.driver import LibvirtDriver

_LIVE, _CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG


class GuestKeeps(NodeError):
    "The guest did not let go of {what} within {seconds} s."


class HotPlug:
    "Devices of one host's guests."

    def __init__(self, driver: LibvirtDriver) -> None:
        self.driver, self.host, self.store = driver, driver.host, driver.store
        self.unplug_wait_s = 60.0

    def attach_nic(self, server_id: str, nic: Nic) -> Detail:
        "Plug a port; nothing when it is plugged."
        found, spec = self.host.get(server_id), self._spec(server_id)
        wishes = Wishes.of(spec)
        element = devices.nic_xml(nic, self.driver.machine, wishes, spec.vcpus)
        self._attach(
            found, element, lambda xml: domain.find_nic(xml, nic.mac_address), "plug the port"
        )
        spec.nics = [n for n in spec.nics if n.port_id != nic.port_id] + [nic]
        self._remember(spec)
        return None

    def detach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail:
        "Unplug a port; nothing when it is unplugged. Raises GuestKeeps."
        found, spec = self.host.get(server_id), self._spec(server_id)
        self._detach(
            work, found, lambda xml: domain.find_nic(xml, nic.mac_address), f"port {nic.port_id}"
        )
        nics.unplug_leftovers(
            [(devices.tap_name(nic.port_id), self.driver.machine.bridge or nic.bridge)]
        )
        spec.nics = [n for n in spec.nics if n.port_id != nic.port_id]
        self._remember(spec)
        return None

    def attach_disk(self, server_id: str, disk: Disk) -> Detail:
        "Plug a volume: {device_name}."
        found, spec = self.host.get(server_id), self._spec(server_id)
        present = self._find_disk(found, disk)
        if present is None:
            present = self._plug(found, spec, disk)
        spec.disks = [d for d in spec.disks if d.volume_id != disk.volume_id] + [disk]
        self._remember(spec)
        return {"device_name": f"/dev/{present}"}

    def _find_disk(self, found: Any, disk: Disk) -> str | None:
        "The device name of a volume that is plugged both now and for the next start."
        for flag in self._views(found):
            element = domain.find_disk(found.XMLDesc(flag), serial=str(disk.volume_id))
            if element is None:
                return None
        target = element.find("target") if element is not None else None
        return target.get("dev") if target is not None else None

    def _plug(self, found: Any, spec: ServerSpec, disk: Disk) -> str:
        wishes = Wishes.of(spec)
        target = volumes.target(disk, wishes, self.driver.secrets.ensure(disk))
        target.bus = devices.disk_bus(wishes, disk.device_type, disk.bus)
        taken = [n for flag in self._views(found) for n in domain.disk_names(found.XMLDesc(flag))]
        target.dev = devices.next_name(target.bus, taken, disk.device_name)
        element = devices.disk_xml(target)
        self._attach(
            found,
            element,
            lambda xml: domain.find_disk(xml, serial=str(disk.volume_id)),
            "plug the volume",
        )
        return target.dev

    def detach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail:
        "Unplug a volume; nothing when it is unplugged. Raises GuestKeeps."
        found, spec = self.host.get(server_id), self._spec(server_id)
        self._detach(
            work,
            found,
            lambda xml: domain.find_disk(xml, serial=str(disk.volume_id)),
            f"volume {disk.volume_id}",
        )
        spec.disks = [d for d in spec.disks if d.volume_id != disk.volume_id]
        self._remember(spec)
        return None

    def swap_disk(self, work: Work, server_id: str, old: Disk, new: Disk) -> Detail:
        "Copy a volume's blocks to another under the running guest, then switch to it."
        found, spec = self.host.get(server_id), self._spec(server_id)
        element = domain.find_disk(found.XMLDesc(0), serial=str(old.volume_id))
        target = element.find("target") if element is not None else None
        if target is None:
            if domain.find_disk(found.XMLDesc(0), serial=str(new.volume_id)) is not None:
                return None
            raise NodeError(reason=f"Volume {old.volume_id} is not attached to server {server_id}.")
        name = target.get("dev", "")
        fresh = volumes.target(new, Wishes.of(spec), self.driver.secrets.ensure(new))
        fresh.dev, fresh.bus, fresh.serial = name, target.get("bus", "virtio"), str(new.volume_id)
        self._copy(work, found, name, fresh)
        spec.disks = [new if d.volume_id == old.volume_id else d for d in spec.disks]
        self._remember(spec)
        return {"device_name": f"/dev/{name}"}

    def _copy(self, work: Work, found: Any, name: str, fresh: devices.Target) -> None:
        flags = (
            libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
        )
        xml = text(devices.disk_xml(fresh))
        with self.host.doing("copy the volume"):
            if not found.blockJobInfo(name, 0):
                found.blockCopy(name, xml, {}, flags)
            while True:
                info = found.blockJobInfo(name, 0)
                if not info or (info["cur"] == info["end"] and info["end"] > 0):
                    break
                if work.cancelled.wait(0.2):
                    found.blockJobAbort(name, 0)
                    work.check()
            found.blockJobAbort(name, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
            # the definition for the next start still names the old volume
            found.updateDeviceFlags(xml, _CONFIG)

    def _attach(
        self, found: Any, element: ET.Element, find: Callable[[str], Any], what: str
    ) -> None:
        xml = text(element)
        with self.host.doing(what):
            for view in self._views(found):
                if find(found.XMLDesc(view)) is None:
                    found.attachDeviceFlags(xml, _CONFIG if view else _LIVE)

    def _detach(
        self, work: Work, found: Any, find: Callable[[str], ET.Element | None], what: str
    ) -> None:
        with self.host.doing(f"unplug {what}"):
            inactive = find(found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            if inactive is not None:
                found.detachDeviceFlags(text(inactive), _CONFIG)
            if not found.isActive():
                return
            deadline = time.monotonic() + self.unplug_wait_s
            asked = 0.0
            while (live := find(found.XMLDesc(0))) is not None:
                if time.monotonic() > deadline:
                    raise GuestKeeps(what=what, seconds=int(self.unplug_wait_s))
                if time.monotonic() - asked > 10:
                    asked = time.monotonic()
                    self._ask(found, live)
                if work.cancelled.wait(0.2):
                    work.check()

    def _ask(self, found: Any, element: ET.Element) -> None:
        "A booting guest misses the request: it is repeated, and QEMU says that one is pending."
        try:
            found.detachDeviceFlags(text(element), _LIVE)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in {
                libvirt.VIR_ERR_OPERATION_FAILED,
                libvirt.VIR_ERR_DEVICE_MISSING,
                libvirt.VIR_ERR_INTERNAL_ERROR,
            }:
                raise

    def _views(self, found: Any) -> list[int]:
        """The XML flags of what must change: the definition, and the running guest where there
        is one."""
        return [libvirt.VIR_DOMAIN_XML_INACTIVE, *([0] if found.isActive() else [])]

    def _spec(self, server_id: str) -> ServerSpec:
        return self.store.load(server_id)

    def _remember(self, spec: ServerSpec) -> None:
        try:
            self.store.save(spec, self.store.extra(spec.id))
        except (NoSuchServer, FileNotFoundError):
            pass  # it was deleted meanwhile
