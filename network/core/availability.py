"How many addresses of each network are used."

from __future__ import annotations

from typing import Any

from network import errors
from network.core import Deps, ipam
from network.store import ipam as addresses
from network.store import policies as store


def listed(deps: Deps, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    "Each network with its subnets' totals."
    with deps.db.read() as session:
        networks = store.networks_with_subnets(session)
        used = addresses.used_by_subnet(session, [s.id for n in networks for s in n.subnets])
    out = []
    for network in networks:
        subnets = [
            {
                "subnet_id": s.id,
                "subnet_name": s.name,
                "cidr": s.cidr,
                "ip_version": s.ip_version,
                "total_ips": ipam.size(s.allocation_pools),
                "used_ips": used.get(s.id, 0),
            }
            for s in network.subnets
        ]
        out.append(
            {
                "network_id": network.id,
                "network_name": network.name,
                "project_id": network.project_id,
                "tenant_id": network.project_id,
                "subnet_ip_availability": subnets,
                "total_ips": sum(s["total_ips"] for s in subnets),
                "used_ips": sum(s["used_ips"] for s in subnets),
            }
        )
    wanted = {
        k: v
        for k, v in filters.items()
        if k in ("network_id", "network_name", "project_id", "tenant_id")
    }
    return [row for row in out if all(row[k] in v for k, v in wanted.items())]


def show(deps: Deps, network_id: str) -> dict[str, Any]:
    "One network."
    for row in listed(deps, {"network_id": [network_id]}):
        return row
    raise errors.missing("network", network_id)
