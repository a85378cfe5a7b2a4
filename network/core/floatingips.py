"Floating IPs: an address of an external network for a port behind a router."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.context import Context
from common.ids import new_id
from network import errors
from network.core import Deps, access, ipam, news, quotas, reading
from network.store import outbox
from network.store import ports as port_store
from network.store import routers as store
from network.store.models import FloatingIp, Port


def create(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> FloatingIp:
    """A floating IP. Raises NetworkNotFound, HTTPBadRequest, OverQuota,
    ExternalGatewayForFloatingIPNotFound."""
    access.enforce(ctx, "create_floatingip", {"project_id": values["project_id"]}, guarded)

    def work(session: Any) -> FloatingIp:
        from network.core import ports

        quotas.check(session, deps, values["project_id"], "floatingip")
        network = reading.find(session, ctx, "network", values["floating_network_id"])
        if not network.external:
            raise errors.HTTPBadRequest(
                reason=f"Bad floatingip request: Network {network.id} is not a valid external "
                f"network."
            )
        row = FloatingIp(
            project_id=values["project_id"],
            floating_network_id=network.id,
            description=values["description"],
            dns_name=values["dns_name"],
            dns_domain=values["dns_domain"],
            qos_policy_id=values["qos_policy_id"],
        )
        row.id = new_id()
        port = ports.add(
            session,
            deps,
            ctx,
            network,
            {
                "project_id": "",
                "device_id": row.id,
                "device_owner": "network:floatingip",
                "port_security_enabled": False,
                "fixed_ips": [_address_wanted(network, values)],
            },
        )
        row.floating_port_id, row.floating_ip_address = port.id, _address_of(network, port)
        with session.no_autoflush:
            if values.get("port_id"):
                attach(session, ctx, row, values["port_id"], values.get("fixed_ip_address"))
            elif values.get("fixed_ip_address"):
                raise errors.HTTPBadRequest(
                    reason="Bad floatingip request: fixed_ip_address cannot be specified without "
                    "a port_id."
                )
            if row.qos_policy_id:
                reading.find(session, ctx, "policy", row.qos_policy_id)
        session.add(row)
        session.flush()
        outbox.mark(session, f"fip:{row.id}")
        session.expire(row)
        return reading.any_of(session, "floatingip", row.id)

    made = deps.write(work)
    news.changed(deps, [made.port_id], "addresses")
    return made


def _address_wanted(network: Any, values: dict[str, Any]) -> dict[str, str]:
    v4 = [s for s in network.subnets if s.ip_version == 4]
    if values.get("floating_ip_address"):
        entry = {"ip_address": values["floating_ip_address"]}
        return {**entry, "subnet_id": values["subnet_id"]} if values.get("subnet_id") else entry
    if values.get("subnet_id"):
        if not any(s.id == values["subnet_id"] for s in network.subnets):
            raise errors.HTTPBadRequest(
                reason=f"Bad floatingip request: Subnet {values['subnet_id']} is not of network "
                f"{network.id}."
            )
        return {"subnet_id": values["subnet_id"]}
    usable = [s for s in v4 if not s.service_types or "network:floatingip" in s.service_types]
    if not usable:
        raise errors.HTTPBadRequest(
            reason=f"Bad floatingip request: Network {network.id} does not contain any IPv4 subnet."
        )
    return {"subnet_id": usable[0].id}


def _address_of(network: Any, port: Port) -> str:
    return port.allocations[0].ip_address


def detach(row: FloatingIp) -> None:
    "Let the floating IP lead nowhere."
    row.port_id = row.fixed_ip_address = row.router_id = None
    row.status = "DOWN"
    row.touch()


def attach(session: Any, ctx: Context, row: FloatingIp, port_id: str, address: str | None) -> None:
    """Lead the floating IP to an address of a port. Raises PortNotFound, HTTPBadRequest,
    Conflict where it is taken."""
    port = reading.find(session, ctx, "port", port_id)
    if port.project_id != row.project_id and not access.sees_all(ctx):
        raise errors.HTTPBadRequest(
            reason=f"Bad floatingip request: Port {port.id} is another project's."
        )
    fixed = fixed_address(port, address)
    if store.forwarded_to(session, port_id, fixed):
        raise errors.PortHasPortForwarding(port_id=port_id, fixed_ip=fixed)
    other = store.floating_on(session, row.floating_network_id, port_id, fixed, row.id)
    if other is not None:
        raise errors.FloatingIPPortAlreadyAssociated(
            address=row.floating_ip_address,
            fip_id=row.id,
            port_id=port_id,
            fixed_ip=fixed,
            net_id=row.floating_network_id,
        )
    router_id = router_for(session, row.floating_network_id, port, fixed)
    row.port_id, row.fixed_ip_address, row.router_id = port_id, fixed, router_id
    row.status = "ACTIVE"


def fixed_address(port: Port, wanted: str | None) -> str:
    "The IPv4 address of the port that is meant. Raises HTTPBadRequest."
    have = [a.ip_address for a in port.allocations if ":" not in a.ip_address]
    if wanted:
        wanted = ipam.canonical(wanted)
        if wanted not in have:
            raise errors.HTTPBadRequest(
                reason=f"Bad floatingip request: Port {port.id} does not have fixed ip {wanted}."
            )
        return wanted
    if not have:
        raise errors.HTTPBadRequest(
            reason=f"Bad floatingip request: Cannot add floating IP to port {port.id} that has no "
            f"fixed IPv4 addresses."
        )
    if len(have) > 1:
        raise errors.HTTPBadRequest(
            reason=(
                f"Bad floatingip request: Port {port.id} has multiple fixed IPv4 addresses. Must "
                f"provide a specific IPv4 address when "
                "assigning a floating IP."
            )
        )
    return have[0]


def router_for(session: Any, external_id: str, port: Port, fixed: str) -> str:
    """The router between the port's subnet and the external network. Raises
    ExternalGatewayForFloatingIPNotFound."""
    subnet_id = next(a.subnet_id for a in port.allocations if a.ip_address == fixed)
    found: str | None = None
    gateway = store.subnets(session, [subnet_id])[subnet_id].gateway_ip
    for router, address in store.routers_of_subnet(session, subnet_id):
        if router.gateway_port is not None and router.gateway_port.network_id == external_id:
            if address == gateway:
                return router.id
            found = found or router.id
    if found is None:
        raise errors.ExternalGatewayForFloatingIPNotFound(
            net_id=external_id, subnet_id=subnet_id, port_id=port.id
        )
    return found


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> FloatingIp:
    "Lead a floating IP elsewhere or nowhere, or describe it."
    before: list[str | None] = []

    def work(session: Any) -> FloatingIp:
        row = reading.find(session, ctx, "floatingip", key)
        before[:] = [row.port_id]
        access.enforce(ctx, "update_floatingip", reading.owner(row), guarded)
        access.check_revision(row, revision)
        for name in ("description", "qos_policy_id"):
            if name in values:
                setattr(row, name, values[name])
        _redirect(session, ctx, row, values)
        row.touch()
        outbox.mark(session, f"fip:{key}")
        session.flush()
        session.expire(row)
        return reading.any_of(session, "floatingip", key)

    row = deps.write(work)
    if before != [row.port_id]:
        news.changed(deps, [*before, row.port_id], "addresses")
    return row


def _redirect(session: Any, ctx: Context, row: FloatingIp, values: dict[str, Any]) -> None:
    # A body that says other things alone leaves the association; port_id null, and a body that says
    # nothing, end it, as Neutron's API always had it.
    if values and "port_id" not in values and "fixed_ip_address" not in values:
        return
    port_id = values.get("port_id", row.port_id) if values else None
    if port_id and store.forwardings(session, row.id):
        raise errors.FipPortForwardingInUse(id=row.id)
    if port_id:
        attach(session, ctx, row, port_id, values.get("fixed_ip_address"))
    elif values.get("fixed_ip_address"):
        raise errors.HTTPBadRequest(
            reason="Bad floatingip request: fixed_ip_address cannot be specified without a port_id."
        )
    elif not store.forwardings(session, row.id):
        detach(row)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Give a floating IP back. Raises FipAssociated while it has port forwardings."

    def work(session: Any) -> str | None:
        row = reading.find(session, ctx, "floatingip", key)
        access.enforce(ctx, "delete_floatingip", reading.owner(row))
        access.check_revision(row, revision)
        if store.forwardings(session, key):
            raise errors.FipPortForwardingInUse(id=key)
        inner = row.port_id
        remove(session, row)
        return inner

    news.changed(deps, [deps.write(work)], "addresses")


def remove(session: Any, row: FloatingIp) -> None:
    "Give the address back and its port with it."
    from network.core import ports

    port = port_store.with_network(session, row.floating_port_id)
    outbox.mark(session, f"fip:{row.id}")
    session.delete(row)
    session.flush()
    if port is not None:
        ports.remove(session, port)
