"""Filters: each says in a sentence why a host does not fit, or None.

Names are those that operators and clients of the ecosystem know, so that a fault reads familiar.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from compute.scheduler import extra, numa
from compute.scheduler.json_query import holds
from compute.scheduler.types import Host, Request, Settings

Filter = Callable[[Request, Host, Settings], str | None]


def compute_filter(request: Request, host: Host, settings: Settings) -> str | None:
    "Hosts that are up and enabled."
    if not host.up:
        return "the host does not report"
    if host.disabled:
        return f"the host is disabled ({host.disabled_reason or 'no reason given'})"
    return None


def resources(request: Request, host: Host, settings: Settings) -> str | None:
    "Hosts with room for the flavor."
    if host.name == request.keep:
        return None
    for name, amount in wanted(request).items():
        if amount > host.free(name):
            return (
                f"lacks {name}: {amount} needed, {max(host.free(name), 0)} of "
                f"{host.capacity.get(name, 0)} free"
            )
    return None


def wanted(request: Request) -> dict[str, int]:
    "Resource classes that a request claims. Extra specs `resources:CLASS` override, 0 drops."
    out = {"VCPU": request.vcpus, "MEMORY_MB": request.memory_mib, "DISK_GB": request.disk_gib}
    if request.extra_specs.get("hw:cpu_policy") == "dedicated":
        out["PCPU"] = out.pop("VCPU")
    for key, value in request.extra_specs.items():
        if key.startswith("resources:") and value.isdigit():
            out[key.removeprefix("resources:")] = int(value)
    return {name: amount for name, amount in out.items() if amount > 0}


def zone(request: Request, host: Host, settings: Settings) -> str | None:
    "Hosts of the zone that was asked for."
    if request.zone and host.zone != request.zone:
        return f"is in zone {host.zone}"
    return None


def forced(request: Request, host: Host, settings: Settings) -> str | None:
    "Only the host or node that was named."
    if request.force_host and host.name != request.force_host:
        return f"is not the host {request.force_host}"
    if request.force_node and host.node != request.force_node:
        return f"is not the node {request.force_node}"
    return None


def excluded(request: Request, host: Host, settings: Settings) -> str | None:
    "Hosts that were tried before, or that the server must leave."
    return "was tried before or must be left" if host.name in request.exclude else None


def different_host(request: Request, host: Host, settings: Settings) -> str | None:
    "Hint different_host: away from these servers."
    for server in _list(request.hints.get("different_host")):
        if request.server_hosts.get(server) == host.name:
            return f"runs server {server}, which must be elsewhere"
    return None


def same_host(request: Request, host: Host, settings: Settings) -> str | None:
    "Hint same_host: with one of these servers."
    named = _list(request.hints.get("same_host"))
    if named and all(request.server_hosts.get(s) != host.name for s in named):
        return f"runs none of the servers {', '.join(named)}"
    return None


def group(request: Request, host: Host, settings: Settings) -> str | None:
    "Server groups: affinity and anti-affinity (the soft policies only weigh)."
    here = request.group_hosts.count(host.name)
    if request.group_policy == "affinity" and request.group_hosts and not here:
        return "no member of the affinity group is there"
    most = int(request.group_rules.get("max_server_per_host", 1))
    if request.group_policy == "anti-affinity" and here >= most:
        return f"{here} member(s) of the anti-affinity group are there"
    return None


def image_properties(request: Request, host: Host, settings: Settings) -> str | None:
    "Architecture, hypervisor type and version that the image asks for."
    asked = request.image_properties
    arch = asked.get("hw_architecture") or asked.get("architecture")
    if arch and _arch(arch) != _arch(str(host.report.get("arch", "x86_64"))):
        return f"has architecture {host.report.get('arch')}, the image needs {arch}"
    kind = asked.get("img_hv_type") or asked.get("hypervisor_type")
    virt = {
        str(host.report.get("hypervisor_type", "")).lower(),
        str(host.report.get("virt_type", "")).lower(),
    }
    if kind and kind.lower() not in virt:
        return f"runs {host.report.get('hypervisor_type')}, the image needs {kind}"
    return None


def capabilities(request: Request, host: Host, settings: Settings) -> str | None:
    "Extra specs `capabilities:...` against what the host reports."
    for key, wish in request.extra_specs.items():
        scope, _, name = key.partition(":")
        if scope == "capabilities" and not extra.matches(_lookup(host.report, name), wish):
            return f"{name} is {_lookup(host.report, name)!r}, the flavor needs {wish}"
    return None


def traits(request: Request, host: Host, settings: Settings) -> str | None:
    "Extra specs and image properties `trait:NAME` = required or forbidden."
    for source in (request.extra_specs, request.image_properties):
        for key, wish in source.items():
            if not key.startswith("trait:"):
                continue
            name = key.removeprefix("trait:")
            if wish == "required" and name not in host.traits:
                return f"lacks the trait {name}"
            if wish == "forbidden" and name in host.traits:
                return f"has the forbidden trait {name}"
    return None


def aggregate_extra_specs(request: Request, host: Host, settings: Settings) -> str | None:
    "Extra specs `aggregate_instance_extra_specs:KEY` against metadata of the host's aggregates."
    for key, wish in request.extra_specs.items():
        scope, _, name = key.partition(":")
        if scope != "aggregate_instance_extra_specs":
            continue
        values = {v.strip() for a in host.aggregates if name in a for v in str(a[name]).split(",")}
        if not any(extra.matches(v, wish) for v in values):
            return f"is in no aggregate with {name} = {wish}"
    return None


def tenancy(request: Request, host: Host, settings: Settings) -> str | None:
    "Aggregates that only take servers of the projects in their `filter_tenant_id...`."
    allowed = {
        p.strip()
        for a in host.aggregates
        for k, v in a.items()
        if k.startswith("filter_tenant_id")
        for p in str(v).split(",")
    }
    if allowed and request.project_id not in allowed:
        return "its aggregate is for other projects"
    return None


def isolated(request: Request, host: Host, settings: Settings) -> str | None:
    "Isolated images on isolated hosts, and nothing else there."
    if not settings.isolated_images and not settings.isolated_hosts:
        return None
    image, here = request.image_id in settings.isolated_images, host.name in settings.isolated_hosts
    if image != here:
        return "is for isolated images only" if here else "is not for isolated images"
    return None


def num_instances(request: Request, host: Host, settings: Settings) -> str | None:
    "A most of servers on a host."
    if settings.max_servers and host.servers >= settings.max_servers:
        return f"has {host.servers} servers, the limit"
    return None


def io_ops(request: Request, host: Host, settings: Settings) -> str | None:
    "Hosts that are busy with too many builds and moves."
    if settings.max_io_ops and host.io_ops >= settings.max_io_ops * max(
        1, host.total.get("VCPU", 1)
    ):
        return f"is busy with {host.io_ops} builds, snapshots or moves"
    return None


def cidr(request: Request, host: Host, settings: Settings) -> str | None:
    "Hints build_near_host_ip and cidr: hosts in a network."
    near = request.hints.get("build_near_host_ip")
    if not near:
        return None
    try:
        network = ipaddress.ip_network(
            f"{_one(near)}{_one(request.hints.get('cidr', '/24'))}", strict=False
        )
        inside = ipaddress.ip_address(str(host.report.get("host_ip") or "0.0.0.0")) in network
    except ValueError:
        return "the hints build_near_host_ip and cidr make no network"
    return None if inside else f"is not in {network}"


def json_filter(request: Request, host: Host, settings: Settings) -> str | None:
    "Hint `query`: a condition on the host in JSON."
    query = _one(request.hints.get("query"))
    if query is None or holds(query, host):
        return None
    return "does not meet the query of the scheduler hints"


def topology(request: Request, host: Host, settings: Settings) -> str | None:
    "NUMA cells, pinned CPUs and huge pages of the flavor and image."
    return numa.misfit(request, host)


FILTERS: tuple[tuple[str, Filter], ...] = (
    ("ForcedHost", forced),
    ("ComputeFilter", compute_filter),
    ("AvailabilityZoneFilter", zone),
    ("RetryFilter", excluded),
    ("ResourceFilter", resources),
    ("TraitFilter", traits),
    ("ImagePropertiesFilter", image_properties),
    ("ComputeCapabilitiesFilter", capabilities),
    ("ServerGroupFilter", group),
    ("DifferentHostFilter", different_host),
    ("SameHostFilter", same_host),
    ("SimpleCIDRAffinityFilter", cidr),
    ("AggregateInstanceExtraSpecsFilter", aggregate_extra_specs),
    ("AggregateMultiTenancyIsolation", tenancy),
    ("IsolatedHostsFilter", isolated),
    ("NumInstancesFilter", num_instances),
    ("IoOpsFilter", io_ops),
    ("JsonFilter", json_filter),
    ("NUMATopologyFilter", topology),
)
ALWAYS = {"ForcedHost", "ComputeFilter", "RetryFilter", "ResourceFilter"}
"""What even a forced host must pass: it has to be there, and have room."""


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _one(value: Any) -> Any:
    return (
        value[0]
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
        else value
    )


def _lookup(report: Any, path: str) -> Any:
    for part in path.split(":"):
        report = report.get(part) if isinstance(report, dict) else None
    return report


def _arch(name: str) -> str:
    return {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name.lower())
