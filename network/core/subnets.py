"Subnets: prefixes, gateways, pools, and the metadata port that a network with DHCP has."

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.ids import new_id
from network import errors
from network.core import (
    Deps,
    access,
    ipam,
    metadata_port,
    networks,
    quotas,
    reading,
    subnetpools,
)
from network.core.ranges import check_pools, default_pools
from network.store import ipam as addresses
from network.store import networks as store
from network.store import outbox
from network.store.models import Subnet

_PLAIN = (
    "name",
    "description",
    "enable_dhcp",
    "dns_publish_fixed_ip",
    "service_types",
    "segment_id",
    "ipv6_ra_mode",
    "ipv6_address_mode",
)


def create(deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()) -> Subnet:
    "A subnet. Raises Invalid, OverQuota, and the errors about pools and gateways."

    def work(session: Any) -> Subnet:
        network = reading.find(session, ctx, "network", values["network_id"])
        target = {"project_id": values["project_id"], "network:project_id": network.project_id}
        access.enforce(ctx, "create_subnet", target, guarded)
        quotas.check(session, deps, values["project_id"], "subnet")
        cidr, pool_id = _prefix(session, deps, ctx, values)
        net = ipaddress.ip_network(cidr)
        _check_family(values, net)
        networks.check_mtu(network.id, network.mtu, [net.version])
        _check_overlap(session, network.id, net)
        row = Subnet(
            id=values.get("id") or new_id(),
            project_id=values["project_id"],
            network_id=network.id,
            ip_version=net.version,
            cidr=str(net),
            subnetpool_id=pool_id,
            **{k: values[k] for k in _PLAIN if k in values},
        )
        _check_segment(session, row)
        row.gateway_ip = _gateway(values, net)
        row.allocation_pools = _pools(values, net, row.gateway_ip)
        row.dns_nameservers = _name_servers(deps, values.get("dns_nameservers"))
        row.host_routes = _host_routes(deps, values.get("host_routes"), net.version)
        session.add(row)
        session.flush()
        network.touch()
        metadata_port.ensure(session, deps, network, [*addresses.subnets_of(session, network.id)])
        outbox.mark(session, f"subnet:{row.id}", f"network:{network.id}")
        _give_autoconfigured(session, row)
        return reading.any_of(session, "subnet", row.id)

    return deps.write(work)


def _check_affinity(session: Any, network_id: str, version: int, pool_id: str) -> None:
    # Where one subnet of a network is of a pool, all of its version are: so the network is in one
    # address scope.
    for other in addresses.subnets_of(session, network_id):
        if other.ip_version == version and other.subnetpool_id != pool_id:
            raise errors.HTTPBadRequest(
                reason="Subnets hosted on the same network must be allocated from the same subnet "
                "pool."
            )


def _prefix(
    session: Any, deps: Deps, ctx: Context, values: dict[str, Any]
) -> tuple[str, str | None]:
    version, cidr, pool_id = (
        values.get("ip_version"),
        values.get("cidr"),
        values.get("subnetpool_id"),
    )
    if values.get("use_default_subnetpool"):
        if pool_id:
            raise errors.Invalid(
                field="subnetpool_id",
                value=pool_id,
                reason="subnetpool_id and use_default_subnetpool cannot both be specified",
            )
        pool = store.default_pool(session, version or 4)
        if pool is not None:
            pool_id = pool.id
        elif not cidr:
            raise errors.HTTPBadRequest(reason="No default subnetpool found.")
    if pool_id:
        _check_affinity(session, values["network_id"], version or 4, pool_id)
        return subnetpools.take(session, deps, ctx, pool_id, cidr, values), pool_id
    if not cidr:
        raise errors.HTTPBadRequest(
            reason="a subnetpool must be specified in the absence of a cidr"
        )
    if version is None:
        raise errors.Invalid(
            field="ip_version", value=None, reason="ip_version must be specified with cidr"
        )
    if "/" not in cidr:
        raise errors.Invalid(
            field="cidr",
            value=cidr,
            reason=f"'{cidr}' is not a valid IP subnet: it has no prefix length",
        )
    if values.get("prefixlen") is not None:
        raise errors.HTTPBadRequest(reason="allocation of a prefixlen needs a subnet pool")
    net = ipaddress.ip_network(cidr, strict=False)
    if net.version != version:
        raise errors.Invalid(
            field="cidr", value=cidr, reason=f"cidr {cidr} does not match the ip_version {version}"
        )
    return str(net), None


