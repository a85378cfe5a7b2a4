"Routers: gateways, interfaces, extra routes."

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.ids import new_id
from network import errors
from network.core import Deps, access, ipam, ports, quotas, reading
from network.store import outbox
from network.store import ports as port_store
from network.store import routers as store
from network.store.models import Port, Router


def create(deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()) -> Router:
    "A router, with a gateway if one is named."
    info = values["external_gateway_info"]
    access.enforce(
        ctx, "create_router", {"project_id": values["project_id"]}, [*guarded, *_guarded(info)]
    )
    if values.get("flavor_id"):
        raise errors.missing("flavor", values["flavor_id"])

    def work(session: Any) -> Router:
        quotas.check(session, deps, values["project_id"], "router")
        row = Router(
            id=values.get("id") or new_id(),
            project_id=values["project_id"],
            name=values["name"],
            description=values["description"],
            admin_state_up=values["admin_state_up"],
            availability_zone_hints=values["availability_zone_hints"],
        )
        _shape(row, values)
        session.add(row)
        session.flush()
        if info:
            _set_gateway(session, deps, ctx, row, info)
        outbox.mark(session, f"router:{row.id}")
        session.flush()
        session.expire(row)
        return reading.any_of(session, "router", row.id)

    return deps.write(work)


def _guarded(info: dict[str, Any] | None) -> list[str]:
    return [
        f"external_gateway_info:{k}"
        for k in ("enable_snat", "external_fixed_ips")
        if info and k in info
    ]


def _shape(row: Router, values: dict[str, Any]) -> None:
    # OVN routes on every node and fails over between gateway chassis by itself: these two are
    # shown as asked.
    for name in ("distributed", "ha"):
        if values.get(name) is not None:
            setattr(row, name, values[name])


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Router:
    "Change a router, its gateway or its extra routes."

    def work(session: Any) -> Router:
        row = reading.find(session, ctx, "router", key)
        access.enforce(
            ctx,
            "update_router",
            reading.owner(row),
            [*guarded, *_guarded(values.get("external_gateway_info"))],
        )
        access.check_revision(row, revision)
        for name in ("name", "description", "admin_state_up"):
            if name in values:
                setattr(row, name, values[name])
        _shape(row, values)
        if "external_gateway_info" in values:
            if values["external_gateway_info"]:
                _set_gateway(session, deps, ctx, row, values["external_gateway_info"])
            else:
                _clear_gateway(session, row)
        if "routes" in values:
            row.routes = check_routes(session, deps, row, values["routes"] or [])
        row.touch()
        outbox.mark(session, f"router:{key}")
        session.flush()
        session.expire(row)
        return reading.any_of(session, "router", key)

    return deps.write(work)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Delete a router and its gateway port. Raises RouterInUse while it has interfaces."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "router", key)
        access.enforce(ctx, "delete_router", reading.owner(row))
        access.check_revision(row, revision)
        if store.interfaces(session, key):
            raise errors.RouterInUse(id=key, reason="still has ports")
        if store.floating_of_router(session, key):
            raise errors.RouterInUse(id=key, reason="still has floating IPs")
        _clear_gateway(session, row)
        outbox.mark(session, f"router:{key}")
        session.delete(row)

    deps.write(work)


def _set_gateway(session: Any, deps: Deps, ctx: Context, row: Router, info: dict[str, Any]) -> None:
    network = reading.find(session, ctx, "network", info["network_id"])
    if not network.external:
        raise errors.HTTPBadRequest(
            reason=f"Bad router request: Network {network.id} is not an external network."
        )
    if not network.subnets:
        raise errors.HTTPBadRequest(
            reason=f"Bad router request: External network {network.id} has no subnets."
        )
    _check_gateway_overlap(session, row, network)
    row.enable_snat = info.get("enable_snat", True)
    row.qos_policy_id = info.get("qos_policy_id", row.qos_policy_id)
    current = port_store.with_network(session, row.gateway_port_id) if row.gateway_port_id else None
    wanted = info.get("external_fixed_ips") or None
    if current is not None and current.network_id == network.id:
        if wanted:
            ports.change(session, deps, ctx, current, network, {"fixed_ips": wanted})
            outbox.mark(session, f"port:{current.id}")
        return
    if current is not None:
        _clear_gateway(session, row)
    port = ports.add(
        session,
        deps,
        ctx,
        network,
        {
            "project_id": "",
            "device_id": row.id,
            "device_owner": store.GATEWAY,
            "port_security_enabled": False,
            **({"fixed_ips": wanted} if wanted else {}),
        },
    )
    row.gateway_port_id = port.id
    outbox.mark(session, f"port:{port.id}")


def _check_gateway_overlap(session: Any, row: Router, network: Any) -> None:
    inner = [ipaddress.ip_network(s.cidr) for s in store.inner_subnets(session, row.id)]
    for subnet in network.subnets:
        net = ipaddress.ip_network(subnet.cidr)
        if any(net.version == other.version and net.overlaps(other) for other in inner):
            raise errors.HTTPBadRequest(
                reason=(
                    f"Bad router request: Cidr {subnet.cidr} of subnet {subnet.id} overlaps with "
                    f"a subnet of the router."
                )
            )


