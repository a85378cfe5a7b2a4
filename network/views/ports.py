"Ports as JSON."

from __future__ import annotations

from typing import Any

from network.views.common import named


def port(row: Any, deps: Any) -> dict[str, Any]:
    "A port with its addresses, groups and binding."
    kind = binding(row, deps)
    domain = deps.config.dns.domain
    return {
        **named(row),
        "network_id": row.network_id,
        "mac_address": row.mac_address,
        "admin_state_up": row.admin_state_up,
        "status": row.status,
        "device_id": row.device_id,
        "device_owner": row.device_owner,
        "fixed_ips": [
            {"subnet_id": a.subnet_id, "ip_address": a.ip_address} for a in row.allocations
        ],
        "security_groups": [g.security_group_id for g in row.groups],
        "allowed_address_pairs": row.allowed_address_pairs,
        "extra_dhcp_opts": row.extra_dhcp_opts,
        "port_security_enabled": row.port_security_enabled,
        "qos_policy_id": row.qos_policy_id,
        "qos_network_policy_id": row.network.qos_policy_id,
        "ip_allocation": "immediate" if row.allocations else "none",
        "dns_name": row.dns_name,
        "dns_domain": row.dns_domain,
        "dns_assignment": [_assignment(row, a.ip_address, domain) for a in row.allocations],
        "propagate_uplink_status": row.propagate_uplink_status,
        "numa_affinity_policy": row.numa_affinity_policy,
        "hints": row.hints,
        "resource_request": None,
        "binding:host_id": row.host_id,
        "binding:profile": row.profile,
        "binding:vnic_type": row.vnic_type,
        **kind,
    }


def _assignment(row: Any, address: str, domain: str) -> dict[str, str]:
    name = row.dns_name or "host-" + address.replace(".", "-").replace(":", "-")
    return {
        "ip_address": address,
        "hostname": name,
        "fqdn": f"{name}.{row.dns_domain or domain}".rstrip(".") + ".",
    }


def binding(row: Any, deps: Any) -> dict[str, Any]:
    "How a hypervisor plugs the port: unbound until it names its host."
    if not row.host_id:
        return {"binding:vif_type": "unbound", "binding:vif_details": {}}
    datapath = deps.northbound.datapath_of(row.host_id) if deps.northbound else "system"
    return {
        "binding:vif_type": "ovs",
        "binding:vif_details": {
            "port_filter": True,
            "connectivity": "l2",
            "bridge_name": deps.config.ovn.integration_bridge,
            "datapath_type": datapath,
            "ovs_hybrid_plug": False,
            "bound_drivers": {"0": "ovn"},
        },
    }