def _check_family(values: dict[str, Any], net: Any) -> None:
    ra, mode = values.get("ipv6_ra_mode"), values.get("ipv6_address_mode")
    if net.version == 4:
        if ra or mode:
            raise errors.Invalid(
                field="ipv6_ra_mode" if ra else "ipv6_address_mode",
                value=ra or mode,
                reason="it is not valid when ip_version is 4",
            )
        if net.prefixlen == 0:
            raise errors.Invalid(
                field="cidr", value=str(net), reason="0 is not allowed as CIDR prefix length"
            )
        if net.is_multicast or net.is_loopback:
            raise errors.Invalid(
                field="cidr",
                value=str(net),
                reason="multicast and loopback prefixes are not allowed",
            )
        return
    if (ra or mode) and not values.get("enable_dhcp", True):
        raise errors.Invalid(
            field="ipv6_ra_mode",
            value=ra or mode,
            reason="ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to "
            "False",
        )
    if ra and mode and ra != mode:
        raise errors.Invalid(
            field="ipv6_ra_mode",
            value=ra,
            reason=(
                f"ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{mode}' is not valid. "
                f"If both attributes are set, they "
                "must be the same value"
            ),
        )
    if {mode, ra} & {"slaac", "dhcpv6-stateless"} and net.prefixlen != 64:
        raise errors.Invalid(
            field="cidr",
            value=str(net),
            reason="Invalid CIDR: IPv6 automatic addresses need a prefix length of 64",
        )


def _check_overlap(session: Any, network_id: str, net: Any) -> None:
    for other in addresses.subnets_of(session, network_id):
        theirs = ipaddress.ip_network(other.cidr)
        if theirs.version == net.version and theirs.overlaps(net):
            raise errors.Invalid(
                field="cidr",
                value=str(net),
                reason=(
                    f"Requested subnet with cidr: {net} for network: {network_id} overlaps with "
                    f"another subnet"
                ),
            )


def _check_segment(session: Any, row: Subnet) -> None:
    if row.segment_id:
        segment = reading.any_of(session, "segment", row.segment_id)
        if segment.network_id != row.network_id:
            raise errors.Invalid(
                field="segment_id", value=row.segment_id, reason="the segment is of another network"
            )


def _gateway(values: dict[str, Any], net: Any) -> str | None:
    if "gateway_ip" in values:
        gateway = values["gateway_ip"]
        return _checked_gateway(gateway, net) if gateway else None
    if net.num_addresses == 1:
        return None
    return str(net[0] if net.num_addresses == 2 else net[1])


def _checked_gateway(gateway: str, net: Any) -> str:
    address = ipaddress.ip_address(gateway)
    if address.version != net.version:
        raise errors.Invalid(
            field="gateway_ip", value=gateway, reason=f"it is not an IPv{net.version} address"
        )
    if address.version == 6 and address.is_link_local:
        return str(address)
    edge = (
        net.version == 4
        and net.prefixlen < 31
        and address in (net.network_address, net.broadcast_address)
    )
    if edge:
        raise errors.Invalid(
            field="gateway_ip", value=gateway, reason="Gateway is not valid on subnet"
        )
    return str(address)


def _pools(values: dict[str, Any], net: Any, gateway: str | None) -> list[dict[str, str]]:
    pools = values.get("allocation_pools")
    if pools is None:
        return default_pools(net, gateway)
    return check_pools(net, pools, gateway)


def _name_servers(deps: Deps, servers: list[str] | None) -> list[str]:
    servers = servers or []
    if len(servers) > deps.config.addresses.max_name_servers:
        raise errors.Invalid(
            field="dns_nameservers", value=servers, reason="Exceeded maximum amount of name servers"
        )
    return [ipam.canonical(s) if s != "0.0.0.0" else s for s in servers]