def _clear_gateway(session: Any, row: Router) -> None:
    if not row.gateway_port_id:
        return
    if store.floating_of_router(session, row.id):
        raise errors.RouterExternalGatewayInUseByFloatingIp(
            router_id=row.id, net_id=store.network_of_router(session, row)
        )
    port = port_store.with_network(session, row.gateway_port_id)
    row.gateway_port_id = None
    session.flush()
    if port is not None:
        ports.remove(session, port)


def check_routes(
    session: Any, deps: Deps, row: Router, routes: list[dict[str, str]]
) -> list[dict[str, str]]:
    "The routes in canonical form. Raises InvalidRoutes."
    if len(routes) > deps.config.addresses.max_routes:
        raise errors.InvalidRoutes(routes=len(routes), reason="the quota of routes is exceeded")
    known = store.inner_subnets(session, row.id)
    own = {a.ip_address for p in store.interfaces(session, row.id) for a in p.allocations}
    if row.gateway_port_id:
        gateway = port_store.with_network(session, row.gateway_port_id)
        if gateway is not None:
            known += list(
                store.subnets(session, [a.subnet_id for a in gateway.allocations]).values()
            )
            own |= {a.ip_address for a in gateway.allocations}
    nets = [ipaddress.ip_network(s.cidr) for s in known]
    out = []
    for route in routes:
        destination = ipaddress.ip_network(route["destination"], strict=False)
        hop = ipaddress.ip_address(route["nexthop"])
        if hop.version != destination.version:
            raise errors.InvalidRoutes(
                routes=[route], reason="destination and nexthop are of different families"
            )
        if not any(hop in net for net in nets):
            raise errors.InvalidRoutes(
                routes=[route], reason="the nexthop is not connected with router"
            )
        if str(hop) in own:
            raise errors.InvalidRoutes(routes=[route], reason="the nexthop is used by router")
        out.append({"destination": str(destination), "nexthop": str(hop)})
    if len({(r["destination"], r["nexthop"]) for r in out}) != len(out):
        raise errors.InvalidRoutes(routes=routes, reason="Duplicate routes")
    return out


def change_routes(
    deps: Deps, ctx: Context, key: str, routes: list[dict[str, str]], add: bool
) -> Router:
    "Add routes to those that are there, or take some away, in one step."
    rule = "add_extraroutes" if add else "remove_extraroutes"

    def work(session: Any) -> Router:
        row = reading.find(session, ctx, "router", key, lock=True)
        access.enforce(ctx, rule, reading.owner(row))
        sent = [
            {
                "destination": str(ipaddress.ip_network(r["destination"], strict=False)),
                "nexthop": ipam.canonical(r["nexthop"]),
            }
            for r in routes
        ]
        if add:
            row.routes = check_routes(
                session, deps, row, row.routes + [r for r in sent if r not in row.routes]
            )
        else:
            row.routes = [r for r in row.routes if r not in sent]
        row.touch()
        outbox.mark(session, f"router:{key}")
        session.flush()
        return reading.any_of(session, "router", key)

    return deps.write(work)


def add_interface(
    deps: Deps, ctx: Context, key: str, subnet_id: str | None, port_id: str | None
) -> dict[str, Any]:
    """Connect a subnet (at its gateway address) or a port. Raises the errors of Neutron's
    add_router_interface."""

    def work(session: Any) -> dict[str, Any]:
        row = reading.find(session, ctx, "router", key)
        access.enforce(ctx, "add_router_interface", reading.owner(row))
        port = (
            _by_port(session, ctx, row, port_id)
            if port_id
            else _by_subnet(session, deps, ctx, row, str(subnet_id))
        )
        row.touch()
        outbox.mark(session, f"port:{port.id}", f"router:{key}")
        session.flush()
        return _interface(row, port, subnet_id)

    return deps.write(work)


def _interface(row: Router, port: Port, subnet_id: str | None) -> dict[str, Any]:
    ids = [a.subnet_id for a in port.allocations]
    return {
        "id": row.id,
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "network_id": port.network_id,
        "port_id": port.id,
        "subnet_id": subnet_id or (ids[0] if ids else None),
        "subnet_ids": ids,
        "tags": row.tags,
    }


def _by_subnet(session: Any, deps: Deps, ctx: Context, row: Router, subnet_id: str) -> Port:
    subnet = reading.find(session, ctx, "subnet", subnet_id)
    network = reading.find(session, ctx, "network", subnet.network_id)
    if not subnet.gateway_ip:
        raise errors.HTTPBadRequest(
            reason=f"Bad router request: Subnet for router interface must have a gateway IP: "
            f"{subnet_id}."
        )
    _check_interface(session, row, [subnet], [subnet.network_id])
    if subnet.ip_version == 6 and not (subnet.ipv6_ra_mode is None and subnet.ipv6_address_mode):
        for port in store.interfaces(session, row.id):
            # The IPv6 subnets of one network share one interface.
            mine = store.subnets(session, [a.subnet_id for a in port.allocations]).values()
            if port.network_id == network.id and mine and all(s.ip_version == 6 for s in mine):
                ports.change(
                    session,
                    deps,
                    ctx,
                    port,
                    network,
                    {
                        "fixed_ips": [
                            *(
                                {"subnet_id": a.subnet_id, "ip_address": a.ip_address}
                                for a in port.allocations
                            ),
                            {"subnet_id": subnet.id, "ip_address": subnet.gateway_ip},
                        ]
                    },
                )
                return port
    return ports.add(
        session,
        deps,
        ctx,
        network,
        {
            "project_id": row.project_id,
            "device_id": row.id,
            "device_owner": store.INTERFACE,
            "port_security_enabled": False,
            "fixed_ips": [{"subnet_id": subnet.id, "ip_address": subnet.gateway_ip}],
        },
    )


