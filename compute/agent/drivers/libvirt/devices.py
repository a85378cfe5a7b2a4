"""Devices as domain XML: disks, ports, consoles and the small ones. Also used alone for hot-plug.

Source: libvirt's "Domain XML format", section devices.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field

from compute.agent.drivers import NodeError
from compute.agent.drivers.libvirt.hardware import Machine
from compute.agent.drivers.libvirt.tree import new, put
from compute.agent.drivers.libvirt.wishes import BadWish, Wishes, whole
from compute.contracts.specs import Nic

_PREFIX = {"virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd", "usb": "sd", "fdc": "fd"}
_QUOTAS = (
    "total_bytes_sec",
    "read_bytes_sec",
    "write_bytes_sec",
    "total_iops_sec",
    "read_iops_sec",
    "write_iops_sec",
    "total_bytes_sec_max",
    "read_bytes_sec_max",
    "write_bytes_sec_max",
    "total_iops_sec_max",
    "read_iops_sec_max",
    "write_iops_sec_max",
    "size_iops_sec",
)
_VIF_MODELS = {
    "virtio": "virtio",
    "e1000": "e1000",
    "e1000e": "e1000e",
    "ne2k_pci": "ne2k_pci",
    "pcnet": "pcnet",
    "rtl8139": "rtl8139",
    "vmxnet3": "vmxnet3",
    "igb": "igb",
}
_WATCHDOG = {"none", "reset", "poweroff", "pause", "disabled"}


class NoDeviceName(NodeError):
    "No device name is free on bus {bus}."


@dataclass
class Target:
    "A disk as libvirt sees it: where its bytes are, and where the guest finds it."

    source: ET.Element
    """`<source>`, with a `type` attribute for the disk that is taken off here: file, block or
    network."""
    driver_format: str = "qcow2"
    bus: str = "virtio"
    dev: str = "vda"
    device: str = "disk"
    cache: str = "none"
    serial: str = ""
    boot_order: int | None = None
    read_only: bool = False
    shareable: bool = False
    io: dict[str, int] = field(default_factory=dict)
    alias: str = ""


def file_source(path: str) -> ET.Element:
    "A local file."
    return new("source", type="file", file=path)


def disk_xml(target: Target) -> ET.Element:
    "`<disk>`."
    source = target.source
    kind = source.attrib.pop("type", "file")
    disk = new("disk", type=kind, device=target.device)
    aio = "native" if target.cache in {"none", "directsync"} and kind in {"file", "block"} else None
    put(
        disk,
        "driver",
        name="qemu",
        type=target.driver_format,
        cache=target.cache,
        io=aio,
        discard="unmap" if target.device == "disk" and not target.read_only else None,
    )
    disk.append(source)
    source_auth = source.find("auth")
    if source_auth is not None and source.get("protocol") == "rbd":
        source.remove(source_auth)
        disk.append(source_auth)
    put(disk, "target", dev=target.dev, bus=target.bus)
    if target.io:
        tune = put(disk, "iotune")
        for name, value in target.io.items():
            put(tune, name, value)
    if target.serial:
        put(disk, "serial", target.serial)
    if target.boot_order:
        put(disk, "boot", order=target.boot_order)
    if target.read_only or target.device == "cdrom":
        put(disk, "readonly")
    if target.shareable:
        put(disk, "shareable")
    if target.alias:
        put(disk, "alias", name=target.alias)
    return disk


def next_name(bus: str, taken: Iterable[str], wished: str | None = None) -> str:
    """A free device name (`vda`, `sdb`) on `bus`; the wish is followed where it is free and of
    the right kind. Raises NoDeviceName."""
    prefix, used = _PREFIX.get(bus, "vd"), set(taken)
    short = (wished or "").removeprefix("/dev/")
    if short.startswith(prefix) and short not in used and short[2:].isalpha() and len(short) == 3:
        return short
    for letter in "abcdefghijklmnopqrstuvwxyz":
        if prefix + letter not in used:
            return prefix + letter
    for first in "abc":
        for letter in "abcdefghijklmnopqrstuvwxyz":
            if prefix + first + letter not in used:
                return prefix + first + letter
    raise NoDeviceName(bus=bus)


def disk_bus(wishes: Wishes, device: str, asked: str | None = None) -> str:
    """The bus of a disk or cdrom: what was asked for, the image's wish, or virtio (sata for a
    cdrom). Raises BadWish."""
    bus = asked or wishes.hw("cdrom_bus" if device == "cdrom" else "disk_bus")
    if not bus:
        return (
            "sata"
            if device == "cdrom" and "q35" in wishes.hw("machine_type")
            else ("ide" if device == "cdrom" else "virtio")
        )
    if bus not in _PREFIX:
        raise BadWish(name="disk bus", value=bus, why=f"it is not one of {', '.join(_PREFIX)}")
    return bus


def disk_limits(wishes: Wishes, qos: dict[str, object] | None = None) -> dict[str, int]:
    "`<iotune>`: the flavor's `quota:disk_*`; a volume's own qos specs go over them."
    limits = {name: wishes.quota(f"disk_{name}") for name in _QUOTAS}
    for name, value in (qos or {}).items():
        if name in limits:
            limits[name] = whole(name, str(value), 0)
    return {name: value for name, value in limits.items() if value}


def nic_xml(nic: Nic, machine: Machine, wishes: Wishes, vcpus: int = 1) -> ET.Element:
    """`<interface>` of a port on the integration bridge; libvirt plugs it with the port's id as
    iface-id."""
    interface = new("interface", type="bridge")
    put(interface, "mac", address=nic.mac_address)
    bridge = machine.bridge or str(nic.details.get("bridge_name") or nic.bridge)
    put(interface, "source", bridge=bridge)
    if nic.vif_type == "ovs":
        put(
            put(interface, "virtualport", type="openvswitch"), "parameters", interfaceid=nic.port_id
        )
    put(interface, "target", dev=tap_name(nic.port_id))
    model = wishes.hw("vif_model", "virtio")
    if model not in _VIF_MODELS:
        raise BadWish(
            name="hw_vif_model", value=model, why=f"it is not one of {', '.join(_VIF_MODELS)}"
        )
    put(interface, "model", type=_VIF_MODELS[model])
    if model == "virtio":
        _nic_driver(interface, nic, wishes, vcpus)
    _bandwidth(interface, wishes)
    put(interface, "mtu", size=nic.mtu)
    return interface


def tap_name(port_id: str) -> str:
    "The name of a port's tap device: at most 15 characters, found again by whoever knows the port."
    return f"tap{port_id[:11]}"


def _nic_driver(interface: ET.Element, nic: Nic, wishes: Wishes, vcpus: int) -> None:
    queues = min(vcpus, 8) if wishes.yes("vif_multiqueue_enabled") and vcpus > 1 else None
    userspace = nic.details.get("datapath_type") == "netdev"
    if not queues and not userspace:
        return
    # The userspace datapath forwards what the guest sends as it is: a frame whose checksum or
    # segmentation was left
    # to a card that does not exist arrives broken.
    driver = put(interface, "driver", name="qemu" if userspace else None, queues=queues)
    if userspace:
        off = dict.fromkeys(("csum", "tso4", "tso6", "ecn", "ufo"), "off")
        put(driver, "host", gso="off", **off)
        put(driver, "guest", **off)


def _bandwidth(interface: ET.Element, wishes: Wishes) -> None:
    limits = {
        way: {part: wishes.quota(f"vif_{way}_{part}") for part in ("average", "peak", "burst")}
        for way in ("inbound", "outbound")
    }
    if not any(v["average"] for v in limits.values()):
        return
    element = put(interface, "bandwidth")
    for way, values in limits.items():
        if values["average"]:
            put(element, way, **{k: v for k, v in values.items() if v})


def controllers(
    devices: ET.Element, machine: Machine, wishes: Wishes, q35: bool, buses: set[str]
) -> None:
    "USB off unless wished for, SCSI where a disk needs it, root ports for hot-plug on q35."
    put(
        devices,
        "controller",
        type="usb",
        model="none" if wishes.hw("input_bus") != "usb" else "qemu-xhci",
    )
    if "scsi" in buses:
        put(
            devices,
            "controller",
            type="scsi",
            index=0,
            model=wishes.hw("scsi_model", "virtio-scsi"),
        )
    if q35:
        put(devices, "controller", type="pci", index=0, model="pcie-root")
        for index in range(1, machine.pcie_ports + 1):
            put(devices, "controller", type="pci", index=index, model="pcie-root-port")


def consoles(devices: ET.Element, machine: Machine, wishes: Wishes, log: str, socket: str) -> None:
    "The serial console: a socket for people, a log for everybody. VNC, and a screen for it."
    for port in range(max(1, min(4, wishes.number("serial_port_count", 1)))):
        serial = put(devices, "serial", type="unix" if port == 0 else "pty")
        if port == 0:
            put(serial, "source", mode="bind", path=socket)
            # append: libvirt would truncate the log at every start and migration
            put(serial, "log", file=log, append="on")
        put(serial, "target", port=port)
    graphics = put(devices, "graphics", type="vnc", port=-1, autoport=True)
    put(graphics, "listen", type="address", address=machine.console_bind)
    model = wishes.hw("video_model", "vga")
    if model != "none":
        video = put(put(devices, "video"), "model", type=model)
        if wishes.hw("video_ram"):
            video.set("vram", str(wishes.number("video_ram") * 1024))
    if wishes.hw("pointer_model") == "usbtablet" or wishes.hw("input_bus"):
        put(devices, "input", type="tablet", bus=wishes.hw("input_bus", "usb"))


def small_devices(devices: ET.Element, wishes: Wishes) -> None:
    "Guest agent channel, random numbers, balloon, watchdog, TPM."
    if wishes.image.get("hw_qemu_guest_agent", "yes").lower() in {"yes", "true", "1"}:
        channel = put(devices, "channel", type="unix")
        put(channel, "source", mode="bind")
        put(channel, "target", type="virtio", name="org.qemu.guest_agent.0")
    if wishes.extra.get("hw_rng:allowed", "true").lower() == "true":
        rng = put(devices, "rng", model="virtio")
        rate = whole("hw_rng:rate_bytes", wishes.extra.get("hw_rng:rate_bytes", ""), 0)
        if rate:
            put(
                rng,
                "rate",
                bytes=rate,
                period=whole(
                    "hw_rng:rate_period", wishes.extra.get("hw_rng:rate_period", ""), 1000
                ),
            )
        put(rng, "backend", "/dev/urandom", model="random")
    put(put(devices, "memballoon", model="virtio"), "stats", period=10)
    action = wishes.hw("watchdog_action", "disabled")
    if action not in _WATCHDOG:
        raise BadWish(
            name="hw:watchdog_action",
            value=action,
            why=f"it is not one of {', '.join(sorted(_WATCHDOG))}",
        )
    if action != "disabled":
        put(devices, "watchdog", model="i6300esb", action=action)
    version = wishes.hw("tpm_version")
    if version:
        if version not in {"1.2", "2.0"}:
            raise BadWish(name="hw:tpm_version", value=version, why="it is not 1.2 or 2.0")
        tpm = put(
            devices,
            "tpm",
            model=wishes.hw("tpm_model", "tpm-crb" if version == "2.0" else "tpm-tis"),
        )
        put(tpm, "backend", type="emulator", version=version)
