"""Options of the node: groups `agent`, `libvirt` and `fake`."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

OPTIONS = {
    "agent": [
        cfg.StrOpt(
            "driver",
            default="libvirt",
            choices=["libvirt", "fake"],
            help="Hypervisor of this host.",
        ),
        cfg.StrOpt(
            "host_ip",
            default="127.0.0.1",
            help="Address of this host for other hosts and for the console proxy.",
        ),
        cfg.IntOpt("parallel_jobs", default=4, min=1, help="Servers that are worked on at once."),
        cfg.IntOpt(
            "report_interval_s", default=60, min=1, help="Seconds between inventory reports."
        ),
        cfg.IntOpt(
            "usage_interval_s",
            default=5,
            min=0,
            help="Seconds between samples of what servers use, for the charts; 0: none.",
        ),
        cfg.IntOpt(
            "reserved_memory_mib",
            default=0,
            min=0,
            help="Memory that is not reported at all, MiB; the scheduler keeps its own reserve.",
        ),
        cfg.IntOpt("reserved_disk_gib", default=0, min=0, help="Disk kept for the host, GiB."),
        cfg.IntOpt("reserved_vcpus", default=0, min=0, help="Processors kept for the host."),
        cfg.BoolOpt(
            "resume_guests_on_boot",
            default=True,
            help="Start servers again that ran when the host went down.",
        ),
        cfg.PortOpt(
            "transfer_port",
            default=0,
            help="Port on which other agents fetch disks of a cold migration; 0: any free one.",
        ),
        cfg.PortOpt(
            "metrics_port",
            default=0,
            help="Port of /healthcheck and /metrics on loopback; 0: none.",
        ),
    ],
    "libvirt": [
        cfg.StrOpt(
            "uri",
            default="qemu:///system",
            help="Connection to libvirt, e.g. qemu+unix:///system?socket=...",
        ),
        cfg.StrOpt(
            "virt_type",
            default="auto",
            choices=["auto", "kvm", "qemu"],
            help="auto: a probe proves that KVM runs a 64-bit guest, else plain QEMU (TCG).",
        ),
        cfg.StrOpt(
            "images_type",
            default="qcow2",
            choices=["qcow2", "raw"],
            help="Local disks: overlays over a cached image, or full raw copies.",
        ),
        cfg.StrOpt(
            "instances_path",
            default="",
            help="Directory of servers' disks; empty: state_dir/compute/instances.",
        ),
        cfg.StrOpt(
            "image_cache_path",
            default="",
            help="Directory of cached images; empty: state_dir/compute/images.",
        ),
        cfg.IntOpt(
            "image_cache_age_s",
            default=24 * 3600,
            min=0,
            help="Seconds that an image stays cached after its last use; 0: for ever.",
        ),
        cfg.StrOpt(
            "cpu_mode",
            default="auto",
            choices=["auto", "none", "custom", "host-model", "host-passthrough"],
            help="auto: host-model with KVM, the model of cpu_model without.",
        ),
        cfg.StrOpt(
            "cpu_model",
            default="Nehalem",
            help="CPU model for mode custom, and for QEMU without KVM.",
        ),
        cfg.ListOpt(
            "cpu_features",
            default=[],
            help="CPU features added (name or +name) or removed (-name).",
        ),
        cfg.StrOpt(
            "machine_type", default="", help="Machine type; empty: pc for BIOS, q35 for UEFI."
        ),
        cfg.IntOpt(
            "pcie_ports",
            default=12,
            min=1,
            max=28,
            help="Free PCIe ports of a q35 machine for hot-plug.",
        ),
        cfg.StrOpt(
            "disk_cache",
            default="auto",
            choices=["auto", "none", "writeback", "writethrough", "unsafe"],
            help="Cache mode of local disks; auto: none where O_DIRECT works, else writeback.",
        ),
        cfg.StrOpt(
            "console_bind", default="", help="Address that VNC listens on; empty: agent.host_ip."
        ),
        cfg.IntOpt(
            "console_log_kib",
            default=1024,
            min=4,
            help="Size at which a console log is rotated, KiB.",
        ),
        cfg.StrOpt(
            "migration_uri",
            default="qemu+tcp://{host}/system",
            help="libvirt of another host, {host} is its agent.host_ip.",
        ),
        cfg.ListOpt(
            "cpu_dedicated_set", default=[], help="Host processors for pinned vCPUs, e.g. 2-7."
        ),
        cfg.StrOpt(
            "ovs_bridge", default="", help="Overrides the integration bridge that a port names."
        ),
        cfg.StrOpt("emulator", default="", help="QEMU program; empty: what libvirt names."),
        cfg.IntOpt(
            "shutdown_timeout_s",
            default=60,
            min=0,
            help="Seconds that a guest gets to shut itself down before a resize or a cold move.",
        ),
        cfg.IntOpt(
            "qemu_fetch_timeout_s",
            default=3600,
            min=1,
            help="Longest download of an image, seconds.",
        ),
    ],
    "fake": [
        cfg.IntOpt(
            "hosts", default=1, min=1, help="Hosts that one process of the fake driver plays."
        ),
        cfg.IntOpt("vcpus", default=64, help="Processors of a fake host."),
        cfg.IntOpt("memory_mib", default=256 * 1024, help="Memory of a fake host, MiB."),
        cfg.IntOpt("disk_gib", default=4096, help="Disk of a fake host, GiB."),
        cfg.DictOpt(
            "delays_s", default={}, help="Seconds that an order takes, e.g. build:0.5,destroy:0.1."
        ),
        cfg.DictOpt("faults", default={}, help="Share of orders that fail, e.g. build:0.01."),
    ],
}


def register(config: Any) -> None:
    "Let `config` know these options; harmless when it already does."
    for group, options in OPTIONS.items():
        config.register_opts(options, group=group)
