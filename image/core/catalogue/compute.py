"""Definitions that the compute service reads: from images, flavors and host aggregates."""

from __future__ import annotations

from image.core.catalogue.words import (
    aggregate,
    chosen,
    flag,
    flavor,
    image,
    namespace,
    number,
    text,
    volume,
)

_HYPERVISOR = namespace(
    "OS::Compute::Hypervisor", "Hypervisor", "Which kind of host a server needs.",
    [image(), volume()],
    {
        "hypervisor_type": text("Hypervisor type", "Type of the hypervisor.", "baremetal", "hyperv",
                                "kvm", "lxc", "qemu", "uml", "vmware", "xen", "vz"),
        "vm_mode": text("Machine mode", "Interface between guest and host.", "hvm", "xen", "uml",
                        "exe"),
        "img_hv_type": text("Image hypervisor type", "Hypervisor that the image was made for.",
                            "hyperv", "kvm", "lxc", "qemu", "uml", "vmware", "xen", "vz"),
        "img_hv_requested_version": text("Hypervisor version", "Versions that will do: >=2.6."),
    },
)  # fmt: skip

_DEVICES = namespace(
    "OS::Compute::LibvirtImage", "libvirt Driver Options for Images",
    "Virtual hardware that an image wants.", [image(), volume()],
    {
        "hw_disk_bus": text("Disk bus", "Bus of the disks.", "scsi", "virtio", "uml", "xen", "ide",
                            "usb", "fdc", "sata", "lxc"),
        "hw_cdrom_bus": text("CD-ROM bus", "Bus of CD-ROM drives.", "scsi", "virtio", "ide", "usb",
                             "sata"),
        "hw_scsi_model": text("SCSI model", "Controller of SCSI disks.", "auto", "buslogic",
                              "ibmvscsi", "lsilogic", "lsisas1068", "lsisas1078", "virtio-scsi",
                              "vmpvscsi"),
        "hw_vif_model": text("Network device", "Model of network cards.", "e1000", "e1000e",
                             "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3", "igb"),
        "hw_vif_multiqueue_enabled": flag("Multiqueue", "A queue per CPU for network cards."),
        "hw_video_model": text("Video device", "Model of the video card.", "vga", "cirrus",
                               "vmvga", "xen", "qxl", "virtio", "none", "bochs"),
        "hw_video_ram": number("Video memory", "MiB of video memory."),
        "hw_machine_type": text("Machine type", "Board that QEMU emulates, as pc or q35."),
        "hw_firmware_type": text("Firmware", "Firmware to boot with.", "bios", "uefi"),
        "hw_firmware_stateless": flag("Stateless firmware", "Whether firmware forgets."),
        "hw_qemu_guest_agent": text("Guest agent", "Whether a guest agent runs inside.", "yes",
                                    "no"),
        "hw_rng_model": text("Random numbers", "Device that gives random numbers.", "virtio"),
        "hw_pointer_model": text("Pointer", "Pointing device.", "usbtablet"),
        "hw_input_bus": text("Input bus", "Bus of keyboard and mouse.", "usb", "virtio"),
        "hw_boot_menu": text("Boot menu", "Whether firmware offers a menu.", "true", "false"),
        "hw_serial_port_count": number("Serial ports", "Number of serial ports.", maximum=4),
        "hw_rescue_bus": text("Rescue bus", "Bus of the rescue disk.", "scsi", "virtio", "ide",
                              "usb", "sata"),
        "hw_rescue_device": text("Rescue device", "Kind of the rescue disk.", "disk", "floppy",
                                 "cdrom"),
        "hw_time_hpet": text("HPET", "Whether the guest has this timer.", "true", "false"),
        "hw_tpm_model": text("TPM model", "Model of the virtual TPM.", "tpm-tis", "tpm-crb"),
        "hw_tpm_version": text("TPM version", "Version of the virtual TPM.", "1.2", "2.0"),
        "hw_viommu_model": text("IOMMU", "Virtual IOMMU.", "intel", "smmuv3", "virtio", "auto"),
        "hw_virtio_packed_ring": text("Packed rings", "Newer virtio queues.", "true", "false"),
        "img_hide_hypervisor_id": flag("Hide hypervisor", "Whether KVM's signature is hidden."),
        "os_command_line": text("Kernel command line", "Arguments of the kernel in kernel_id."),
        "img_config_drive": text("Config drive", "Whether a config drive is needed.", "mandatory",
                                 "optional"),
    },
)  # fmt: skip

