"Ports: the switch port, and for a router's port the router port with its gateway chassis."

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Any

from network.contracts.northbound import Chassis, Key, Parent, Row
from network.core.plan import qos
from network.core.plan.dhcp_names import option
from network.core.plan.security import DROP_GROUP, group_name
from network.core.plan.settings import Settings
from network.core.plan.switches import dhcp_options, switch_name
from network.store.snapshot import Snapshot

ROUTER_OWNERS = ("network:router_interface", "network:router_gateway")
METADATA_V6 = "fe80::a9fe:a9fe"
GATEWAYS = 5
"Chassis that stand by for one gateway."


def of_port(port: Any, s: Snapshot, settings: Settings, chassis: Sequence[Chassis]) -> list[Row]:
    "All rows of a port. A floating IP's port has none: the address is its router's."
    if port.device_owner == "network:floatingip":
        return []
    scope = f"port:{port.id}"
    refs, rows = _dhcp(port, s, settings, scope)
    rows.append(
        Row(
            "Logical_Switch_Port",
            port.id,
            scope,
            _switch_port(port, s, chassis),
            tuple(_parents(port)),
            refs,
        )
    )
    if port.device_owner in ROUTER_OWNERS:
        rows += _router_port(port, s, chassis, scope)
    else:
        rows += qos.of_port(port, s, scope) + _names(port, s, settings, scope)
    return rows


def _parents(port: Any) -> list[Parent]:
    parents: list[Parent] = [("Logical_Switch", switch_name(port.network_id), "ports")]
    parents += [("Port_Group", group_name(g.security_group_id), "ports") for g in port.groups]
    if port.port_security_enabled and not port.device_owner.startswith("network:"):
        parents.append(("Port_Group", DROP_GROUP, "ports"))
    return parents


def _switch_port(port: Any, s: Snapshot, chassis: Sequence[Chassis]) -> dict[str, Any]:
    addresses = " ".join([port.mac_address, *(a.ip_address for a in port.allocations)])
    columns: dict[str, Any] = {
        "name": port.id,
        "type": "",
        "enabled": [port.admin_state_up],
        "addresses": [addresses],
        "port_security": [],
        "options": {},
        "parent_name": [],
        "tag": [],
        "external_ids": _external_ids(port, s),
    }
    if port.device_owner in ROUTER_OWNERS:
        options = {"router-port": f"lrp-{port.id}"}
        if port.device_owner == "network:router_gateway":
            options |= {"nat-addresses": "router", "exclude-lb-vips-from-garp": "true"}
        return columns | {"type": "router", "addresses": ["router"], "options": options}
    if port.device_owner == "network:distributed":
        return columns | {"type": "localport", "addresses": [f"{addresses} {METADATA_V6}"]}
    if port.id in s.subports:
        parent, tag = s.subports[port.id]
        columns |= {"parent_name": [parent], "tag": [tag]}
    if port.port_security_enabled:
        columns["port_security"] = _spoof_protection(port)
        # OVN delivers only to MAC addresses that it knows: an allowed pair may bring another.
        pairs = {pair["mac_address"] for pair in port.allowed_address_pairs}
        columns["addresses"] = [addresses, *sorted(pairs - {port.mac_address})]
    else:
        columns["addresses"] = [addresses, "unknown"]
    if port.host_id and any(port.host_id in (c.hostname, c.name) for c in chassis):
        columns["options"] = {"requested-chassis": port.host_id}
    return columns


def _spoof_protection(port: Any) -> list[str]:
    allowed = {port.mac_address: [a.ip_address for a in port.allocations]}
    for pair in port.allowed_address_pairs:
        allowed.setdefault(pair["mac_address"], []).append(pair["ip_address"])
    for mac, ips in allowed.items():
        # OVN lets the link-local address send, but drops the neighbour advertisements in which it
        # is the target unless it is listed: nobody could answer to it.
        if any(":" in ip for ip in ips):
            ips.append(link_local(mac))
    return sorted(" ".join([mac, *dict.fromkeys(ips)]) for mac, ips in allowed.items())


def link_local(mac: str) -> str:
    "The link-local address that a host with this MAC address gives itself (RFC 4862)."
    octets = bytes.fromhex(mac.replace(":", ""))
    tail = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + tail))


def _external_ids(port: Any, s: Snapshot) -> dict[str, str]:
    cidrs = []
    for a in port.allocations:
        subnet = s.subnets.get(a.subnet_id)
        if subnet is not None:
            cidrs.append(f"{a.ip_address}/{subnet.cidr.partition('/')[2]}")
    return {
        "neutron:network_name": switch_name(port.network_id),
        "neutron:device_id": port.device_id,
        "neutron:device_owner": port.device_owner,
        "neutron:project_id": port.project_id,
        "neutron:port_name": port.name,
        "neutron:cidrs": " ".join(cidrs),
        "neutron:host_id": port.host_id,
        "neutron:mtu": str(s.networks[port.network_id].mtu),
    }


