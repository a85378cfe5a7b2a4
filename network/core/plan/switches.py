"Switches, their links to physical networks, and DHCP options of subnets."

from __future__ import annotations

import hashlib
import ipaddress
from typing import Any

from network.contracts.northbound import Row
from network.core.plan.settings import Settings
from network.store.snapshot import Snapshot


def switch_name(network_id: str) -> str:
    "The name of a network's logical switch."
    return f"neutron-{network_id}"


def of_network(network: Any) -> list[Row]:
    "The switch, and a localnet port for each segment on a physical network."
    scope, name = f"network:{network.id}", switch_name(network.id)
    rows = [
        Row(
            "Logical_Switch",
            name,
            scope,
            {
                "name": name,
                "external_ids": {
                    "neutron:network_name": network.name,
                    "neutron:mtu": str(network.mtu),
                },
                "other_config": {
                    "mcast_snoop": "false",
                    "mcast_flood_unregistered": "false",
                    **({"vlan-passthru": "true"} if network.vlan_transparent else {}),
                },
            },
        )
    ]
    for segment in network.segments:
        if segment.physical_network:
            rows.append(
                Row(
                    "Logical_Switch_Port",
                    f"provnet-{segment.id}",
                    scope,
                    {
                        "name": f"provnet-{segment.id}",
                        "type": "localnet",
                        "addresses": ["unknown"],
                        "options": {
                            "network_name": segment.physical_network,
                            "mcast_flood": "false",
                            "mcast_flood_reports": "true",
                        },
                        "tag": [segment.segmentation_id] if segment.segmentation_id else [],
                        "external_ids": {},
                    },
                    (("Logical_Switch", name, "ports"),),
                )
            )
    return rows


def server_mac(key: str) -> str:
    """The MAC address that OVN's DHCP server has in a subnet: made of the subnet's id, so that
    it never changes."""
    digest = hashlib.sha256(key.encode()).digest()
    return "fa:16:3e:" + ":".join(f"{b:02x}" for b in digest[:3])


def dhcp_of_subnet(subnet: Any, snapshot: Snapshot, settings: Settings) -> list[Row]:
    "What DHCP tells the ports of a subnet, if it has DHCP."
    options = dhcp_options(subnet, snapshot, settings)
    if options is None:
        return []
    return [
        Row(
            "DHCP_Options",
            f"subnet:{subnet.id}",
            f"subnet:{subnet.id}",
            {"cidr": subnet.cidr, "options": options, "external_ids": {"subnet_id": subnet.id}},
        )
    ]


def dhcp_options(subnet: Any, snapshot: Snapshot, settings: Settings) -> dict[str, str] | None:
    "The options of a subnet, None where OVN does no DHCP for it."
    if not subnet.enable_dhcp:
        return None
    return _options4(subnet, snapshot, settings) if subnet.ip_version == 4 else _options6(subnet)


def _options4(subnet: Any, snapshot: Snapshot, settings: Settings) -> dict[str, str]:
    network = snapshot.networks[subnet.network_id]
    net = ipaddress.ip_network(subnet.cidr)
    gateway = subnet.gateway_ip
    domain = (network.dns_domain or settings.dns_domain).rstrip(".")
    options = {
        "server_id": gateway or str(net[1] if net.num_addresses > 2 else net[0]),
        "server_mac": server_mac(subnet.id),
        "lease_time": str(settings.dhcp_lease_s),
        "mtu": str(network.mtu),
        "domain_name": f'"{domain}"',
    }
    if gateway:
        options["router"] = gateway
    servers = subnet.dns_nameservers or list(settings.dns_servers)
    servers = [s for s in servers if ":" not in s]
    if servers and servers != ["0.0.0.0"]:
        options["dns_server"] = "{" + ", ".join(servers) + "}"
    routes = _routes(subnet, snapshot, gateway)
    if routes:
        options["classless_static_route"] = "{" + ", ".join(f"{d},{n}" for d, n in routes) + "}"
    return options


def _routes(subnet: Any, snapshot: Snapshot, gateway: str | None) -> list[tuple[str, str]]:
    routes = []
    port = snapshot.metadata.get(subnet.network_id)
    for allocation in port.allocations if port else ():
        if allocation.subnet_id == subnet.id:
            routes.append(("169.254.169.254/32", allocation.ip_address))
    routes += [(r["destination"], r["nexthop"]) for r in subnet.host_routes]
    if routes and gateway:
        routes.append(
            ("0.0.0.0/0", gateway)
        )  # a client that gets this option ignores `router` (RFC 3442)
    return routes


def _options6(subnet: Any) -> dict[str, str] | None:
    if subnet.ipv6_address_mode not in ("dhcpv6-stateful", "dhcpv6-stateless"):
        return None
    options = {"server_id": server_mac(subnet.id)}
    servers = [s for s in subnet.dns_nameservers if ":" in s]
    if servers:
        options["dns_server"] = "{" + ", ".join(servers) + "}"
    if subnet.ipv6_address_mode == "dhcpv6-stateless":
        options["dhcpv6_stateless"] = "true"
    return options
