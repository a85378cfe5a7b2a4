"""What a libvirt host has and can do, in the words of the placement API (os-traits)."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from compute.agent import facts as machine_facts
from compute.agent.drivers.libvirt import host as host_facts
from compute.agent.drivers.libvirt.hardware import Machine
from compute.agent.drivers.libvirt.host import Host
from compute.agent.drivers.libvirt.wishes import cpu_set
from compute.contracts.agent import Agent
from compute.contracts.specs import HostInventory

_CPU_TRAITS = {
    "aes": "AESNI",
    "avx": "AVX",
    "avx2": "AVX2",
    "avx512f": "AVX512F",
    "avx512bw": "AVX512BW",
    "bmi1": "BMI",
    "bmi2": "BMI2",
    "f16c": "F16C",
    "fma": "FMA3",
    "mmx": "MMX",
    "mpx": "MPX",
    "sha-ni": "SHA",
    "sse": "SSE",
    "sse2": "SSE2",
    "pni": "SSE3",
    "ssse3": "SSSE3",
    "sse4.1": "SSE41",
    "sse4.2": "SSE42",
    "sse4a": "SSE4A",
    "svm": "SVM",
    "vmx": "VMX",
    "tbm": "TBM",
    "xop": "XOP",
    "pclmuldq": "CLMUL",
}
_ALWAYS = [
    *(f"COMPUTE_STORAGE_BUS_{b}" for b in ("VIRTIO", "SCSI", "SATA", "IDE", "USB", "FDC")),
    *(
        f"COMPUTE_NET_VIF_MODEL_{m}"
        for m in ("VIRTIO", "E1000", "E1000E", "NE2K_PCI", "PCNET", "RTL8139", "VMXNET3")
    ),
    *(f"COMPUTE_GRAPHICS_MODEL_{m}" for m in ("VGA", "CIRRUS", "BOCHS", "VIRTIO", "NONE")),
    *(
        f"COMPUTE_IMAGE_TYPE_{t}"
        for t in ("RAW", "QCOW2", "VMDK", "VDI", "VHD", "VHDX", "ISO", "AMI", "AKI", "ARI")
    ),
    "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG",
    "COMPUTE_VOLUME_ATTACH_WITH_TAG",
    "COMPUTE_VOLUME_EXTEND",
    "COMPUTE_VOLUME_MULTI_ATTACH",
    "COMPUTE_DEVICE_TAGGING",
    "COMPUTE_RESCUE_BFV",
    "COMPUTE_NODE",
    "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    "COMPUTE_SECURITY_STATELESS_FIRMWARE",
]


class Inventory:
    "Facts that do not change are asked once; the rest at every report."

    def __init__(self, host: Host, machine: Machine, config: Any, disk: Path) -> None:
        self.host, self.machine, self.config, self.disk = host, machine, config, disk
        self._fixed: dict[str, Any] | None = None

    def fixed(self) -> dict[str, Any]:
        "Capabilities of the host; asked of libvirt once."
        if self._fixed is None:
            with self.host.doing("describe this host"):
                connection = self.host.connection()
                found = host_facts.capabilities(connection)
                found["qemu"] = connection.getVersion()
                found["firmware"] = host_facts.firmware(
                    connection, self.machine.emulator, self.machine.virt_type, found["arch"]
                )
            self._fixed = found
        return self._fixed

    def cells(self) -> list[dict[str, Any]]:
        "NUMA cells with the huge pages that are free now."
        cells: list[dict[str, Any]] = self.fixed()["cells"]
        for cell in cells:
            cell["pages"] = {
                size: host_facts.free_pages(cell["id"], size) for size in cell["pages"]
            }
        return cells

    def dedicated(self) -> list[int]:
        "Host processors that servers may be pinned to."
        chosen = self.config.libvirt.cpu_dedicated_set
        if chosen:
            return cpu_set(",".join(chosen))
        return [c for cell in self.fixed()["cells"] for c in cell["cpus"]]

    def read(self) -> HostInventory:
        "The report, without servers."
        facts, options = self.fixed(), self.config.agent
        total, available = machine_facts.memory_mib()
        usage = shutil.disk_usage(self.disk)
        return HostInventory(
            host=self.config.host,
            revision=Agent.revision,
            hypervisor_type="QEMU",
            hypervisor_version=facts["qemu"],
            virt_type=self.machine.virt_type,
            hypervisor_hostname=self.config.host,
            host_ip=options.host_ip,
            arch=facts["arch"],
            vcpus=max(0, (os.cpu_count() or 1) - options.reserved_vcpus),
            memory_mib=max(0, total - options.reserved_memory_mib),
            disk_gib=max(0, usage.total // 1024**3 - options.reserved_disk_gib),
            free_memory_mib=available,
            free_disk_gib=usage.free // 1024**3,
            load=[round(x, 2) for x in os.getloadavg()],
            uptime_s=int(time.clock_gettime(time.CLOCK_BOOTTIME)),
            cpu_info=_cpu_info(facts),
            traits=self.traits(),
            numa=self.cells(),
        )

    def traits(self) -> list[str]:
        "Traits of os-traits that are true here."
        facts = self.fixed()
        found = list(_ALWAYS)
        if self.machine.virt_type == "kvm":
            found += [
                f"HW_CPU_X86_{t}"
                for name, t in _CPU_TRAITS.items()
                if name in facts.get("features", [])
            ]
        if facts["firmware"]["uefi"]:
            found.append("COMPUTE_FIRMWARE_UEFI")
        if facts["firmware"]["secure_boot"]:
            found.append("COMPUTE_SECURITY_UEFI_SECURE_BOOT")
        if facts["firmware"]["tpm"] and shutil.which("swtpm"):
            found += ["COMPUTE_SECURITY_TPM_TIS", "COMPUTE_SECURITY_TPM_CRB"]
            found += [
                f"COMPUTE_SECURITY_TPM_{v.replace('.', '_')}" for v in facts["firmware"]["tpm"]
            ]
        return sorted(set(found))


def _cpu_info(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "arch": facts["arch"],
        "model": facts.get("model", ""),
        "vendor": facts.get("vendor", ""),
        "features": facts.get("features", []),
        "topology": facts.get("topology", {}),
    }
