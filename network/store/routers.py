"Queries about routers, their ports and floating IPs."

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from network.store.models import (
    Allocation,
    FloatingIp,
    Network,
    Port,
    PortForwarding,
    Router,
    Subnet,
)

INTERFACE = "network:router_interface"
GATEWAY = "network:router_gateway"
_LOADED = (selectinload(Port.allocations), selectinload(Port.groups))


def interfaces(session: Session, router_id: str) -> list[Port]:
    "The inner ports of a router."
    return list(
        session.scalars(
            select(Port)
            .where(Port.device_id == router_id, Port.device_owner == INTERFACE)
            .options(*_LOADED)
        )
    )


def subnets(session: Session, ids: Iterable[str]) -> dict[str, Subnet]:
    "Subnets by id."
    return {s.id: s for s in session.scalars(select(Subnet).where(Subnet.id.in_(list(ids))))}


def inner_subnets(session: Session, router_id: str) -> list[Subnet]:
    "The subnets that a router connects."
    return list(
        session.scalars(
            select(Subnet)
            .join(Allocation, Allocation.subnet_id == Subnet.id)
            .join(Port, Port.id == Allocation.port_id)
            .where(Port.device_id == router_id, Port.device_owner == INTERFACE)
        )
    )


def routers_of_subnet(session: Session, subnet_id: str) -> list[tuple[Router, str]]:
    "(router, address of its interface) for each router on the subnet."
    rows = session.execute(
        select(Router, Allocation.ip_address)
        .join(Port, Port.device_id == Router.id)
        .join(Allocation, Allocation.port_id == Port.id)
        .where(Allocation.subnet_id == subnet_id, Port.device_owner == INTERFACE)
        .options(joinedload(Router.gateway_port))
    )
    return [(router, address) for router, address in rows]


def network_of_router(session: Session, router: Router) -> str | None:
    "The external network that a router has its gateway in."
    if router.gateway_port_id is None:
        return None
    return session.scalar(select(Port.network_id).where(Port.id == router.gateway_port_id))


def floating_of_router(session: Session, router_id: str) -> bool:
    "Whether a floating IP or a port forwarding needs the router's gateway."
    floating = exists().where(FloatingIp.router_id == router_id)
    return bool(session.scalar(select(floating)))


def floating_into_subnet(session: Session, router_id: str, subnet_id: str) -> bool:
    "Whether a floating IP leads through the router into the subnet."
    into = exists().where(
        FloatingIp.router_id == router_id,
        Allocation.port_id == FloatingIp.port_id,
        Allocation.ip_address == FloatingIp.fixed_ip_address,
        Allocation.subnet_id == subnet_id,
    )
    forwarded = exists().where(
        PortForwarding.router_id == router_id,
        Allocation.port_id == PortForwarding.internal_port_id,
        Allocation.subnet_id == subnet_id,
    )
    return bool(session.scalar(select(into))) or bool(session.scalar(select(forwarded)))


def floating_on(
    session: Session, network_id: str, port_id: str, address: str, but: str | None
) -> FloatingIp | None:
    "Another floating IP of the external network that leads to the same address."
    return session.scalars(
        select(FloatingIp).where(
            FloatingIp.floating_network_id == network_id,
            FloatingIp.port_id == port_id,
            FloatingIp.fixed_ip_address == address,
            FloatingIp.id != (but or ""),
        )
    ).first()


def forwarded_to(session: Session, port_id: str, address: str) -> bool:
    "Whether a port forwarding leads to the address."
    there = (
        PortForwarding.internal_port_id == port_id,
        PortForwarding.internal_ip_address == address,
    )
    return session.scalar(select(PortForwarding.id).where(*there).limit(1)) is not None


def forwardings(session: Session, floating_id: str) -> list[PortForwarding]:
    "The port forwardings of a floating IP."
    return list(
        session.scalars(select(PortForwarding).where(PortForwarding.floatingip_id == floating_id))
    )


def network(session: Session, network_id: str) -> Network | None:
    "A network with its subnets."
    return session.scalars(
        select(Network).where(Network.id == network_id).options(selectinload(Network.subnets))
    ).first()
