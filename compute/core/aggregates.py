"Aggregates of hosts."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.db import utcnow
from common.errors import Conflict
from compute.contracts.agent import Agent
from compute.core import Deps, images
from compute.errors import (
    AggregateHostNotFound,
    AggregateNotFound,
    BadZone,
    ComputeHostNotFound,
    Duplicate,
    InUse,
    ZoneConflict,
)
from compute.store import hosts as store
from compute.store import placement
from compute.store import servers as server_store
from compute.store.models import Aggregate

Row = tuple[Aggregate, list[str]]
ZONE = "availability_zone"


class AggregateHostExists(Conflict):
    "Aggregate {aggregate_id} already has host {host}."


def find(deps: Deps) -> list[Row]:
    "All, with their hosts."
    with deps.db.read() as session:
        members = store.members(session)
        return [(a, members.get(a.id, [])) for a in store.aggregates(session)]


def get(deps: Deps, aggregate_id: str) -> Row:
    "One. Raises AggregateNotFound."
    with deps.db.read() as session:
        row = _get(session, aggregate_id)
        return row, store.members(session).get(row.id, [])


def _get(session: Any, aggregate_id: str) -> Aggregate:
    row = (
        store.aggregate(session, int(aggregate_id))
        if aggregate_id.isdigit() and len(aggregate_id) < 10
        else None
    )
    if row is None:
        raise AggregateNotFound(aggregate_id=aggregate_id)
    return row


def create(deps: Deps, name: str, zone: str | None) -> Row:
    "A new one. Raises Duplicate."
    row = Aggregate(name=name, meta={ZONE: zone} if zone else {})
    with deps.db.write() as session:
        if store.aggregate_by_name(session, name):
            raise Duplicate(what="Aggregate", name=name)
        session.add(row)
    return row, []


def update(deps: Deps, aggregate_id: str, changes: Mapping[str, Any]) -> Row:
    "Change name or zone."
    with deps.db.write() as session:
        row = _get(session, aggregate_id)
        hosts = store.members(session).get(row.id, [])
        if "name" in changes:
            other = store.aggregate_by_name(session, changes["name"])
            if other is not None and other.id != row.id:
                raise Duplicate(what="Aggregate", name=changes["name"])
            row.name = changes["name"]
        if ZONE in changes:
            _set_meta(deps, session, row, hosts, {ZONE: changes[ZONE]})
        row.updated_at = utcnow()
    return row, hosts


def _set_meta(
    deps: Deps, session: Any, row: Aggregate, hosts: list[str], changes: Mapping[str, Any]
) -> None:
    if ZONE in changes and changes[ZONE] != (row.meta or {}).get(ZONE):
        zone = changes[ZONE]
        if zone is not None and not str(zone).strip():
            raise BadZone(
                f"Aggregate {row.id}: action 'set_metadata' caused an error: an empty zone name."
            )
        _check_zone(deps, session, row, hosts, zone)
    row.meta = {k: v for k, v in {**(row.meta or {}), **changes}.items() if v is not None}


def _check_zone(
    deps: Deps, session: Any, row: Aggregate, hosts: list[str], zone: str | None
) -> None:
    "A host is in one zone, and a host with servers does not change its zone."
    members = store.members(session)
    for other in store.aggregates(session):
        theirs = (other.meta or {}).get(ZONE)
        shared = set(hosts) & set(members.get(other.id, []))
        if other.id != row.id and zone and theirs and theirs != zone and shared:
            raise ZoneConflict(
                aggregate_id=row.id, reason=f"host {min(shared)} is in zone {theirs}."
            )
    busy = [h for h in hosts if server_store.on_host(session, h)]
    if busy:
        raise ZoneConflict(aggregate_id=row.id, reason=f"host {busy[0]} has servers.")


def set_metadata(deps: Deps, aggregate_id: str, changes: Mapping[str, Any]) -> Row:
    "Add, change, and (null) remove metadata."
    with deps.db.write() as session:
        row = _get(session, aggregate_id)
        hosts = store.members(session).get(row.id, [])
        _set_meta(deps, session, row, hosts, changes)
        row.updated_at = utcnow()
    return row, hosts


def delete(deps: Deps, aggregate_id: str) -> None:
    "Delete an empty one. Raises InUse."
    with deps.db.write() as session:
        row = _get(session, aggregate_id)
        if store.members(session).get(row.id):
            raise InUse(what=f"Aggregate {aggregate_id}", reason="Host aggregate is not empty.")
        session.delete(row)


def add_host(deps: Deps, aggregate_id: str, host: str) -> Row:
    "Add a host, also to placement's aggregate of the same uuid."
    with deps.db.write() as session:
        row = _get(session, aggregate_id)
        node = store.node(session, host)
        if node is None:
            raise ComputeHostNotFound(host=host)
        zone = (row.meta or {}).get(ZONE)
        if zone:
            _check_zone_of_host(deps, session, row, host, zone)
        if not store.add_member(session, row.id, host):
            raise AggregateHostExists(aggregate_id=aggregate_id, host=host)
        placement.join_aggregate(session, node.uuid, row.uuid, True)
        row.updated_at = utcnow()
        session.flush()
        return row, store.members(session).get(row.id, [])


def _check_zone_of_host(deps: Deps, session: Any, row: Aggregate, host: str, zone: str) -> None:
    now = store.zones(session, "")[host]
    if now and now != zone:
        raise ZoneConflict(aggregate_id=row.id, reason=f"host {host} is in zone {now}.")
    default = deps.config.compute.default_availability_zone
    if (now or default) != zone and server_store.on_host(session, host):
        raise ZoneConflict(
            aggregate_id=row.id, reason=f"host {host} has servers in zone {now or default}."
        )


def remove_host(deps: Deps, aggregate_id: str, host: str) -> Row:
    "Take a host out. Raises AggregateHostNotFound; ZoneConflict while it has servers of the zone."
    with deps.db.write() as session:
        row = _get(session, aggregate_id)
        if (row.meta or {}).get(ZONE) and server_store.on_host(session, host):
            raise ZoneConflict(aggregate_id=row.id, reason=f"host {host} has servers.")
        if not store.remove_member(session, row.id, host):
            raise AggregateHostNotFound(aggregate_id=aggregate_id, host=host)
        node = store.node(session, host)
        if node is not None:
            placement.join_aggregate(session, node.uuid, row.uuid, False)
        return row, store.members(session).get(row.id, [])


def cache_images(deps: Deps, ctx: Context, aggregate_id: str, image_ids: list[str]) -> None:
    "Have every host of an aggregate fetch images ahead of use."
    from common.ids import new_id

    _, hosts = get(deps, aggregate_id)
    sources = [images.source(deps, images.get(deps, ctx, i)) for i in image_ids]
    for host in hosts:
        agent = deps.bus.client(Agent, ctx, host=host)
        for source in sources:
            agent.cache_image(new_id(), source)
