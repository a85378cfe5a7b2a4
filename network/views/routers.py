"Routers, floating IPs and port forwarding as JSON."

from __future__ import annotations

from typing import Any

from network.views.common import named, standard


def router(row: Any, deps: Any) -> dict[str, Any]:
    "A router with its gateway."
    return {
        **named(row),
        "admin_state_up": row.admin_state_up,
        "status": row.status,
        "routes": row.routes,
        "external_gateway_info": _gateway(row),
        "distributed": row.distributed,
        "ha": row.ha,
        "availability_zone_hints": row.availability_zone_hints,
        "availability_zones": ["nova"],
        "flavor_id": None,
    }


def _gateway(row: Any) -> dict[str, Any] | None:
    port = row.gateway_port
    if port is None:
        return None
    return {
        "network_id": port.network_id,
        "enable_snat": row.enable_snat,
        "qos_policy_id": row.qos_policy_id,
        "external_fixed_ips": [
            {"subnet_id": a.subnet_id, "ip_address": a.ip_address} for a in port.allocations
        ],
    }


def floatingip(row: Any, deps: Any) -> dict[str, Any]:
    "A floating IP."
    port = row.port
    details = (
        None
        if port is None
        else {
            "name": port.name,
            "network_id": port.network_id,
            "mac_address": port.mac_address,
            "admin_state_up": port.admin_state_up,
            "status": port.status,
            "device_id": port.device_id,
            "device_owner": port.device_owner,
        }
    )
    return {
        **standard(row),
        "floating_network_id": row.floating_network_id,
        "floating_ip_address": row.floating_ip_address,
        "port_id": row.port_id,
        "fixed_ip_address": row.fixed_ip_address,
        "router_id": row.router_id,
        "status": row.status,
        "dns_name": row.dns_name,
        "dns_domain": row.dns_domain,
        "qos_policy_id": row.qos_policy_id,
        "port_details": details,
        "port_forwardings": [_brief(f) for f in row.forwardings],
    }


def _ranges(row: Any) -> dict[str, Any]:
    return {
        "external_port_range": f"{row.external_port}:{row.external_port_end}",
        "internal_port_range": f"{row.internal_port}:{row.internal_port_end}",
    }


def _single(row: Any) -> dict[str, Any]:
    if row.external_port != row.external_port_end:
        return {}
    return {"external_port": row.external_port, "internal_port": row.internal_port}


def _brief(row: Any) -> dict[str, Any]:
    # In a floating IP: with ranges only where there are more ports than one.
    return {
        "id": row.id,
        **(_single(row) or _ranges(row)),
        "protocol": row.protocol,
        "internal_ip_address": row.internal_ip_address,
        "internal_port_id": row.internal_port_id,
    }


def port_forwarding(row: Any, deps: Any) -> dict[str, Any]:
    "A port forwarding."
    return {**_ranges(row), **_brief(row), "description": row.description}