def _host_routes(
    deps: Deps, routes: list[dict[str, str]] | None, version: int
) -> list[dict[str, str]]:
    routes = routes or []
    if len(routes) > deps.config.addresses.max_host_routes:
        raise errors.Invalid(
            field="host_routes", value=routes, reason="Exceeded maximum amount of routes"
        )
    for route in routes:
        if {
            ipaddress.ip_network(route["destination"], strict=False).version,
            ipaddress.ip_address(route["nexthop"]).version,
        } != {version}:
            raise errors.Invalid(
                field="host_routes", value=route, reason=f"it is not an IPv{version} route"
            )
    return routes


def _give_autoconfigured(session: Any, row: Subnet) -> None:
    # Ports that are there already hear the router's advertisements and take an address of the new
    # prefix.
    if not ipam.is_auto(row):
        return
    from network.core import ports

    for port in ports.instances_of(session, row.network_id):
        ports.add_address(session, port, row, ipam.eui64(row.cidr, port.mac_address))
        outbox.mark(session, f"port:{port.id}")


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Subnet:
    """Change a subnet. Raises SubnetNotFound, Invalid, GatewayIpInUse,
    GatewayConflictWithAllocationPools."""

    def work(session: Any) -> Subnet:
        row = reading.find(session, ctx, "subnet", key)
        network = reading.any_of(session, "network", row.network_id)
        target = reading.owner(row, **{"network:project_id": network.project_id})
        access.enforce(ctx, "update_subnet", target, guarded)
        access.check_revision(row, revision)
        net = ipaddress.ip_network(row.cidr)
        if values.get("enable_dhcp") is False and (row.ipv6_ra_mode or row.ipv6_address_mode):
            raise errors.Invalid(
                field="enable_dhcp", value=False, reason="ipv6 modes need DHCP enabled"
            )
        _change_gateway(session, row, values, net)
        if values.get("allocation_pools") is not None:
            row.allocation_pools = check_pools(net, values["allocation_pools"], row.gateway_ip)
        if "dns_nameservers" in values:
            row.dns_nameservers = _name_servers(deps, values["dns_nameservers"])
        if "host_routes" in values:
            row.host_routes = _host_routes(deps, values["host_routes"], net.version)
        for name in _PLAIN:
            if name in values:
                setattr(row, name, values[name])
        _check_segment(session, row)
        row.touch()
        network.touch()
        session.flush()
        metadata_port.ensure(session, deps, network, addresses.subnets_of(session, network.id))
        outbox.mark(
            session,
            f"subnet:{key}",
            f"network:{row.network_id}",
            *(f"port:{p}" for p in store.ports_of_subnet(session, key)),
        )
        return reading.any_of(session, "subnet", key)

    return deps.write(work)


def _change_gateway(session: Any, row: Subnet, values: dict[str, Any], net: Any) -> None:
    if "gateway_ip" not in values:
        return
    wanted = _checked_gateway(values["gateway_ip"], net) if values["gateway_ip"] else None
    if wanted == row.gateway_ip:
        return
    if row.gateway_ip:
        holder = addresses.holder(session, row.network_id, row.gateway_ip)
        if holder is not None and holder.device_owner.startswith("network:router"):
            raise errors.GatewayIpInUse(ip_address=row.gateway_ip, port_id=holder.id)
    if wanted and values.get("allocation_pools") is None:
        check_pools(net, row.allocation_pools, wanted)
    row.gateway_ip = wanted


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    """Delete a subnet. Raises SubnetInUse while ports other than the network's own have
    addresses in it."""

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "subnet", key)
        network = reading.any_of(session, "network", row.network_id)
        access.enforce(
            ctx, "delete_subnet", reading.owner(row, **{"network:project_id": network.project_id})
        )
        access.check_revision(row, revision)
        users = [
            p
            for p in store.subnet_in_use(session, key)
            if not ipam.is_auto(row) or p.device_owner.startswith("network:router")
        ]
        if users:
            raise errors.SubnetInUse(
                id=key, reason="One or more ports have an IP allocation from this subnet"
            )
        changed = store.drop_allocations(session, key)
        session.delete(row)
        session.flush()
        network.touch()
        metadata_port.ensure(session, deps, network, addresses.subnets_of(session, network.id))
        outbox.mark(
            session, f"subnet:{key}", f"network:{network.id}", *(f"port:{p}" for p in changed)
        )

    deps.write(work)
