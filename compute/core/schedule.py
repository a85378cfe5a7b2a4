"""Choosing and claiming a host: the pure scheduler on one side, the accounting on the other, in
one transaction."""

import logging
from collections.abc import Mapping
from typing import Any

from compute.core import Deps, hosts
from compute.errors import NoValidHost
from compute.scheduler import Host, Ranking, Request, Settings, rank
from compute.scheduler.filters import wanted
from compute.store import allocations, placement, quotas
from compute.store import hosts as store
from compute.store import servers as server_store
from compute.store.models import BlockDevice, Server

LOG = logging.getLogger(__name__)


def request_for(
    session: Any,
    server: Server,
    devices: list[BlockDevice],
    *,
    flavor: Mapping[str, Any] | None = None,
    exclude: set[str] | None = None,
    where: Mapping[str, Any] | None = None,
) -> Request:
    "What `server` (with another `flavor` for a resize) asks of a host."
    flavor = flavor or server.flavor
    where = where if where is not None else server.request
    hints = dict(server.hints or {})
    group = quotas.group(session, server.group_id) if server.group_id else None
    members = server_store.group_hosts(session, server.group_id) if server.group_id else []
    return Request(
        vcpus=flavor["vcpus"],
        memory_mib=flavor["memory_mib"],
        disk_gib=disk_gib(flavor, devices),
        extra_specs={
            **(flavor.get("extra_specs") or {}),
            # what the server's ports ask for, as a flavor would ask
            **{f"resources:{rc}": str(n) for rc, n in (where.get("resources") or {}).items()},
        },
        image_properties=dict((server.image or {}).get("properties") or {}),
        image_id=server.image_id,
        project_id=server.project_id,
        flavor_name=flavor["name"],
        zone=where.get("zone"),
        hints=hints,
        group_policy=group.policy if group else None,
        group_rules=dict(group.rules) if group else {},
        group_hosts=[h for i, h in members if h and i != server.id],
        force_host=where.get("force_host"),
        force_node=where.get("force_node"),
        skip_filters=bool(where.get("skip_filters")),
        exclude=exclude or set(),
        server_hosts=_hosts_of_hints(session, hints),
    )


