"""The whole domain of one server as XML, and what can be read back from it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from compute.agent.drivers.libvirt import devices, hardware
from compute.agent.drivers.libvirt.devices import Target
from compute.agent.drivers.libvirt.hardware import Machine
from compute.agent.drivers.libvirt.topology import Topology
from compute.agent.drivers.libvirt.tree import new, put, text
from compute.agent.drivers.libvirt.wishes import Wishes, cpu_set
from compute.contracts.specs import ServerSpec

NAMESPACE = "urn:altostratus:compute:1"
NOVA = "http://openstack.org/xmlns/libvirt/nova/1.1"
"""Monitoring tools of the ecosystem read names and owners from this namespace."""

for prefix, uri in (("altostratus", NAMESPACE), ("nova", NOVA)):
    ET.register_namespace(prefix, uri)


@dataclass
class Files:
    "Paths of one server that its XML names."

    console_log: str
    serial_socket: str


def domain_name(server_id: str) -> str:
    "The domain's name in libvirt."
    return f"instance-{server_id}"


def domain_xml(
    spec: ServerSpec,
    machine: Machine,
    targets: list[Target],
    files: Files,
    topology: Topology | None = None,
) -> str:
    """The domain of `spec` with these disks. Raises BadWish for extra specs that contradict
    themselves."""
    wishes = Wishes.of(spec)
    domain = new("domain", type=machine.virt_type)
    put(domain, "name", domain_name(spec.id))
    put(domain, "uuid", spec.id)
    _metadata(domain, spec)
    hardware.memory(domain, spec, wishes, topology)
    hardware.cputune(domain, wishes, topology)
    hardware.boot(domain, spec, machine, wishes)
    hardware.features(domain, machine, wishes)
    hardware.cpu(domain, spec, machine, wishes, topology)
    hardware.clock(domain, machine, wishes)
    put(domain, "on_poweroff", "destroy")
    put(domain, "on_reboot", "restart")
    put(domain, "on_crash", "destroy")
    part = put(domain, "devices")
    if machine.emulator:
        put(part, "emulator", machine.emulator)
    devices.controllers(
        part, machine, wishes, hardware.is_q35(machine, wishes), {t.bus for t in targets}
    )
    part.extend(devices.disk_xml(t) for t in targets)
    part.extend(devices.nic_xml(n, machine, wishes, spec.vcpus) for n in spec.nics)
    devices.consoles(part, machine, wishes, files.console_log, files.serial_socket)
    devices.small_devices(part, wishes)
    return text(domain)


def _metadata(domain: ET.Element, spec: ServerSpec) -> None:
    metadata = put(domain, "metadata")
    ours = put(metadata, f"{{{NAMESPACE}}}server")
    ours.set("generation", str(spec.generation))
    instance = put(metadata, f"{{{NOVA}}}instance")
    put(instance, f"{{{NOVA}}}name", spec.name)
    flavor = put(instance, f"{{{NOVA}}}flavor", name=spec.flavor_name)
    put(flavor, f"{{{NOVA}}}memory", spec.memory_mib)
    put(flavor, f"{{{NOVA}}}vcpus", spec.vcpus)
    owner = put(instance, f"{{{NOVA}}}owner")
    put(owner, f"{{{NOVA}}}user", uuid=spec.user_id)
    put(owner, f"{{{NOVA}}}project", uuid=spec.project_id)


def generation(xml: str) -> int:
    "The generation that the domain was made for, 0 when it does not say."
    element = ET.fromstring(xml).find(f"metadata/{{{NAMESPACE}}}server")
    return int(element.get("generation", "0")) if element is not None else 0


def is_ours(xml: str) -> bool:
    "Whether this service made the domain."
    return ET.fromstring(xml).find(f"metadata/{{{NAMESPACE}}}server") is not None


def shown_name(xml: str) -> str:
    "The server's name when it was defined."
    return ET.fromstring(xml).findtext(f"metadata/{{{NOVA}}}instance/{{{NOVA}}}name", "")


def pins(xml: str) -> list[int]:
    "Host processors that the domain's vCPUs are pinned to."
    return [
        c
        for pin in ET.fromstring(xml).findall("cputune/vcpupin")
        for c in cpu_set(pin.get("cpuset", ""))
    ]


def disk_names(xml: str) -> list[str]:
    "Device names that are taken."
    return [t.get("dev", "") for t in ET.fromstring(xml).findall("devices/disk/target")]


def find_disk(xml: str, *, serial: str = "", path: str = "") -> ET.Element | None:
    "The `<disk>` with this serial (a volume) or this file."
    for disk in ET.fromstring(xml).findall("devices/disk"):
        source = disk.find("source")
        if serial and disk.findtext("serial") == serial:
            return disk
        if path and source is not None and source.get("file") == path:
            return disk
    return None


def find_nic(xml: str, mac_address: str) -> ET.Element | None:
    "The `<interface>` with this MAC address."
    for nic in ET.fromstring(xml).findall("devices/interface"):
        mac = nic.find("mac")
        if mac is not None and mac.get("address", "").lower() == mac_address.lower():
            return nic
    return None
