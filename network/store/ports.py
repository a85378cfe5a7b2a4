"Queries about ports."

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from common.db import past_orm
from network.store.models import (
    Allocation,
    FloatingIp,
    Network,
    Port,
    PortForwarding,
    Router,
    Subport,
    Trunk,
)

LOADED = (selectinload(Port.allocations), selectinload(Port.groups))
_P: Any = Port.__table__
_STATUSES_OF = select(_P.c.id, _P.c.status).where(_P.c.id.in_(bindparam("ids", expanding=True)))


def of_device(session: Session, network_id: str, owner: str, device_id: str) -> Port | None:
    "The port of a network's own device."
    return session.scalars(
        select(Port)
        .where(
            Port.network_id == network_id, Port.device_owner == owner, Port.device_id == device_id
        )
        .options(*LOADED)
    ).first()


def instances_of(session: Session, network_id: str) -> list[Port]:
    "The ports of a network that are no part of the network itself."
    return list(
        session.scalars(
            select(Port)
            .where(Port.network_id == network_id, ~Port.device_owner.like("network:%"))
            .options(*LOADED)
        )
    )


def by_ids(session: Session, ids: Iterable[str]) -> list[Port]:
    "These ports with their addresses and groups."
    wanted = list(ids)
    return (
        list(session.scalars(select(Port).where(Port.id.in_(wanted)).options(*LOADED)))
        if wanted
        else []
    )


def router_of(session: Session, port: Port) -> Router | None:
    "The router whose port it is."
    return session.get(Router, port.device_id) if port.device_id else None


def floating_of(session: Session, port_id: str) -> list[FloatingIp]:
    "Floating IPs that lead to the port."
    return list(session.scalars(select(FloatingIp).where(FloatingIp.port_id == port_id)))


def floating_by_port(session: Session, floating_port_id: str) -> FloatingIp | None:
    "The floating IP whose own port it is."
    return session.scalars(
        select(FloatingIp).where(FloatingIp.floating_port_id == floating_port_id)
    ).first()


def forwardings_of(session: Session, port_id: str) -> list[PortForwarding]:
    "Port forwardings that lead to the port."
    return list(
        session.scalars(select(PortForwarding).where(PortForwarding.internal_port_id == port_id))
    )


def trunk_use(session: Session, port_id: str) -> str | None:
    "The trunk in which the port is parent or subport."
    parent = session.scalar(select(Trunk.id).where(Trunk.port_id == port_id))
    return parent or session.scalar(select(Subport.trunk_id).where(Subport.port_id == port_id))


def set_status(session: Session, ids: Sequence[str], status: str) -> list[Port]:
    "Set the status of those ports that have another; returns them."
    changed = list(
        session.scalars(select(Port).where(Port.id.in_(list(ids)), Port.status != status))
    )
    for port in changed:
        port.status = status
        port.touch()
    return changed


def statuses(session: Session) -> dict[str, str]:
    "The status of every port."
    rows = session.execute(select(Port.id, Port.status))
    return {key: value for key, value in rows}  # noqa: C416 rows are no pairs for mypy


def statuses_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    "The status of these ports."
    rows = past_orm(session).execute(_STATUSES_OF, {"ids": list(ids)})
    return {key: value for key, value in rows}  # noqa: C416 rows are no pairs for mypy


def dns_taken(session: Session, network_id: str, name: str, but: str) -> bool:
    "Whether another port of the network has this DNS name."
    return (
        session.scalar(
            select(Port.id).where(
                Port.network_id == network_id, Port.dns_name == name, Port.id != but
            )
        )
        is not None
    )


def drop_addresses(session: Session, port_id: str) -> None:
    "Take all addresses from a port."
    session.execute(delete(Allocation).where(Allocation.port_id == port_id))


def network_of(session: Session, network_id: str) -> Network:
    "A network that is known to exist, with its subnets."
    return session.scalars(
        select(Network).where(Network.id == network_id).options(selectinload(Network.subnets))
    ).one()


def with_network(session: Session, port_id: str) -> Port | None:
    "A port with its network."
    return session.scalars(
        select(Port).where(Port.id == port_id).options(joinedload(Port.network), *LOADED)
    ).first()


def attach_network(port: Port, network: Network) -> None:
    "Let a new port know its network (an entity or a record), as if it had been loaded."
    set_committed_value(port, "network", network)
