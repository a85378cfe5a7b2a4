"What the planner needs to know of the configuration."

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    "Options that show in northbound rows."

    dns_servers: tuple[str, ...] = ()
    dhcp_lease_s: int = 43200
    distributed_floating_ip: bool = False
    dns_domain: str = "openstacklocal."


def of_config(config: Any) -> Settings:
    """The settings of this process; name servers are those of the machine unless some are
    configured."""
    servers = tuple(config.ovn.dns_servers) or resolvers(Path("/etc/resolv.conf"))
    return Settings(
        servers, config.ovn.dhcp_lease_s, config.ovn.distributed_floating_ip, config.dns.domain
    )


def resolvers(path: Path) -> tuple[str, ...]:
    "The IPv4 name servers of a resolv.conf(5) that a guest can reach too: not loopback."
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ()
    found = [
        parts[1]
        for line in lines
        if (parts := line.split())[:1] == ["nameserver"] and len(parts) > 1
    ]
    return tuple(s for s in found if not s.startswith("127.") and ":" not in s)