def disk_gib(flavor: Mapping[str, Any], devices: list[BlockDevice]) -> int:
    "GiB of a host's disk that a server takes: root unless it is a volume, ephemeral, swap."
    root_is_volume = any(d.boot_index == 0 and d.destination_type == "volume" for d in devices)
    swap = -(-int(flavor.get("swap_mib") or 0) // 1024)
    return (
        (0 if root_is_volume else flavor["root_gib"]) + int(flavor.get("ephemeral_gib") or 0) + swap
    )


def _hosts_of_hints(session: Any, hints: Mapping[str, Any]) -> dict[str, str]:
    named: list[str] = []
    for key in ("same_host", "different_host"):
        value = hints.get(key)
        named += value if isinstance(value, list) else [value] if value else []
    return {i: s.host for i, s in server_store.by_ids(session, map(str, named)).items() if s.host}


def load_hosts(deps: Deps, session: Any) -> list[Host]:
    "Every host as of now; a constant number of statements however many there are."
    rows = store.nodes_with_services(session)
    providers = {p.uuid: p for p in placement.providers(session)}
    inventories = placement.inventories(session)
    traits = placement.traits_of(session)
    default = deps.config.compute.default_availability_zone
    aggregates = {a.id: dict(a.meta or {}) for a in store.aggregates(session)}
    member_of: dict[str, list[dict[str, str]]] = {}
    for aggregate_id, names in store.members(session).items() if aggregates else ():
        for name in names:
            member_of.setdefault(name, []).append(aggregates.get(aggregate_id, {}))
    zones = {
        h: next((a["availability_zone"] for a in metas if a.get("availability_zone")), default)
        for h, metas in member_of.items()
    }
    counts = server_store.counts_by_host(session)
    out = []
    for node, service in rows:
        provider = providers.get(node.uuid)
        have = inventories.get(provider.id, {}) if provider else {}
        out.append(
            Host(
                name=node.host,
                node=node.hypervisor_hostname,
                zone=zones.get(node.host, default),
                up=hosts.is_up(deps, service),
                disabled=service.disabled,
                disabled_reason=service.disabled_reason,
                report=node.report or {},
                total={rc: i.total for rc, i in have.items()},
                capacity={rc: i.capacity for rc, i in have.items()},
                used={rc: i.used for rc, i in have.items()},
                traits=traits.get(provider.id, set()) if provider else set(),
                aggregates=member_of.get(node.host, []),
                servers=counts.get(node.host, (0, 0))[0],
                io_ops=counts.get(node.host, (0, 0))[1],
                load=list((node.report or {}).get("load") or []),
                provider_id=provider.id if provider else 0,
            )
        )
    return out


def settings(deps: Deps) -> Settings:
    "The operator's settings of the scheduler."
    options = deps.config.scheduler
    return Settings(
        max_io_ops=options.max_io_ops_per_host,
        max_servers=options.max_servers_per_host,
        isolated_images=list(options.isolated_images),
        isolated_hosts=list(options.isolated_hosts),
        weights={k: float(v) for k, v in options.weights.items()},
        spread=options.spread,
    )


def choose_and_claim(
    deps: Deps, session: Any, server: Server, request: Request, *, new: bool = False
) -> tuple[Host, Ranking]:
    """Rank, then claim on the best host that still has room, in the caller's transaction. `new`:
    the server surely holds nothing yet.

    Raises NoValidHost whose sentence counts the reasons.
    """
    ranking = rank(request, load_hosts(deps, session), settings(deps))
    amounts = wanted(request)
    for host in ranking.hosts:
        try:
            with session.begin_nested() if len(ranking.hosts) > 1 else _same():
                allocations.replace(
                    session,
                    server.id,
                    {host.provider_id: amounts},
                    project_id=server.project_id,
                    user_id=server.user_id,
                    new=new,
                )
            return host, ranking
        except allocations.NoRoom as error:
            # between reading and claiming somebody else got it: the next host
            ranking.rejected[host.name] = ("Claim", f"lacks {error.resource_class}")
    ranking.hosts = []
    raise NoValidHost(reason=ranking.sentence(), explanation=ranking.explanation())


def where_to_move(server: Server, host: str | None, skip_filters: bool) -> dict[str, Any]:
    "What a server that moves asks of hosts: its zone if it is pinned, and perhaps one host."
    return {
        **server.request,
        "force_host": host,
        "force_node": None,
        "skip_filters": skip_filters,
        "zone": server.pinned_zone,
    }


def check_move(
    deps: Deps,
    session: Any,
    server: Server,
    devices: list[BlockDevice],
    host: str | None,
    skip_filters: bool,
) -> None:
    "Raise NoValidHost when a server could not move now."
    where = where_to_move(server, host, skip_filters)
    request = request_for(session, server, devices, where=where, exclude={server.host or ""})
    ranking = rank(request, load_hosts(deps, session), settings(deps))
    if not ranking.hosts:
        raise NoValidHost(reason=ranking.sentence(), explanation=ranking.explanation())


class _same:  # noqa: N801 reads as the block it stands for
    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


def save_inventory(deps: Deps, session: Any, node: Any, report: Mapping[str, Any]) -> None:
    "Bring the provider of a node to what the node reports; ratios an operator set stay."
    provider = placement.provider(session, node.uuid)
    if provider is None:
        provider = placement.create(session, node.uuid, node.hypervisor_hostname)
    have = placement.inventories(session, [provider.id]).get(provider.id, {})
    changed = False
    for name, values in _inventory(deps, report).items():
        old = have.get(name)
        if old is not None:
            values.pop("allocation_ratio")
        if old is None or any(getattr(old, k) != v for k, v in values.items()):
            placement.set_inventory(session, provider, name, values)
            changed = True
    traits = set(report.get("traits") or [])
    known = placement.traits_of(session, [provider.id]).get(provider.id, set())
    own = {t for t in known if t.startswith("CUSTOM_") or t == "COMPUTE_STATUS_DISABLED"}
    if known != traits | own:
        placement.set_traits(session, provider, traits | own)
        changed = True
    if changed:
        placement.bump(provider)


def _inventory(deps: Deps, report: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    options = deps.config.scheduler
    memory = int(report["memory_mib"])
    pinned = sum(len(c.get("pinned_cpus_allowed") or ()) for c in report.get("numa") or [])
    rows = {
        "VCPU": (int(report["vcpus"]), 0, options.cpu_allocation_ratio),
        "MEMORY_MB": (
            memory,
            min(options.reserved_memory_mib, memory // 2),
            options.ram_allocation_ratio,
        ),
        "DISK_GB": (int(report["disk_gib"]), 0, options.disk_allocation_ratio),
        "PCPU": (pinned, 0, 1.0),
    }
    return {
        rc: {
            "total": total,
            "reserved": reserved,
            "min_unit": 1,
            "max_unit": total,
            "step_size": 1,
            "allocation_ratio": ratio,
        }
        for rc, (total, reserved, ratio) in rows.items()
        if total
    }


def give_back(session: Any, consumer: str) -> None:
    "Release what a consumer holds."
    allocations.release(session, consumer)