def _dhcp(
    port: Any, s: Snapshot, settings: Settings, scope: str
) -> tuple[dict[str, Key | None], list[Row]]:
    refs: dict[str, Key | None] = {"dhcpv4_options": None, "dhcpv6_options": None}
    rows: list[Row] = []
    if port.device_owner.startswith("network:"):
        return refs, rows
    for version, column in ((4, "dhcpv4_options"), (6, "dhcpv6_options")):
        subnet = next(
            (
                n
                for a in port.allocations
                if (n := s.subnets.get(a.subnet_id)) is not None
                and n.ip_version == version
                and dhcp_options(n, s, settings) is not None
            ),
            None,
        )
        if subnet is None:
            continue
        extra = [o for o in port.extra_dhcp_opts if o.get("ip_version", 4) == version]
        if any(
            o["opt_name"] == "dhcp_disabled" and str(o.get("opt_value")).lower() == "true"
            for o in extra
        ):
            continue
        named = dict(
            filter(None, (option(o["opt_name"], str(o["opt_value"]), version) for o in extra))
        )
        if not named:
            refs[column] = ("DHCP_Options", f"subnet:{subnet.id}")
            continue
        key = f"port:{port.id}:{version}"
        base = dhcp_options(subnet, s, settings) or {}
        rows.append(
            Row(
                "DHCP_Options",
                key,
                scope,
                {
                    "cidr": subnet.cidr,
                    "options": {**base, **named},
                    "external_ids": {"subnet_id": subnet.id, "port_id": port.id},
                },
            )
        )
        refs[column] = ("DHCP_Options", key)
    return refs, rows


def _router_port(port: Any, s: Snapshot, chassis: Sequence[Chassis], scope: str) -> list[Row]:
    name, network = f"lrp-{port.id}", s.networks[port.network_id]
    subnets = [(a, s.subnets[a.subnet_id]) for a in port.allocations if a.subnet_id in s.subnets]
    gateway = port.device_owner == "network:router_gateway"
    columns = {
        "name": name,
        "mac": port.mac_address,
        "enabled": [port.admin_state_up],
        "networks": sorted(f"{a.ip_address}/{n.cidr.partition('/')[2]}" for a, n in subnets),
        "options": {"gateway_mtu": str(network.mtu)} if gateway else {},
        "ipv6_ra_configs": {} if gateway else _advertisements(network, [n for _, n in subnets]),
        "external_ids": {
            "neutron:router_name": f"neutron-{port.device_id}",
            "neutron:network_name": switch_name(network.id),
        },
    }
    if not columns["networks"]:
        return []
    if not gateway and any(g.physical_network for g in network.segments):
        columns["options"] = {"reside-on-redirect-chassis": "true"}
    rows = [
        Row(
            "Logical_Router_Port",
            name,
            scope,
            columns,
            (("Logical_Router", f"neutron-{port.device_id}", "ports"),),
        )
    ]
    return rows + (_gateway_chassis(port, network, name, chassis) if gateway else [])


def gateway_scope(port_id: str) -> str:
    "The scope of the rows that say where a gateway is."
    return f"gateway:{port_id}"


def candidates(network: Any, chassis: Sequence[Chassis]) -> list[Chassis]:
    "The nodes that reach the external network; those marked as gateways if any is."
    physical = {g.physical_network for g in network.segments if g.physical_network}
    able = [c for c in chassis if not physical or physical & set(c.bridge_mappings)]
    return [c for c in able if c.is_gateway] or able


def _gateway_chassis(port: Any, network: Any, name: str, chassis: Sequence[Chassis]) -> list[Row]:
    # Highest random weight: every gateway has its own order of nodes, and a node that comes or
    # goes moves only its own.
    def weight(c: Chassis) -> bytes:
        return hashlib.sha256(f"{port.id}/{c.name}".encode()).digest()

    chosen = sorted(candidates(network, chassis), key=weight)[-GATEWAYS:]
    return [
        Row(
            "Gateway_Chassis",
            f"{name}_{c.name}",
            gateway_scope(port.id),
            {
                "name": f"{name}_{c.name}",
                "chassis_name": c.name,
                "priority": n + 1,
                "options": {},
                "external_ids": {},
            },
            (("Logical_Router_Port", name, "gateway_chassis"),),
        )
        for n, c in enumerate(chosen)
    ]


def _advertisements(network: Any, subnets: Sequence[Any]) -> dict[str, str]:
    modes = {n.ipv6_ra_mode for n in subnets if n.ip_version == 6 and n.ipv6_ra_mode}
    if not modes:
        return {}
    mode = next(m for m in ("dhcpv6-stateful", "dhcpv6-stateless", "slaac") if m in modes)
    servers = [a for n in subnets if n.ip_version == 6 for a in n.dns_nameservers if ":" in a]
    return {
        "address_mode": mode.replace("-", "_"),
        "send_periodic": "true",
        "mtu": str(network.mtu),
        **({"rdnss": servers[0]} if servers else {}),
    }


def _names(port: Any, s: Snapshot, settings: Settings, scope: str) -> list[Row]:
    if not port.dns_name or not port.allocations:
        return []
    domain = (
        port.dns_domain or s.networks[port.network_id].dns_domain or settings.dns_domain
    ).rstrip(".")
    full, addresses = (
        f"{port.dns_name}.{domain}".lower(),
        " ".join(a.ip_address for a in port.allocations),
    )
    records = {full: addresses, port.dns_name.lower(): addresses}
    for a in port.allocations:
        records[ipaddress.ip_address(a.ip_address).reverse_pointer] = full
    return [
        Row(
            "DNS",
            f"dns:{port.id}",
            scope,
            {"records": records, "external_ids": {"port_id": port.id}},
            (("Logical_Switch", switch_name(port.network_id), "dns_records"),),
        )
    ]
