"Routers, routes, source NAT, floating IPs and port forwarding."

from __future__ import annotations

from typing import Any

from network.contracts.northbound import Row
from network.core.plan import qos
from network.core.plan.settings import Settings
from network.core.plan.switches import server_mac, switch_name
from network.store.snapshot import Snapshot


def router_name(router_id: str) -> str:
    "The name of a router's logical router."
    return f"neutron-{router_id}"


def of_router(router: Any, s: Snapshot) -> list[Row]:
    "The router with its routes and the NAT of its inner prefixes."
    scope, name = f"router:{router.id}", router_name(router.id)
    rows = [
        Row(
            "Logical_Router",
            name,
            scope,
            {
                "name": name,
                "enabled": [router.admin_state_up],
                "options": {
                    "always_learn_from_arp_request": "false",
                    "dynamic_neigh_routers": "true",
                    "mac_binding_age_threshold": "0",
                },
                "external_ids": {
                    "neutron:router_name": router.name,
                    "neutron:gw_port_id": router.gateway_port_id or "",
                },
            },
        )
    ]
    gateway = s.ports.get(router.gateway_port_id or "")
    if gateway is not None:
        rows += _default_routes(gateway, s, scope, name)
        if router.enable_snat:
            rows += _source_nat(router, gateway, s, scope, name)
    for route in router.routes:
        rows.append(_route(scope, name, route["destination"], route["nexthop"], []))
    return rows


def _route(scope: str, name: str, prefix: str, hop: str, port: list[str]) -> Row:
    return Row(
        "Logical_Router_Static_Route",
        f"{name}:{prefix}:{hop}",
        scope,
        {
            "ip_prefix": prefix,
            "nexthop": hop,
            "output_port": port,
            "policy": [],
            "route_table": "",
            "external_ids": {},
        },
        (("Logical_Router", name, "static_routes"),),
    )


def _default_routes(gateway: Any, s: Snapshot, scope: str, name: str) -> list[Row]:
    rows = []
    for allocation in gateway.allocations:
        subnet = s.subnets.get(allocation.subnet_id)
        if subnet is not None and subnet.gateway_ip:
            anywhere = "0.0.0.0/0" if subnet.ip_version == 4 else "::/0"
            rows.append(_route(scope, name, anywhere, subnet.gateway_ip, [f"lrp-{gateway.id}"]))
    return rows


def _source_nat(router: Any, gateway: Any, s: Snapshot, scope: str, name: str) -> list[Row]:
    outer = next((a.ip_address for a in gateway.allocations if ":" not in a.ip_address), None)
    if outer is None:
        return []
    inner = sorted(
        {
            s.subnets[a.subnet_id].cidr
            for p in s.interfaces.get(router.id, ())
            for a in p.allocations
            if a.subnet_id in s.subnets and s.subnets[a.subnet_id].ip_version == 4
        }
    )
    return [
        Row(
            "NAT",
            f"snat:{router.id}:{cidr}",
            scope,
            {
                "type": "snat",
                "external_ip": outer,
                "logical_ip": cidr,
                "external_mac": [],
                "logical_port": [],
                "options": {},
                "external_ids": {},
            },
            (("Logical_Router", name, "nat"),),
        )
        for cidr in inner
    ]


def of_floating(fip: Any, s: Snapshot, settings: Settings) -> list[Row]:
    "The address translation of a floating IP, or the load balancers that its port forwardings are."
    scope = f"fip:{fip.id}"
    if fip.port_id and fip.router_id:
        return [_floating(fip, s, settings, scope), *_limits(fip, s, scope)]
    return _forwardings(fip, scope)


def _floating(fip: Any, s: Snapshot, settings: Settings, scope: str) -> Row:
    columns: dict[str, Any] = {
        "type": "dnat_and_snat",
        "external_ip": fip.floating_ip_address,
        "logical_ip": fip.fixed_ip_address,
        "external_mac": [],
        "logical_port": [],
        "options": {},
        "external_ids": {"neutron:fip_id": fip.id, "neutron:fip_port_id": fip.port_id},
    }
    if settings.distributed_floating_ip:
        # With a MAC address of its own the floating IP is answered for on the node of its server.
        columns |= {"external_mac": [server_mac(fip.id)], "logical_port": [fip.port_id]}
    return Row(
        "NAT", scope, scope, columns, (("Logical_Router", router_name(fip.router_id), "nat"),)
    )


def _limits(fip: Any, s: Snapshot, scope: str) -> list[Row]:
    policy = s.policies.get(fip.qos_policy_id or "")
    router = s.routers.get(fip.router_id)
    if policy is None or router is None or not router.gateway_port_id:
        return []
    rows, port = [], router.gateway_port_id
    for rule in policy.rules:
        if rule.kind == "bandwidth_limit":
            # Seen from the external switch: what leaves the guest comes in from the router's port
            # there.
            out = rule.direction == "egress"
            match = (
                f'inport == "{port}" && ip4.src == {fip.floating_ip_address}'
                if out
                else f'outport == "{port}" && ip4.dst == {fip.floating_ip_address}'
            )
            rows.append(
                Row(
                    "QoS",
                    f"qos:{fip.id}:{rule.direction}",
                    scope,
                    {
                        "direction": "from-lport" if out else "to-lport",
                        "priority": 2003,
                        "match": match + f' && is_chassis_resident("cr-lrp-{port}")',
                        "action": {},
                        "bandwidth": qos.limit(rule.params),
                        "external_ids": {"neutron:fip_id": fip.id},
                    },
                    (("Logical_Switch", switch_name(fip.floating_network_id), "qos_rules"),),
                )
            )
    return rows


def _forwardings(fip: Any, scope: str) -> list[Row]:
    by_protocol: dict[tuple[str, str], dict[str, str]] = {}
    for f in fip.forwardings:
        vips = by_protocol.setdefault((f.protocol, f.router_id), {})
        for n in range(f.external_port_end - f.external_port + 1):
            inner = f.internal_port + (n if f.internal_port_end > f.internal_port else 0)
            vips[f"{fip.floating_ip_address}:{f.external_port + n}"] = (
                f"{f.internal_ip_address}:{inner}"
            )
    return [
        Row(
            "Load_Balancer",
            f"pf:{fip.id}:{protocol}",
            scope,
            {
                "name": f"pf-floatingip-{fip.id}-{protocol}",
                "protocol": [protocol],
                "vips": vips,
                "options": {},
                "external_ids": {"neutron:fip_id": fip.id},
            },
            (("Logical_Router", router_name(router_id), "load_balancer"),),
        )
        for (protocol, router_id), vips in by_protocol.items()
    ]