_TOPOLOGY = namespace(
    "OS::Compute::VirtCPUTopology", "Virtual CPU Topology",
    "How the CPUs of a server are laid out.",
    [image("hw_"), volume("hw_"), flavor("hw:")],
    {
        "cpu_sockets": number("Sockets", "Preferred number of sockets.", minimum=1),
        "cpu_cores": number("Cores", "Preferred number of cores per socket.", minimum=1),
        "cpu_threads": number("Threads", "Preferred number of threads per core.", minimum=1),
        "cpu_maxsockets": number("Most sockets", "Most sockets allowed.", minimum=1),
        "cpu_maxcores": number("Most cores", "Most cores per socket allowed.", minimum=1),
        "cpu_maxthreads": number("Most threads", "Most threads per core allowed.", minimum=1),
    },
)  # fmt: skip

_PINNING = namespace(
    "OS::Compute::CPUPinning", "CPU Pinning", "Whether a server has host CPUs of its own.",
    [image("hw_"), volume("hw_"), flavor("hw:")],
    {
        "cpu_policy": text("CPU policy", "How virtual CPUs share host CPUs.", "shared",
                           "dedicated", "mixed"),
        "cpu_thread_policy": text("Thread policy", "How hardware threads are used.", "prefer",
                                  "isolate", "require"),
        "emulator_threads_policy": text("Emulator threads", "Where QEMU's own threads run.",
                                        "share", "isolate"),
    },
)  # fmt: skip

_MEMORY = namespace(
    "OS::Compute::GuestMemoryBacking", "Guest Memory Backing", "What a server's memory is made of.",
    [image("hw_"), volume("hw_"), flavor("hw:")],
    {
        "mem_page_size": text("Page size", "any, large, small, or a size in KiB."),
        "mem_encryption": text("Encryption", "Whether memory is encrypted.", "true", "false"),
        "locked_memory": text("Locked", "Whether memory stays in RAM.", "true", "false"),
    },
)  # fmt: skip

_NUMA = namespace(
    "OS::Compute::CPUNUMATopology", "NUMA Topology", "Nodes that a server is spread over.",
    [image("hw_"), volume("hw_"), flavor("hw:")],
    {
        "numa_nodes": number("Nodes", "Number of NUMA nodes.", minimum=1),
        "pci_numa_affinity_policy": text("PCI affinity", "How near devices must be.", "required",
                                         "preferred", "legacy", "socket"),
    },
)  # fmt: skip

_WATCHDOG = namespace(
    "OS::Compute::Watchdog", "Watchdog Behavior", "What happens when a guest hangs.",
    [image("hw_"), volume("hw_"), flavor("hw:")],
    {"watchdog_action": text("Action", "Done when the watchdog is not fed.", "disabled", "reset",
                             "poweroff", "pause", "none")},
)  # fmt: skip

_RNG = namespace(
    "OS::Compute::RandomNumberGenerator", "Random Number Generator",
    "Random numbers of the host for the guest.", [flavor("hw_rng:")],
    {
        "allowed": flag("Allowed", "Whether servers get the device."),
        "rate_bytes": number("Rate", "Bytes per period."),
        "rate_period": number("Period", "Length of a period, milliseconds."),
    },
)  # fmt: skip

_QUOTA = namespace(
    "OS::Compute::Quota", "Flavor Quota", "Shares and limits of servers.", [flavor("quota:")],
    {
        "cpu_quota": number("CPU quota", "Microseconds of CPU per period; -1: no limit.",
                            minimum=-1),
        "cpu_period": number("CPU period", "Length of a period, microseconds."),
        "cpu_shares": number("CPU shares", "Weight against other servers."),
        "disk_read_bytes_sec": number("Read bytes", "Bytes per second read from disks."),
        "disk_read_iops_sec": number("Read operations", "Reads per second."),
        "disk_write_bytes_sec": number("Write bytes", "Bytes per second written to disks."),
        "disk_write_iops_sec": number("Write operations", "Writes per second."),
        "disk_total_bytes_sec": number("Total bytes", "Bytes per second both ways."),
        "disk_total_iops_sec": number("Total operations", "Operations per second."),
        "vif_inbound_average": number("Inbound average", "KiB per second received."),
        "vif_inbound_burst": number("Inbound burst", "KiB received at once."),
        "vif_inbound_peak": number("Inbound peak", "KiB per second received for a burst."),
        "vif_outbound_average": number("Outbound average", "KiB per second sent."),
        "vif_outbound_burst": number("Outbound burst", "KiB sent at once."),
        "vif_outbound_peak": number("Outbound peak", "KiB per second sent for a burst."),
    },
)  # fmt: skip

