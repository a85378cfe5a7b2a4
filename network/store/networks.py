"Queries about networks, segments, subnets and pools."

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from network.store.models import (
    Allocation,
    FloatingIp,
    Network,
    Port,
    PortForwarding,
    Rbac,
    Router,
    Segment,
    Subnet,
    SubnetPool,
)

AUTO_DELETED = (
    "network:dhcp",
    "network:distributed",
    "network:router_centralized_snat",
    "network:floatingip_agent_gateway",
)
"Ports that belong to the network itself and go with it."


def ports_in_use(session: Session, network_id: str) -> list[str]:
    "Ports that keep the network from being deleted."
    return list(
        session.scalars(
            select(Port.id)
            .where(Port.network_id == network_id, Port.device_owner.not_in(AUTO_DELETED))
            .limit(10)
        )
    )


def subnet_ids(session: Session, network_id: str) -> list[str]:
    "The subnets of a network."
    return list(session.scalars(select(Subnet.id).where(Subnet.network_id == network_id)))


def servers_in(session: Session, network_id: str) -> bool:
    "Whether there are ports in the network that are not its own or a router's."
    inside = (Port.network_id == network_id, ~Port.device_owner.like("network:%"))
    return session.scalar(select(Port.id).where(*inside).limit(1)) is not None


def idle_floating_ips(session: Session, network_id: str) -> list[FloatingIp]:
    "Floating IPs of the external network that lead nowhere."
    forwards = exists().where(PortForwarding.floatingip_id == FloatingIp.id)
    return list(
        session.scalars(
            select(FloatingIp).where(
                FloatingIp.floating_network_id == network_id,
                FloatingIp.port_id.is_(None),
                ~forwards,
            )
        )
    )


def own_ports(session: Session, network_id: str) -> list[Port]:
    "The ports that belong to the network itself."
    return list(
        session.scalars(
            select(Port).where(Port.network_id == network_id, Port.device_owner.in_(AUTO_DELETED))
        )
    )


def port_ids(session: Session, network_id: str) -> list[str]:
    "Every port of the network."
    return list(session.scalars(select(Port.id).where(Port.network_id == network_id)))


def subnet_in_use(session: Session, subnet_id: str) -> list[Port]:
    """Ports that keep the subnet from being deleted: they have an address of it that they did
    not make themselves."""
    return list(
        session.scalars(
            select(Port)
            .where(
                exists().where(Allocation.port_id == Port.id, Allocation.subnet_id == subnet_id),
                Port.device_owner.not_in(AUTO_DELETED),
            )
            .limit(10)
        )
    )


def drop_allocations(session: Session, subnet_id: str) -> list[str]:
    "Take the subnet's addresses from all ports; the ids of those ports."
    ids = list(
        session.scalars(
            select(Allocation.port_id).where(Allocation.subnet_id == subnet_id).distinct()
        )
    )
    session.execute(delete(Allocation).where(Allocation.subnet_id == subnet_id))
    return ids


def ports_of_subnet(session: Session, subnet_id: str) -> list[str]:
    "Ports with an address in the subnet."
    return list(
        session.scalars(
            select(Allocation.port_id).where(Allocation.subnet_id == subnet_id).distinct()
        )
    )


def other_projects(session: Session, network: Network) -> bool:
    "Whether somebody else than the owner has ports or subnets in it."
    ports = exists().where(
        Port.network_id == network.id,
        Port.project_id.not_in([network.project_id, ""]),
        ~Port.device_owner.like("network:%"),
    )
    subnets = exists().where(
        Subnet.network_id == network.id, Subnet.project_id != network.project_id
    )
    return bool(session.scalar(select(or_(ports, subnets))))


def gateways_on(session: Session, network_id: str) -> bool:
    "Whether routers or floating IPs use it as an external network."
    gateway = exists().where(Port.network_id == network_id, Port.id == Router.gateway_port_id)
    floating = exists().where(FloatingIp.floating_network_id == network_id)
    return bool(session.scalar(select(or_(gateway, floating))))


def share(
    session: Session, kind: str, object_id: str, action: str, on: bool, project_id: str
) -> None:
    "Share the object with everybody, or no longer."
    where = (Rbac.object_id == object_id, Rbac.action == action, Rbac.target_tenant == "*")
    found = session.scalar(select(Rbac.id).where(*where))
    if on and not found:
        session.add(
            Rbac(
                object_type=kind,
                object_id=object_id,
                action=action,
                target_tenant="*",
                project_id=project_id,
            )
        )
    elif not on and found:
        session.execute(delete(Rbac).where(*where))


def forget_sharing(session: Session, object_id: str) -> None:
    "Remove all RBAC policies of an object that goes."
    session.execute(delete(Rbac).where(Rbac.object_id == object_id))


def slot_taken(session: Session, slot: str) -> bool:
    "Whether a segment has this (type, physical network, id)."
    return session.scalar(select(Segment.id).where(Segment.slot == slot)) is not None


def used_ids(session: Session, network_type: str, physical_network: str | None) -> set[int]:
    "The segmentation ids in use."
    rows = session.scalars(
        select(Segment.segmentation_id).where(
            Segment.network_type == network_type, Segment.physical_network == physical_network
        )
    )
    return {n for n in rows if n is not None}


def segments_of(session: Session, network_ids: Iterable[str]) -> list[Segment]:
    "The segments of networks."
    return list(
        session.scalars(
            select(Segment)
            .where(Segment.network_id.in_(list(network_ids)))
            .order_by(Segment.created_at)
        )
    )


def default_external(session: Session) -> Network | None:
    "The network that auto-allocation connects to."
    return session.scalars(select(Network).where(Network.is_default, Network.external)).first()


def clear_default(session: Session, but: str) -> None:
    "No other network is the default one."
    session.execute(
        update(Network).where(Network.is_default, Network.id != but).values(is_default=False)
    )


def cidrs_of_pool(session: Session, pool_id: str) -> list[str]:
    "What was taken from a pool."
    return list(session.scalars(select(Subnet.cidr).where(Subnet.subnetpool_id == pool_id)))


def cidrs_of_pool_by_project(session: Session, pool_id: str, project_id: str) -> list[str]:
    "What a project took from a pool."
    return list(
        session.scalars(
            select(Subnet.cidr).where(
                Subnet.subnetpool_id == pool_id, Subnet.project_id == project_id
            )
        )
    )


def pools_of_scope(session: Session, scope_id: str, but: str | None = None) -> Sequence[SubnetPool]:
    "The pools of an address scope."
    statement = select(SubnetPool).where(SubnetPool.address_scope_id == scope_id)
    return list(session.scalars(statement.where(SubnetPool.id != but) if but else statement))


def default_pool(session: Session, ip_version: int) -> SubnetPool | None:
    "The pool that subnets take from when they ask for the default one."
    return session.scalars(
        select(SubnetPool).where(SubnetPool.is_default, SubnetPool.ip_version == ip_version)
    ).first()


def subnets_of_pool(session: Session, pool_id: str) -> int:
    "How many subnets came from a pool."
    return (
        session.scalar(
            select(func.count()).select_from(Subnet).where(Subnet.subnetpool_id == pool_id)
        )
        or 0
    )


def subnets_on_segment(session: Session, segment_id: str) -> int:
    "How many subnets lie on a segment."
    return (
        session.scalar(
            select(func.count()).select_from(Subnet).where(Subnet.segment_id == segment_id)
        )
        or 0
    )
