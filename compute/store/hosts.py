"Queries over services, compute nodes and aggregates."

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from compute.store.models import Aggregate, AggregateHost, ComputeNode, Service, now

COMPUTE = "nova-compute"


def services(
    session: Session, *, binary: str | None = None, host: str | None = None
) -> list[Service]:
    "Services by name and host, in order of their ids."
    query = select(Service).order_by(Service.id)
    if binary:
        query = query.where(Service.binary == binary)
    if host:
        query = query.where(Service.host == host)
    return list(session.scalars(query))


def service(session: Session, host: str, binary: str = COMPUTE) -> Service | None:
    "The service `binary` of `host`."
    return session.scalars(
        select(Service).where(Service.host == host, Service.binary == binary)
    ).first()


def service_by_id(session: Session, service_id: str) -> Service | None:
    "By uuid, or by number."
    column = Service.id == int(service_id) if service_id.isdigit() else Service.uuid == service_id
    return session.scalars(select(Service).where(column)).first()


def seen(
    session: Session, host: str, binary: str, version: int = 0, at: datetime | None = None
) -> Service:
    "Note that a service has reported; it comes into being with its first report."
    row = service(session, host, binary)
    if row is None:
        row = Service(host=host, binary=binary)
        session.add(row)
    row.last_seen_at, row.version = at or now(), version
    session.flush()
    return row


def node(session: Session, host: str) -> ComputeNode | None:
    "The compute node of a host."
    return session.scalars(select(ComputeNode).where(ComputeNode.host == host)).first()


def node_by_id(session: Session, node_id: str) -> ComputeNode | None:
    "By uuid, or by number."
    column = ComputeNode.id == int(node_id) if node_id.isdigit() else ComputeNode.uuid == node_id
    return session.scalars(select(ComputeNode).where(column)).first()


def nodes(
    session: Session,
    *,
    pattern: str | None = None,
    limit: int | None = None,
    marker: ComputeNode | None = None,
) -> list[ComputeNode]:
    "Compute nodes in order of their ids; `pattern` is a part of the hypervisor's host name."
    query = select(ComputeNode).order_by(ComputeNode.id)
    if pattern:
        query = query.where(ComputeNode.hypervisor_hostname.contains(pattern, autoescape=True))
    if marker is not None:
        query = query.where(ComputeNode.id > marker.id)
    return list(session.scalars(query.limit(limit) if limit is not None else query))


def nodes_with_services(session: Session) -> list[tuple[ComputeNode, Service]]:
    "Every node with its service."
    query = (
        select(ComputeNode, Service)
        .join(Service, (Service.host == ComputeNode.host) & (Service.binary == COMPUTE))
        .order_by(ComputeNode.id)
    )
    return [(r[0], r[1]) for r in session.execute(query)]


def aggregates(session: Session) -> list[Aggregate]:
    "All aggregates."
    return list(session.scalars(select(Aggregate).order_by(Aggregate.id)))


def aggregate(session: Session, aggregate_id: int) -> Aggregate | None:
    "One aggregate."
    return session.get(Aggregate, aggregate_id)


def aggregate_by_name(session: Session, name: str) -> Aggregate | None:
    "One aggregate."
    return session.scalars(select(Aggregate).where(Aggregate.name == name)).first()


def members(session: Session) -> dict[int, list[str]]:
    "aggregate id -> its hosts."
    out: dict[int, list[str]] = {}
    for row in session.scalars(select(AggregateHost).order_by(AggregateHost.host)):
        out.setdefault(row.aggregate_id, []).append(row.host)
    return out


def add_member(session: Session, aggregate_id: int, host: str) -> bool:
    "Add a host; False when it was in."
    if session.get(AggregateHost, (aggregate_id, host)):
        return False
    session.add(AggregateHost(aggregate_id=aggregate_id, host=host))
    return True


def remove_member(session: Session, aggregate_id: int, host: str) -> bool:
    "Take a host out; False when it was not in."
    result = session.execute(
        delete(AggregateHost).where(
            AggregateHost.aggregate_id == aggregate_id, AggregateHost.host == host
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def zones(session: Session, default: str) -> dict[str, str]:
    """host -> availability zone, for hosts that an aggregate puts into one; `default` for the
    others."""
    found: dict[str, str] = {}
    by_host = members(session)
    for one in aggregates(session):
        zone = (one.meta or {}).get("availability_zone")
        for host in by_host.get(one.id, ()) if zone else ():
            found[host] = str(zone)
    return _Zones(default, found)


class _Zones(dict[str, str]):
    def __init__(self, default: str, found: dict[str, str]) -> None:
        super().__init__(found)
        self.default = default

    def __missing__(self, host: str) -> str:
        return self.default


def remove_host(session: Session, host: str) -> None:
    "Forget a host: its node and its memberships."
    session.execute(delete(ComputeNode).where(ComputeNode.host == host))
    session.execute(delete(AggregateHost).where(AggregateHost.host == host))


def save_report(
    session: Session, row: ComputeNode, report: dict[str, Any], busy: Sequence[str], boot_id: str
) -> None:
    "Keep what a node said of itself."
    row.report, row.busy, row.boot_id, row.updated_at = report, list(busy), boot_id, now()