def _by_port(session: Any, ctx: Context, row: Router, port_id: str) -> Port:
    port = reading.find(session, ctx, "port", port_id)
    if port.device_id:
        raise errors.PortInUse(port_id=port.id, net_id=port.network_id, device_id=port.device_id)
    if not port.allocations:
        raise errors.HTTPBadRequest(
            reason="Bad router request: Router port must have at least one fixed IP."
        )
    subnets = list(store.subnets(session, [a.subnet_id for a in port.allocations]).values())
    if sum(s.ip_version == 4 for s in subnets) > 1:
        raise errors.HTTPBadRequest(
            reason="Bad router request: Cannot have multiple IPv4 subnets on router port."
        )
    _check_interface(session, row, subnets, [port.network_id])
    port.device_id, port.device_owner = row.id, store.INTERFACE
    port.port_security_enabled, port.groups = False, []
    return port


def _check_interface(
    session: Any, row: Router, subnets: Sequence[Any], network_ids: list[str]
) -> None:
    others = store.inner_subnets(session, row.id)
    if row.gateway_port_id:
        gateway = port_store.with_network(session, row.gateway_port_id)
        if gateway is not None:
            others += list(
                store.subnets(session, [a.subnet_id for a in gateway.allocations]).values()
            )
    for subnet in subnets:
        net = ipaddress.ip_network(subnet.cidr)
        for other in others:
            if other.id == subnet.id:
                raise errors.HTTPBadRequest(
                    reason=f"Bad router request: Router already has a port on subnet {subnet.id}."
                )
            theirs = ipaddress.ip_network(other.cidr)
            if theirs.version == net.version and theirs.overlaps(net):
                raise errors.HTTPBadRequest(
                    reason=(
                        f"Bad router request: Cidr {subnet.cidr} of subnet {subnet.id} overlaps "
                        f"with cidr {other.cidr} of "
                        f"subnet {other.id}."
                    )
                )


def remove_interface(
    deps: Deps, ctx: Context, key: str, subnet_id: str | None, port_id: str | None
) -> dict[str, Any]:
    """Disconnect a subnet or a port. Raises RouterInterfaceNotFound,
    RouterInterfaceInUseByFloatingIP, RouterInterfaceInUseByRoute."""
    gone: list[Port] = []

    def work(session: Any) -> dict[str, Any]:
        row = reading.find(session, ctx, "router", key)
        access.enforce(ctx, "remove_router_interface", reading.owner(row))
        port = _interface_to_remove(session, ctx, row, subnet_id, port_id)
        for allocation in port.allocations:
            if subnet_id in (None, allocation.subnet_id):
                _check_removable(session, row, allocation.subnet_id)
        answer = _interface(row, port, subnet_id)
        if subnet_id and len(port.allocations) > 1:
            port.allocations = [a for a in port.allocations if a.subnet_id != subnet_id]
            outbox.mark(session, f"port:{port.id}")
        else:
            ports.remove(session, port)
            gone.append(port)
        row.touch()
        outbox.mark(session, f"router:{key}")
        return answer

    return deps.write(work)


def _interface_to_remove(
    session: Any, ctx: Context, row: Router, subnet_id: str | None, port_id: str | None
) -> Port:
    if subnet_id and not port_id:
        reading.find(session, ctx, "subnet", subnet_id)
    for port in store.interfaces(session, row.id):
        ids = [a.subnet_id for a in port.allocations]
        if port_id and port.id == port_id:
            if subnet_id and subnet_id not in ids:
                raise errors.SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
            return port
        if not port_id and subnet_id in ids:
            return port
    if port_id:
        raise errors.RouterInterfaceNotFound(router_id=row.id, port_id=port_id)
    raise errors.RouterInterfaceNotFoundForSubnet(router_id=row.id, subnet_id=subnet_id)


def _check_removable(session: Any, row: Router, subnet_id: str) -> None:
    if store.floating_into_subnet(session, row.id, subnet_id):
        raise errors.RouterInterfaceInUseByFloatingIP(subnet_id=subnet_id, router_id=row.id)
    subnet = store.subnets(session, [subnet_id])[subnet_id]
    net = ipaddress.ip_network(subnet.cidr)
    if any(ipaddress.ip_address(r["nexthop"]) in net for r in row.routes):
        raise errors.RouterInterfaceInUseByRoute(subnet_id=subnet_id, router_id=row.id)
