"""The port through which a network's guests reach the metadata service: one for each network with
DHCP, present on every node
(an OVN localport), with an address in each IPv4 subnet that has DHCP, because the route to
169.254.169.254 goes over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from network.core import Deps, ipam
from network.store import outbox
from network.store import ports as store
from network.store.models import Allocation, Network, Port, Subnet

OWNER = "network:distributed"


def ensure(session: Any, deps: Deps, network: Network, subnets: Sequence[Subnet]) -> None:
    "Make, extend or reduce the network's metadata port to what its subnets need."
    if network.external:
        return
    wanted = [s for s in subnets if s.enable_dhcp and s.ip_version == 4]
    port = store.of_device(session, network.id, OWNER, f"ovnmeta-{network.id}")
    if port is None:
        if not any(s.enable_dhcp for s in subnets):
            return
        port = Port(
            network_id=network.id,
            project_id=network.project_id,
            device_owner=OWNER,
            device_id=f"ovnmeta-{network.id}",
            mac_address=ipam.random_mac(deps.config.addresses.base_mac),
            port_security_enabled=False,
            status="ACTIVE",
            allocations=[],
            groups=[],
        )
        session.add(port)
        session.flush()
    have = {a.subnet_id for a in port.allocations}
    for allocation in [a for a in port.allocations if a.subnet_id not in {s.id for s in wanted}]:
        port.allocations.remove(allocation)
    for subnet in wanted:
        if subnet.id not in have:
            address = ipam.choose(session, subnet)
            if address:  # a full subnet has no metadata; its guests still run
                port.allocations.append(
                    Allocation(network_id=network.id, subnet_id=subnet.id, ip_address=address)
                )
    session.flush()
    outbox.mark(session, f"port:{port.id}")
