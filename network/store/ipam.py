"Which addresses are taken."

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from common.db import past_orm
from network.store.models import Allocation, Port, Subnet

_A: Any = Allocation.__table__
_TAKEN_AMONG = select(_A.c.ip_address).where(
    _A.c.network_id == bindparam("network"),
    _A.c.ip_address.in_(bindparam("wanted", expanding=True)),
)


def taken_among(session: Session, network_id: str, addresses: Iterable[str]) -> set[str]:
    "Which of these addresses some port of the network has."
    asked = {"network": network_id, "wanted": list(addresses)}
    if not asked["wanted"]:
        return set()
    return set(past_orm(session).scalars(_TAKEN_AMONG, asked))


def taken(session: Session, subnet_id: str) -> set[str]:
    "All addresses that are taken in a subnet."
    return set(
        session.scalars(select(Allocation.ip_address).where(Allocation.subnet_id == subnet_id))
    )


def holder(session: Session, network_id: str, address: str) -> Port | None:
    "The port that has the address."
    return session.scalars(
        select(Port)
        .join(Allocation, Allocation.port_id == Port.id)
        .where(Allocation.network_id == network_id, Allocation.ip_address == address)
    ).first()


def mac_taken(session: Session, network_id: str, mac: str) -> bool:
    "Whether a port of the network has this MAC address."
    return (
        session.scalar(
            select(Port.id).where(Port.network_id == network_id, Port.mac_address == mac)
        )
        is not None
    )


def subnets_of(session: Session, network_id: str) -> list[Subnet]:
    "The subnets of a network, oldest first."
    return list(
        session.scalars(
            select(Subnet)
            .where(Subnet.network_id == network_id)
            .order_by(Subnet.created_at, Subnet.id)
        )
    )


def used_by_subnet(session: Session, subnet_ids: Iterable[str]) -> dict[str, int]:
    "How many addresses of each subnet are taken."
    rows = session.execute(
        select(Allocation.subnet_id, func.count())
        .where(Allocation.subnet_id.in_(list(subnet_ids)))
        .group_by(Allocation.subnet_id)
    )
    return {row[0]: row[1] for row in rows}
