"Hosts: what they report, whether they are up, how the operator turns them on and off."

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.db import utcnow
from common.errors import Error
from compute.contracts.agent import Agent
from compute.core import Deps
from compute.errors import (
    ComputeHostNotFound,
    InUse,
    MarkerNotFound,
    ServiceNotFound,
)
from compute.store import hosts as store
from compute.store import placement as placement_store
from compute.store import servers as server_store
from compute.store.models import ComputeNode, Server, Service


def is_up(deps: Deps, service: Service) -> bool:
    "Whether a service has reported lately and was not forced down."
    if service.forced_down or service.last_seen_at is None:
        return False
    return utcnow() - service.last_seen_at < timedelta(seconds=deps.config.compute.host_down_s)


def services(
    deps: Deps, host: str | None = None, binary: str | None = None
) -> list[dict[str, Any]]:
    "Services with their zone and state."
    default = deps.config.compute.default_availability_zone
    with deps.db.read() as session:
        rows = store.services(session, host=host, binary=binary)
        zones = store.zones(session, default)
    return [
        {
            "service": r,
            "zone": zones[r.host] if r.binary == store.COMPUTE else "internal",
            "up": is_up(deps, r),
        }
        for r in rows
    ]


def change_service(deps: Deps, service_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    "Enable, disable with a reason, force down. Raises ServiceNotFound."
    with deps.db.write() as session:
        row = store.service_by_id(session, service_id)
        if row is None:
            raise ServiceNotFound(service_id=service_id)
        _apply(session, row, changes)
        zone = store.zones(session, deps.config.compute.default_availability_zone)[row.host]
    return {
        "service": row,
        "zone": zone if row.binary == store.COMPUTE else "internal",
        "up": is_up(deps, row),
    }


def change_by_host(deps: Deps, host: str, binary: str, changes: Mapping[str, Any]) -> Service:
    "The same by host and name. Raises ComputeHostNotFound."
    with deps.db.write() as session:
        row = store.service(session, host, binary)
        if row is None:
            raise ComputeHostNotFound(host=host)
        _apply(session, row, changes)
        return row


def _apply(session: Any, row: Service, changes: Mapping[str, Any]) -> None:
    if "disabled" in changes:
        row.disabled = changes["disabled"]
        row.disabled_reason = changes.get("reason") if changes["disabled"] else None
        _disabled_trait(session, row)
    if "forced_down" in changes:
        row.forced_down = changes["forced_down"]
    row.updated_at = utcnow()


def _disabled_trait(session: Any, row: Service) -> None:
    # what Nova tells placement of a disabled host, so that allocation candidates leave it out
    node = store.node(session, row.host)
    provider = placement_store.provider(session, node.uuid) if node else None
    if provider is not None:
        traits = placement_store.traits_of(session, [provider.id]).get(provider.id, set())
        traits = (
            traits | {"COMPUTE_STATUS_DISABLED"}
            if row.disabled
            else traits - {"COMPUTE_STATUS_DISABLED"}
        )
        placement_store.set_traits(session, provider, traits)


def delete_service(deps: Deps, service_id: str) -> None:
    """Forget a service, and for a compute service its node and provider. Raises InUse while it has
    servers."""
    with deps.db.write() as session:
        row = store.service_by_id(session, service_id)
        if row is None:
            raise ServiceNotFound(service_id=service_id)
        if row.binary == store.COMPUTE:
            _delete_node(session, row.host)
        session.delete(row)


def _delete_node(session: Any, host: str) -> None:
    if server_store.on_host(session, host):
        raise InUse(what=f"Service nova-compute on {host}", reason="it hosts instances.")
    node = store.node(session, host)
    provider = placement_store.provider(session, node.uuid) if node else None
    if provider is not None:
        if placement_store.has_allocations(session, provider.id):
            raise InUse(what=f"Resource provider {provider.uuid}", reason="it has allocations.")
        placement_store.remove(session, provider)
    store.remove_host(session, host)


def hypervisors(
    deps: Deps,
    *,
    pattern: str | None = None,
    limit: int | None = None,
    marker: str | None = None,
    with_servers: bool = False,
) -> list[dict[str, Any]]:
    "Hypervisors with what they report, use and run."
    with deps.db.read() as session:
        after = store.node_by_id(session, marker) if marker else None
        if marker and after is None:
            raise MarkerNotFound(marker=marker)
        nodes = store.nodes(session, pattern=pattern, limit=limit, marker=after)
        return _described(deps, session, nodes, with_servers)


def hypervisor(deps: Deps, node_id: str, with_servers: bool = False) -> dict[str, Any]:
    "One hypervisor. Raises ComputeHostNotFound."
    with deps.db.read() as session:
        node = store.node_by_id(session, node_id)
        if node is None:
            raise ComputeHostNotFound(host=node_id)
        return _described(deps, session, [node], with_servers)[0]


def _described(
    deps: Deps, session: Any, nodes: list[ComputeNode], servers: bool
) -> list[dict[str, Any]]:
    services = {s.host: s for s in store.services(session, binary=store.COMPUTE)}
    providers = {p.uuid: p for p in placement_store.providers(session, [n.uuid for n in nodes])}
    inventories = placement_store.inventories(session, [p.id for p in providers.values()])
    counts = server_store.counts_by_host(session)
    running = server_store.of_hosts(session, [n.host for n in nodes]) if servers else {}
    out = []
    for node in nodes:
        service = services.get(node.host)
        provider = providers.get(node.uuid)
        have = inventories.get(provider.id, {}) if provider else {}
        out.append(
            {
                "node": node,
                "service": service,
                "up": bool(service and is_up(deps, service)),
                "used": {rc: i.used for rc, i in have.items()},
                "total": {rc: i.total for rc, i in have.items()},
                "count": counts.get(node.host, (0, 0)),
                "servers": running.get(node.host, []),
            }
        )
    return out


def uptime(deps: Deps, node: ComputeNode) -> str | None:
    "The line of `uptime` of a host; None when it does not answer."
    try:
        return str(deps.bus.client(Agent, host=node.host).host_uptime())
    except Error:
        return None


def resources(deps: Deps, host: str) -> list[dict[str, Any]]:
    """What a compute host has in all, what is claimed, what its servers may use, and each project's
    part of that. Raises ComputeHostNotFound."""
    with deps.db.read() as session:
        entry = _described(deps, session, [require_host(session, host)], False)[0]
        rows = server_store.on_host(session, host)
    classes = ("VCPU", "MEMORY_MB", "DISK_GB")
    out = [
        _resource(host, name, *(int(entry[key].get(c, 0)) for c in classes))
        for name, key in (("(total)", "total"), ("(used_now)", "used"))
    ]
    for name, some in (("(used_max)", rows), *_by_project(rows).items()):
        cpu, memory = sum(r.vcpus for r in some), sum(r.memory_mib for r in some)
        disk = sum(r.root_gib + r.ephemeral_gib for r in some)
        out.append(_resource(host, name, cpu, memory, disk))
    return out


def _by_project(rows: list[Server]) -> dict[str, list[Server]]:
    out: dict[str, list[Server]] = {}
    for row in rows:
        out.setdefault(row.project_id, []).append(row)
    return out


def _resource(host: str, project: str, cpu: int, memory: int, disk: int) -> dict[str, Any]:
    return {"host": host, "project": project, "cpu": cpu, "memory_mb": memory, "disk_gb": disk}


def report_of(deps: Deps, host: str) -> dict[str, Any]:
    "What a host last reported, {} for one that never did."
    with deps.db.read() as session:
        node = store.node(session, host)
        return dict(node.report) if node else {}


def require_host(session: Any, host: str) -> ComputeNode:
    "The node of a host. Raises ComputeHostNotFound."
    node = store.node(session, host)
    if node is None:
        raise ComputeHostNotFound(host=host)
    return node
