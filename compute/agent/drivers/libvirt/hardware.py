"""The machine without its devices: firmware, processor, memory, clock and limits as domain XML.

Source: libvirt's "Domain XML format"; wishes by the compute extra specs and image properties
references."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from compute.agent.drivers.libvirt.topology import Topology
from compute.agent.drivers.libvirt.tree import put
from compute.agent.drivers.libvirt.wishes import BadWish, Wishes, cpu_ranges
from compute.contracts.specs import ServerSpec


@dataclass
class Machine:
    "What the host offers and the operator chose: the same for every server on a host."

    virt_type: str = "qemu"
    emulator: str = ""
    cpu_mode: str = "auto"
    cpu_model: str = "Nehalem"
    cpu_features: list[str] = field(default_factory=list)
    machine_type: str = ""
    pcie_ports: int = 12
    disk_cache: str = "none"
    console_bind: str = "127.0.0.1"
    bridge: str = ""
    arch: str = "x86_64"


def uefi(wishes: Wishes) -> bool:
    "Whether the firmware is UEFI."
    return wishes.hw("firmware_type", "bios") == "uefi"


def secure_boot(wishes: Wishes) -> bool:
    "Whether the guest gets firmware that enforces secure boot. Raises BadWish."
    value = wishes.os("secure_boot", "disabled")
    if value not in {"disabled", "optional", "required"}:
        raise BadWish(
            name="os:secure_boot", value=value, why="it is not disabled, optional or required"
        )
    if value == "required" and not uefi(wishes):
        raise BadWish(
            name="os:secure_boot", value=value, why="the image's hw_firmware_type is not uefi"
        )
    return value != "disabled" and uefi(wishes)


def machine_type(machine: Machine, wishes: Wishes) -> str:
    "`pc`, `q35` or a versioned name."
    wished = wishes.hw("machine_type") or machine.machine_type
    return wished or ("q35" if uefi(wishes) or wishes.hw("tpm_version") else "pc")


def is_q35(machine: Machine, wishes: Wishes) -> bool:
    "Whether devices need PCIe root ports."
    return "q35" in machine_type(machine, wishes)


def boot(domain: ET.Element, spec: ServerSpec, machine: Machine, wishes: Wishes) -> None:
    "`<os>` and the SMBIOS strings that cloud-init looks for (product OpenStack Compute)."
    secure = secure_boot(wishes)
    os = put(domain, "os", firmware="efi" if uefi(wishes) else None)
    put(os, "type", "hvm", arch=machine.arch, machine=machine_type(machine, wishes))
    if uefi(wishes):
        firmware = put(os, "firmware")
        put(firmware, "feature", enabled=secure, name="secure-boot")
        put(firmware, "feature", enabled=secure, name="enrolled-keys")
        if secure:
            put(os, "loader", secure=True)
    if wishes.yes("boot_menu"):
        put(os, "bootmenu", enable=True)
    put(os, "smbios", mode="sysinfo")
    if wishes.image.get("os_command_line") and wishes.image.get("kernel_id"):
        put(os, "cmdline", wishes.image["os_command_line"])
    system = put(put(domain, "sysinfo", type="smbios"), "system")
    for name, value in (
        ("manufacturer", "OpenStack Foundation"),
        ("product", "OpenStack Compute"),
        ("version", "Altostratus"),
        ("serial", spec.id),
        ("uuid", spec.id),
        ("family", "Virtual Machine"),
    ):
        put(system, "entry", value, name=name)


def features(domain: ET.Element, machine: Machine, wishes: Wishes) -> None:
    "`<features>`: ACPI, APIC, and what Windows, hidden hypervisors and secure boot need."
    element = put(domain, "features")
    put(element, "acpi")
    put(element, "apic")
    if secure_boot(wishes):
        put(element, "smm", state="on")
    pmu = wishes.hw("pmu")
    if pmu:
        put(element, "pmu", state="on" if pmu.lower() in {"true", "yes", "1", "on"} else "off")
    if (
        wishes.yes("hide_hypervisor_id")
        or wishes.image.get("img_hide_hypervisor_id", "").lower() == "true"
    ):
        put(put(element, "kvm"), "hidden", state="on")
    if wishes.image.get("os_type") == "windows" and machine.virt_type == "kvm":
        hyperv = put(element, "hyperv")
        put(hyperv, "relaxed", state="on")
        put(hyperv, "vapic", state="on")
        put(hyperv, "spinlocks", state="on", retries=8191)


def clock(domain: ET.Element, machine: Machine, wishes: Wishes) -> None:
    "`<clock>`: UTC, local time for Windows, timers that keep step under load."
    windows = wishes.image.get("os_type") == "windows"
    element = put(domain, "clock", offset="localtime" if windows else "utc")
    put(element, "timer", name="pit", tickpolicy="delay")
    put(element, "timer", name="rtc", tickpolicy="catchup")
    put(element, "timer", name="hpet", present=wishes.yes("time_hpet"))
    if windows and machine.virt_type == "kvm":
        put(element, "timer", name="hypervclock", present=True)


def cpu(
    domain: ET.Element,
    spec: ServerSpec,
    machine: Machine,
    wishes: Wishes,
    topology: Topology | None,
) -> None:
    "`<cpu>`: model, features, sockets x cores x threads, guest NUMA cells."
    mode = machine.cpu_mode
    if mode == "auto":
        mode = "host-model" if machine.virt_type == "kvm" else "custom"
    if mode == "none":
        element = put(domain, "cpu")
    elif mode == "custom":
        element = put(domain, "cpu", mode="custom", match="exact", check="none")
        put(element, "model", machine.cpu_model, fallback="allow")
    else:
        element = put(
            domain, "cpu", mode=mode, check="none" if mode == "host-passthrough" else None
        )
    sockets, cores, threads = cpu_topology(wishes, spec.vcpus)
    put(element, "topology", sockets=sockets, cores=cores, threads=threads)
    for name in machine.cpu_features if mode != "none" else []:
        put(
            element,
            "feature",
            name=name.lstrip("+-"),
            policy="disable" if name.startswith("-") else "require",
        )
    if topology:
        numa = put(element, "numa")
        for cell in topology.cells:
            put(
                numa,
                "cell",
                id=cell.id,
                cpus=cpu_ranges(cell.cpus),
                memory=cell.memory_mib * 1024,
                unit="KiB",
            )


def cpu_topology(wishes: Wishes, vcpus: int) -> tuple[int, int, int]:
    """Sockets, cores and threads whose product is `vcpus`: what is wished for, sockets first for
    the rest, within the wished maxima. Raises BadWish."""
    threads = wishes.number("cpu_threads") or 1
    cores = wishes.number("cpu_cores")
    sockets = wishes.number("cpu_sockets")
    if not cores and sockets:
        cores = max(1, vcpus // (sockets * threads))
    cores = cores or 1
    if not sockets:
        sockets = max(1, vcpus // (cores * threads))
        limit = wishes.number("cpu_max_sockets")
        while limit and sockets > limit and vcpus % (sockets * threads) == 0:
            sockets = next((s for s in range(limit, 0, -1) if vcpus % (s * threads) == 0), 1)
            cores = vcpus // (sockets * threads)
    if sockets * cores * threads != vcpus:
        raise BadWish(
            name="hw:cpu_sockets, cores, threads",
            value=f"{sockets}x{cores}x{threads}",
            why=f"the product is not the number of vCPUs, {vcpus}",
        )
    return sockets, cores, threads


def memory(domain: ET.Element, spec: ServerSpec, wishes: Wishes, topology: Topology | None) -> None:
    "`<memory>`, `<vcpu>`, and where huge pages, locked memory and host cells are wished for."
    put(domain, "memory", spec.memory_mib, unit="MiB")
    put(domain, "currentMemory", spec.memory_mib, unit="MiB")
    put(domain, "vcpu", spec.vcpus, placement="static")
    paged = [c for c in topology.cells if c.page_kib] if topology else []
    if paged or wishes.yes("locked_memory"):
        backing = put(domain, "memoryBacking")
        if paged:
            pages = put(backing, "hugepages")
            for cell in paged:
                put(pages, "page", size=cell.page_kib, unit="KiB", nodeset=cell.id)
            put(backing, "nosharepages")
        if wishes.yes("locked_memory"):
            put(backing, "locked")
    placed = [c for c in topology.cells if c.host_cell is not None] if topology else []
    if placed:
        numatune = put(domain, "numatune")
        nodes = cpu_ranges(sorted({c.host_cell for c in placed if c.host_cell is not None}))
        put(numatune, "memory", mode="strict", nodeset=nodes)
        for cell in placed:
            put(numatune, "memnode", cellid=cell.id, mode="strict", nodeset=cell.host_cell)


def cputune(domain: ET.Element, wishes: Wishes, topology: Topology | None) -> None:
    "`<cputune>`: pins, and the flavor's `quota:cpu_shares`, `cpu_period` and `cpu_quota`."
    limits = [
        (tag, wishes.quota(name))
        for tag, name in (
            ("shares", "cpu_shares"),
            ("period", "cpu_period"),
            ("quota", "cpu_quota"),
        )
    ]
    pins = topology.pins if topology else {}
    if not pins and not any(v for _, v in limits):
        return
    element = put(domain, "cputune")
    for tag, value in limits:
        if value:
            put(element, tag, value)
    for vcpu, host in sorted(pins.items()):
        put(element, "vcpupin", vcpu=vcpu, cpuset=host)
    if topology and pins:
        put(element, "emulatorpin", cpuset=cpu_ranges(topology.emulator or sorted(pins.values())))
