"Networks, segments, subnets, pools and address scopes as JSON."

from __future__ import annotations

from typing import Any

from network.views.common import named

_ZONES = ["nova"]


def network(row: Any, deps: Any) -> dict[str, Any]:
    "A network; several segments come as a list, one as the provider attributes."
    out = {
        **named(row),
        "admin_state_up": row.admin_state_up,
        "status": "ACTIVE",
        "shared": row.shared,
        "subnets": [s.id for s in row.subnets],
        "mtu": row.mtu,
        "router:external": row.external,
        "port_security_enabled": row.port_security_enabled,
        "availability_zone_hints": row.availability_zone_hints,
        "availability_zones": _ZONES,
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "dns_domain": row.dns_domain,
        "qos_policy_id": row.qos_policy_id,
        "vlan_transparent": row.vlan_transparent,
        "l2_adjacency": True,
        "provider:network_type": None,
        "provider:physical_network": None,
        "provider:segmentation_id": None,
    }
    if row.external:
        out["is_default"] = row.is_default
    shown = [
        {
            "provider:network_type": s.network_type,
            "provider:physical_network": s.physical_network,
            "provider:segmentation_id": s.segmentation_id,
        }
        for s in row.segments
    ]
    if len(shown) == 1:
        out.update(shown[0])
    elif shown:
        out["segments"] = shown
    return out


def segment(row: Any, deps: Any) -> dict[str, Any]:
    "A segment."
    out = {
        **named(row),
        "network_id": row.network_id,
        "network_type": row.network_type,
        "physical_network": row.physical_network,
        "segmentation_id": row.segmentation_id,
    }
    for absent in ("tenant_id", "project_id", "tags"):
        del out[absent]
    return out


def subnet(row: Any, deps: Any) -> dict[str, Any]:
    "A subnet."
    return {
        **named(row),
        "network_id": row.network_id,
        "ip_version": row.ip_version,
        "cidr": row.cidr,
        "gateway_ip": row.gateway_ip,
        "enable_dhcp": row.enable_dhcp,
        "ipv6_ra_mode": row.ipv6_ra_mode,
        "ipv6_address_mode": row.ipv6_address_mode,
        "dns_nameservers": row.dns_nameservers,
        "host_routes": row.host_routes,
        "allocation_pools": row.allocation_pools,
        "service_types": row.service_types,
        "subnetpool_id": row.subnetpool_id,
        "segment_id": row.segment_id,
        "dns_publish_fixed_ip": row.dns_publish_fixed_ip,
        "shared": row.shared,
    }


def subnetpool(row: Any, deps: Any) -> dict[str, Any]:
    "A subnet pool; Neutron prints the lengths as text."
    return {
        **named(row),
        "prefixes": row.prefixes,
        "ip_version": row.ip_version,
        "shared": row.shared,
        "default_prefixlen": str(row.default_prefixlen),
        "min_prefixlen": str(row.min_prefixlen),
        "max_prefixlen": str(row.max_prefixlen),
        "default_quota": row.default_quota,
        "is_default": row.is_default,
        "address_scope_id": row.address_scope_id,
    }


def address_scope(row: Any, deps: Any) -> dict[str, Any]:
    "An address scope."
    return {
        "id": row.id,
        "name": row.name,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "ip_version": row.ip_version,
        "shared": row.shared,
    }
