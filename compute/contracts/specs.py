"""The data that an agent needs to run a server: complete, so that an agent asks nobody for
anything.

Sizes are in the unit that the field's name ends with. Dataclasses travel as JSON objects; unknown
keys are ignored by the reader and missing ones take the default, so old and new nodes understand
each other.
"""

from dataclasses import dataclass, field


@dataclass
class ImageSource:
    """Where the bytes of an image come from, and how to know that they are right."""

    id: str
    url: str
    """Full URL of the data, e.g. http://10.0.0.1:9292/v2/images/ID/file."""
    token: str = ""
    """A token that may read it, good for minutes; a resumed build gets a fresh one."""
    size_bytes: int = 0
    hash_algo: str = "sha512"
    hash_value: str = ""
    disk_format: str = "qcow2"
    min_disk_gib: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    """hw_disk_bus, hw_machine_type, hw_firmware_type, os_require_quiesce, ..."""


@dataclass
class Disk:
    """One block device of a server."""

    kind: str
    """root, ephemeral, swap, blank or volume."""
    size_mib: int = 0
    """0 for a volume (the connection knows) and for a root disk that takes the size of its
    image."""
    image: ImageSource | None = None
    boot_index: int | None = None
    bus: str | None = None
    """virtio, scsi, sata, ide; None: by the image's properties, else virtio."""
    device_type: str = "disk"
    """disk or cdrom."""
    device_name: str | None = None
    """/dev/vdb: a wish; the agent answers with what it gave."""
    guest_format: str | None = None
    volume_id: str | None = None
    attachment_id: str | None = None
    connection: dict[str, object] = field(default_factory=dict)
    """Cinder's connection_info: {"driver_volume_type": "nbd"|"rbd"|"iscsi"|"local", "data":
    {...}}."""
    tag: str | None = None
    read_only: bool = False


@dataclass
class Nic:
    """One network port, already bound to this host by the network service."""

    port_id: str
    network_id: str
    mac_address: str
    mtu: int = 1442
    vif_type: str = "ovs"
    vnic_type: str = "normal"
    bridge: str = "br-int"
    fixed_ips: list[dict[str, str]] = field(default_factory=list)
    """[{"subnet_id", "ip_address"}]"""
    tag: str | None = None
    details: dict[str, object] = field(default_factory=dict)
    """binding:vif_details; "datapath_type": "netdev" asks for the guest's offloads to be off."""


@dataclass
class ServerSpec:
    """A server as it should exist on a host."""

    id: str
    name: str
    project_id: str
    user_id: str
    vcpus: int
    memory_mib: int
    hostname: str = ""
    generation: int = 0
    """Grows with every build, rebuild, resize or move: an agent ignores an order older than what
    it already did."""
    power: str = "on"
    """What it should be after the order: on, off, paused, suspended."""
    disks: list[Disk] = field(default_factory=list)
    nics: list[Nic] = field(default_factory=list)
    extra_specs: dict[str, str] = field(default_factory=dict)
    image_properties: dict[str, str] = field(default_factory=dict)
    flavor_name: str = ""
    config_drive: bool = False
    metadata_files: dict[str, str] = field(default_factory=dict)
    """Path in the metadata tree (openstack/latest/meta_data.json, ...) -> text: the content of a
    config drive."""
    admin_password: str | None = None
    request_id: str = ""
    rescue_image: ImageSource | None = None


@dataclass
class DomainState:
    """What the hypervisor says of one server on this host."""

    server_id: str
    power_state: int
    """Nova's numbers: 0 no state, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended."""
    generation: int = 0
    name: str = ""


@dataclass
class HostInventory:
    """What a host has, reported at start and every minute."""

    host: str
    revision: int
    hypervisor_type: str = "QEMU"
    hypervisor_version: int = 0
    virt_type: str = "qemu"
    hypervisor_hostname: str = ""
    host_ip: str = ""
    arch: str = "x86_64"
    vcpus: int = 0
    memory_mib: int = 0
    disk_gib: int = 0
    free_memory_mib: int = 0
    free_disk_gib: int = 0
    load: list[float] = field(default_factory=list)
    uptime_s: int = 0
    cpu_info: dict[str, object] = field(default_factory=dict)
    traits: list[str] = field(default_factory=list)
    numa: list[dict[str, object]] = field(default_factory=list)
    domains: list[DomainState] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    """Ids of servers that a job is running for at this moment: not stuck, leave them."""
    boot_id: str = ""
    """New at every start of the agent: a job of an older one is dead."""
