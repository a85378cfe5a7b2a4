"What the scheduler is asked and what it knows of hosts."

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    "A server that needs a place. Sizes as in the flavor: MiB of memory, GiB of disk."

    vcpus: int
    memory_mib: int
    disk_gib: int
    extra_specs: dict[str, str] = field(default_factory=dict)
    image_properties: dict[str, str] = field(default_factory=dict)
    image_id: str | None = None
    project_id: str = ""
    flavor_name: str = ""
    zone: str | None = None
    hints: dict[str, Any] = field(default_factory=dict)
    group_policy: str | None = None
    group_rules: dict[str, Any] = field(default_factory=dict)
    group_hosts: list[str] = field(default_factory=list)
    """Hosts of the group's other members, one entry for each member."""
    force_host: str | None = None
    force_node: str | None = None
    skip_filters: bool = False
    """An administrator named the host by zone:host: only the room for it is checked."""
    exclude: set[str] = field(default_factory=set)
    server_hosts: dict[str, str] = field(default_factory=dict)
    """Servers that hints name -> their host."""
    keep: str | None = None
    """A host that already holds the server's claim (a rebuild): no room is asked of it."""


@dataclass
class Host:
    "A host as of now."

    name: str
    node: str = ""
    zone: str = "nova"
    up: bool = True
    disabled: bool = False
    disabled_reason: str | None = None
    total: dict[str, int] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    aggregates: list[dict[str, str]] = field(default_factory=list)
    """Metadata of the aggregates that the host is in."""
    servers: int = 0
    io_ops: int = 0
    load: list[float] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    provider_id: int = 0

    def free(self, resource_class: str) -> int:
        "What can still be claimed of a resource class."
        return self.capacity.get(resource_class, 0) - self.used.get(resource_class, 0)


@dataclass
class Settings:
    "What the operator may turn."

    max_io_ops: int = 0
    max_servers: int = 0
    isolated_images: list[str] = field(default_factory=list)
    isolated_hosts: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    spread: bool = True
