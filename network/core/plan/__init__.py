"""The planner: from rows of our tables to the rows that OVN's northbound database should have.
Pure functions.

Names follow what operators of Neutron on OVN know: switch and router `neutron-ID`, router port
`lrp-ID`, port group `pg_ID`.
"""

from __future__ import annotations

from collections.abc import Sequence

from network.contracts.northbound import Chassis, Row
from network.core.plan import ports, routers, security, switches
from network.core.plan.settings import Settings
from network.store.snapshot import Snapshot

GLOBAL = "global"


def plan(snapshot: Snapshot, settings: Settings, chassis: Sequence[Chassis]) -> list[Row]:
    "Every northbound row of the snapshot's scopes."
    rows: list[Row] = []
    if snapshot.asked is None:
        rows += security.drop_group(GLOBAL)
    for network in snapshot.wanted("network", snapshot.networks):
        rows += switches.of_network(network)
    for subnet in snapshot.wanted("subnet", snapshot.subnets):
        rows += switches.dhcp_of_subnet(subnet, snapshot, settings)
    for port in snapshot.wanted("port", snapshot.ports):
        rows += ports.of_port(port, snapshot, settings, chassis)
    for router in snapshot.wanted("router", snapshot.routers):
        rows += routers.of_router(router, snapshot)
    for fip in snapshot.wanted("fip", snapshot.fips):
        rows += routers.of_floating(fip, snapshot, settings)
    for group in snapshot.wanted("sg", snapshot.groups):
        rows += security.of_group(group)
    for group in snapshot.wanted("ag", snapshot.address_groups):
        rows += security.of_address_group(group)
    return rows


__all__ = ["GLOBAL", "Settings", "plan"]