_LIBVIRT = namespace(
    "OS::Compute::Libvirt", "libvirt Driver Options", "Virtual hardware that a flavor wants.",
    [image("hw_"), flavor("hw:")],
    {
        "boot_menu": text("Boot menu", "Whether firmware offers a menu.", "true", "false"),
        "serial_port_count": number("Serial ports", "Number of serial ports.", maximum=4),
        "tpm_model": text("TPM model", "Model of the virtual TPM.", "tpm-tis", "tpm-crb"),
        "tpm_version": text("TPM version", "Version of the virtual TPM.", "1.2", "2.0"),
        "vif_multiqueue_enabled": flag("Multiqueue", "A queue per CPU for network cards."),
    },
)  # fmt: skip

_CAPABILITIES = namespace(
    "OS::Compute::HostCapabilities", "Compute Host Capabilities",
    "What the host's processor must be.",
    [flavor("capabilities:"), aggregate("aggregate_instance_extra_specs:")],
    {
        "cpu_info:vendor": chosen("Vendor", "Maker of the processor.", "Intel", "AMD"),
        "cpu_info:model": chosen("Model", "Model, in libvirt's words."),
        "cpu_info:arch": chosen("Architecture", "Instruction set.", "x86_64", "i686", "aarch64",
                                "ppc64le", "s390x", "riscv64"),
        "cpu_info:topology:cores": number("Cores", "Cores per socket.", minimum=1),
        "cpu_info:topology:threads": number("Threads", "Threads per core.", minimum=1),
        "cpu_info:topology:sockets": number("Sockets", "Number of sockets.", minimum=1),
        "cpu_info:features": chosen("Features", "Flags such as aes, avx2, vmx."),
    },
)  # fmt: skip

_AGGREGATES = (
    namespace(
        "OS::Compute::AggregateDiskFilter", "Disk Allocation per Host",
        "Overcommitment of disk in an aggregate.", [aggregate()],
        {"disk_allocation_ratio": text("Ratio", "Virtual to real disk: 1.0 is none.")},
    ),
    namespace(
        "OS::Compute::AggregateIoOpsFilter", "IO Operations per Host",
        "How busy a host of an aggregate may be.", [aggregate()],
        {"max_io_ops_per_host": number("Most operations", "Builds and the like at once.",
                                       default=8)},
    ),
    namespace(
        "OS::Compute::AggregateNumInstancesFilter", "Instances per Host",
        "How many servers a host of an aggregate may run.", [aggregate()],
        {"max_instances_per_host": number("Most servers", "Servers per host.", default=50)},
    ),
    namespace(
        "OS::Compute::Trust", "Trusted Compute Pools", "Whether a host must be attested.",
        [flavor("trust:")],
        {"trusted_host": text("Trust", "What attestation must say.", "trusted", "untrusted",
                              "unknown")},
    ),
)  # fmt: skip

_VMWARE = namespace(
    "OS::Compute::VMware", "VMware Driver Options", "What images for vSphere say.",
    [image(), volume()],
    {
        "vmware_adaptertype": text("Adapter", "Disk controller.", "lsiLogic", "lsiLogicsas",
                                   "paraVirtual", "busLogic", "ide"),
        "vmware_disktype": text("Disk type", "Kind of disk file.", "streamOptimized", "sparse",
                                "preallocated"),
        "vmware_ostype": text("Guest type", "Guest identifier, as otherLinux64Guest."),
        "vmware_linked_clone": flag("Linked clone", "Whether disks share the image."),
    },
)  # fmt: skip

NAMESPACES = (
    _HYPERVISOR, _DEVICES, _LIBVIRT, _TOPOLOGY, _PINNING, _MEMORY, _NUMA, _WATCHDOG, _RNG, _QUOTA,
    _CAPABILITIES, *_AGGREGATES, _VMWARE,
)  # fmt: skip
