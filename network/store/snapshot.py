"""The rows from which the northbound rows of some scopes follow: everything they refer to,
nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from common import records
from network.store.models import (
    AddressGroup,
    FloatingIp,
    Network,
    Port,
    QosPolicy,
    Router,
    SecurityGroup,
    Subnet,
    Subport,
    Trunk,
)

KINDS = ("network", "subnet", "port", "router", "fip", "sg", "ag")


@dataclass
class Snapshot:
    "Rows by id. `asked` are the ids of each kind whose northbound rows are wanted; None is all."

    asked: dict[str, set[str]] | None
    networks: dict[str, Network] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    routers: dict[str, Router] = field(default_factory=dict)
    fips: dict[str, FloatingIp] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    address_groups: dict[str, AddressGroup] = field(default_factory=dict)
    policies: dict[str, QosPolicy] = field(default_factory=dict)
    subports: dict[str, tuple[str, int]] = field(default_factory=dict)
    """port -> (parent port, VLAN)"""
    interfaces: dict[str, list[Port]] = field(default_factory=dict)
    """router -> its inner ports"""
    metadata: dict[str, Port] = field(default_factory=dict)
    """network -> its metadata port"""

    def wanted(self, kind: str, rows: dict[str, Any]) -> list[Any]:
        "The rows of a kind that were asked for."
        if self.asked is None:
            return list(rows.values())
        return [rows[key] for key in self.asked.get(kind, ()) if key in rows]


def take(session: Session, scopes: set[str] | None) -> Snapshot:
    """Read what the scopes need, in a number of statements that does not depend on how many
    there are."""
    asked: dict[str, set[str]] | None = None
    if scopes is not None:
        asked = {kind: set() for kind in KINDS}
        for scope in scopes:
            kind, _, key = scope.partition(":")
            if kind in asked:
                asked[kind].add(key)
    snapshot = Snapshot(asked)
    _load_ports(session, snapshot)
    _load_around(session, snapshot)
    return snapshot


def _fetch(
    session: Session, model: Any, ids: Iterable[str] | None, *paths: str, column: Any = None
) -> list[Any]:
    "Records: a full comparison reads all that there is, and only looks at it."
    if ids is None:
        return records.fetch(session, select(model), model, paths)
    return records.among(session, column if column is not None else model.id, ids, paths)


def _by_id(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _load_ports(session: Session, s: Snapshot) -> None:
    asked = s.asked
    loaded = ("allocations", "groups")
    s.fips = _by_id(_fetch(session, FloatingIp, asked and asked["fip"], "forwardings"))
    routers = (
        None
        if asked is None
        else asked["router"] | {f.router_id for f in s.fips.values() if f.router_id}
    )
    s.routers = _by_id(_fetch(session, Router, routers))
    if asked is None:
        s.ports = _by_id(_fetch(session, Port, None, *loaded))
    else:
        ids = asked["port"] | {f.port_id for f in s.fips.values() if f.port_id}
        ids |= {r.gateway_port_id for r in s.routers.values() if r.gateway_port_id}
        s.ports = _by_id(_fetch(session, Port, ids, *loaded))
        inner = (
            _fetch(session, Port, asked["router"], *loaded, column=Port.device_id)
            if asked["router"]
            else []
        )
        s.ports |= _by_id(p for p in inner if p.device_owner == "network:router_interface")
    for port in s.ports.values():
        if port.device_owner == "network:router_interface":
            s.interfaces.setdefault(port.device_id, []).append(port)


def _load_around(session: Session, s: Snapshot) -> None:
    asked = s.asked
    if asked is None:
        s.subnets = _by_id(_fetch(session, Subnet, None))
    else:
        ids = asked["subnet"] | {a.subnet_id for p in s.ports.values() for a in p.allocations}
        s.subnets = _by_id(_fetch(session, Subnet, ids))
    networks = (
        None
        if asked is None
        else (
            asked["network"]
            | {p.network_id for p in s.ports.values()}
            | {n.network_id for n in s.subnets.values()}
        )
    )
    s.networks = _by_id(_fetch(session, Network, networks, "segments"))
    devices = {f"ovnmeta-{n.network_id}" for n in s.subnets.values()}
    for port in (
        _fetch(session, Port, devices, "allocations", column=Port.device_id) if devices else []
    ):
        s.metadata[port.network_id] = port
    s.groups = _by_id(_fetch(session, SecurityGroup, asked and asked["sg"], "rules"))
    s.address_groups = _by_id(_fetch(session, AddressGroup, asked and asked["ag"]))
    policies = (
        {p.qos_policy_id for p in s.ports.values()}
        | {n.qos_policy_id for n in s.networks.values()}
        | {f.qos_policy_id for f in s.fips.values()}
    )
    s.policies = _by_id(_fetch(session, QosPolicy, {p for p in policies if p}, "rules"))
    subports = None if asked is None else set(s.ports)
    found = _fetch(session, Subport, subports, column=Subport.port_id)
    trunks = {t.id: t.port_id for t in _fetch(session, Trunk, {sub.trunk_id for sub in found})}
    for sub in found:
        s.subports[sub.port_id] = (trunks[sub.trunk_id], sub.segmentation_id)
