"Ports: creating and changing them, with addresses, security groups and bindings."

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import (
    Deps,
    access,
    floatingips,
    ipam,
    news,
    portrules,
    quotas,
    reading,
    security_groups,
)
from network.store import ipam as addresses
from network.store import outbox
from network.store import ports as store
from network.store.models import Allocation, Port, PortGroup, Subnet

_PLAIN = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "device_id": "device_id",
    "device_owner": "device_owner",
    "binding:vnic_type": "vnic_type",
    "qos_policy_id": "qos_policy_id",
    "propagate_uplink_status": "propagate_uplink_status",
    "numa_affinity_policy": "numa_affinity_policy",
    "hints": "hints",
}
_NULLABLE = {
    "binding:host_id": ("host_id", ""),
    "binding:profile": ("profile", {}),
    "dns_name": ("dns_name", ""),
    "dns_domain": ("dns_domain", ""),
    "extra_dhcp_opts": ("extra_dhcp_opts", []),
}
_TOLD = {"fixed_ips", "mac_address", "security_groups", "device_id"}
"What of a port its device shows too."
instances_of = store.instances_of


def create(deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()) -> Port:
    "A port. Raises NetworkNotFound, OverQuota, MacAddressInUse and what `ipam.allocate` raises."
    return create_many(deps, ctx, [values], [guarded])[0]


def create_many(
    deps: Deps, ctx: Context, many: Sequence[dict[str, Any]], guarded: Sequence[Sequence[str]] = ()
) -> list[Port]:
    "Several ports, all or none."

    def work(session: Any) -> list[Port]:
        rows, networks = [], {}
        for n, values in enumerate(many):
            key = values["network_id"]
            if key not in networks:
                networks[key] = reading.look(session, ctx, "network", key)
            network = networks[key]
            portrules.enforce(ctx, "create_port", values, network, guarded[n] if guarded else ())
            quotas.check(session, deps, values["project_id"], "port")
            rows.append(add(session, deps, ctx, network, values))
        outbox.mark(session, *(f"port:{row.id}" for row in rows))
        return rows

    return deps.write(work)


def add(session: Any, deps: Deps, ctx: Context, network: Any, values: dict[str, Any]) -> Port:
    """A port of a network that the caller may use; the inner half of `create`, which routers and
    floating IPs use too."""
    row = Port(
        network_id=network.id,
        project_id=values["project_id"],
        tags=[],
        status="DOWN",
        **{column: values[name] for name, column in _PLAIN.items() if name in values},
    )
    for name, (column, empty) in _NULLABLE.items():
        setattr(row, column, values.get(name) or empty)
    row.port_security_enabled = values.get("port_security_enabled", network.port_security_enabled)
    if row.device_owner.startswith("network:") and "port_security_enabled" not in values:
        row.port_security_enabled = False
    row.mac_address = values.get("mac_address") or ipam.random_mac(deps.config.addresses.base_mac)
    if values.get("mac_address") and addresses.mac_taken(session, network.id, row.mac_address):
        raise errors.MacAddressInUse(net_id=network.id, mac=row.mac_address)
    portrules.check_count(deps, values.get("fixed_ips"))
    with session.no_autoflush:
        row.allocations = ipam.allocate(session, row, network.subnets, values.get("fixed_ips"))
        groups = _groups(session, deps, ctx, row, values)
        row.groups = [PortGroup(security_group_id=g) for g in groups]
        row.allowed_address_pairs = portrules.pairs(
            deps, row, values.get("allowed_address_pairs") or []
        )
        portrules.check_dns(session, deps, row)
        if row.qos_policy_id:
            reading.find(session, ctx, "policy", row.qos_policy_id)
    session.add(row)
    session.flush()
    store.attach_network(row, network)
    return row


def _groups(session: Any, deps: Deps, ctx: Context, row: Port, values: dict[str, Any]) -> list[str]:
    sent = values.get("security_groups")
    if sent is not None:
        if sent and not row.port_security_enabled:
            raise errors.PortSecurityAndIPRequiredForSecurityGroups()
        return security_groups.check_ids(session, ctx, sent, row.project_id)
    if (
        not row.port_security_enabled
        or row.device_owner.startswith("network:")
        or not row.project_id
    ):
        return []
    return [security_groups.ensure_default(session, deps, row.project_id)]


def add_address(session: Any, port: Port, subnet: Subnet, address: str) -> None:
    "Give a port one more address."
    port.allocations.append(
        Allocation(
            network_id=port.network_id,
            subnet_id=subnet.id,
            ip_address=address,
            position=len(port.allocations),
        )
    )


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Port:
    "Change a port. Raises PortNotFound and what creating one raises."

    def work(session: Any) -> Port:
        row = reading.find(session, ctx, "port", key)
        network: Any = store.network_of(session, row.network_id)
        network.shared = False
        portrules.enforce(ctx, "update_port", values, network, guarded, row)
        access.check_revision(row, revision)
        scopes = change(session, deps, ctx, row, network, values)
        row.touch()
        session.flush()
        outbox.mark(session, *scopes)
        return reading.any_of(session, "port", key)

    row = deps.write(work)
    if _TOLD & values.keys() and "service" not in ctx.roles:  # a service knows what it has done
        news.changed(deps, [key], "port")
    return row


def change(
    session: Any, deps: Deps, ctx: Context, row: Port, network: Any, values: dict[str, Any]
) -> list[str]:
    "Apply the values; returns the scopes that changed."
    scopes = [f"port:{row.id}"]
    if "device_id" in values or "device_owner" in values:
        portrules.check_device(session, row, values)
    if "mac_address" in values and values["mac_address"] != row.mac_address:
        if addresses.mac_taken(session, network.id, values["mac_address"]):
            raise errors.MacAddressInUse(net_id=network.id, mac=values["mac_address"])
        row.mac_address = values["mac_address"]
    if "binding:host_id" in values and (values["binding:host_id"] or "") != row.host_id:
        row.status = "DOWN" if not row.device_owner.startswith("network:") else row.status
    for name, column in _PLAIN.items():
        if name in values:
            setattr(row, column, values[name])
    for name, (column, empty) in _NULLABLE.items():
        if name in values:
            setattr(
                row,
                column,
                _options(row, values[name]) if name == "extra_dhcp_opts" else values[name] or empty,
            )
    if "fixed_ips" in values:
        scopes += _readdress(session, deps, row, network, values["fixed_ips"])
    _change_security(session, deps, ctx, row, values)
    portrules.check_dns(session, deps, row)
    if values.get("qos_policy_id"):
        reading.find(session, ctx, "policy", values["qos_policy_id"])
    return scopes


def _options(row: Port, sent: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    # An option sent replaces the one of that name; one with value null goes.
    merged = {(o["opt_name"], o.get("ip_version", 4)): o for o in row.extra_dhcp_opts}
    for option in sent or []:
        merged[option["opt_name"], option.get("ip_version", 4)] = option
    return [o for o in merged.values() if o.get("opt_value") is not None]


def _change_security(
    session: Any, deps: Deps, ctx: Context, row: Port, values: dict[str, Any]
) -> None:
    enabled = values.get("port_security_enabled", row.port_security_enabled)
    sent = values.get("security_groups")
    if "security_groups" in values:
        wanted = security_groups.check_ids(session, ctx, sent or [], row.project_id)
        have = {g.security_group_id: g for g in row.groups}
        row.groups = [have.get(g) or PortGroup(security_group_id=g) for g in wanted]
    if not enabled and row.groups:
        raise errors.PortSecurityPortHasSecurityGroup()
    row.port_security_enabled = enabled
    if "allowed_address_pairs" in values:
        row.allowed_address_pairs = portrules.pairs(
            deps, row, values["allowed_address_pairs"] or []
        )
    elif not enabled and row.allowed_address_pairs:
        raise errors.AddressPairAndPortSecurityRequired()


def _readdress(
    session: Any, deps: Deps, row: Port, network: Any, wanted: list[dict[str, str]]
) -> list[str]:
    portrules.check_count(deps, wanted)
    have = {a.ip_address: a for a in row.allocations}
    by_subnet: dict[str, list[Allocation]] = {}
    for allocation in row.allocations:
        by_subnet.setdefault(allocation.subnet_id, []).append(allocation)
    kept: list[Allocation] = []
    fresh: list[dict[str, str]] = []
    for entry in wanted:
        address = ipam.canonical(entry["ip_address"]) if entry.get("ip_address") else None
        found = (
            have.get(address)
            if address
            else next(
                (a for a in by_subnet.get(entry.get("subnet_id", ""), []) if a not in kept), None
            )
        )
        if (
            found is not None
            and found not in kept
            and entry.get("subnet_id") in (None, found.subnet_id)
        ):
            kept.append(found)
        else:
            fresh.append(entry)
    gone = [a.ip_address for a in row.allocations if a not in kept]
    with session.no_autoflush:
        added = ipam.allocate(session, row, network.subnets, fresh) if fresh else []
    have_now = {a.ip_address for a in kept}
    row.allocations = kept + [a for a in added if a.ip_address not in have_now]
    for n, allocation in enumerate(row.allocations):
        allocation.position = n
    return portrules.after_readdress(session, row, gone)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    """Delete a port. Raises ServicePortInUse for a router's or floating IP's port,
    ParentPortInUse for one of a trunk."""

    def work(session: Any) -> Port:
        row = reading.find(session, ctx, "port", key)
        target = reading.owner(row, **{"network:project_id": row.network.project_id})
        access.enforce(ctx, "delete_port", target)
        access.check_revision(row, revision)
        portrules.check_deletable(session, row)
        remove(session, row)
        return row

    row = deps.write(work)
    news.status(deps, [row], "DELETED")


def remove(session: Any, row: Port) -> None:
    "Delete a port's row and what leads to it."
    scopes = [f"port:{row.id}"]
    for floating in store.floating_of(session, row.id):
        scopes.append(f"fip:{floating.id}")
        floatingips.detach(floating)
    for forwarding in store.forwardings_of(session, row.id):
        scopes.append(f"fip:{forwarding.floatingip_id}")
        session.delete(forwarding)
    session.flush()
    session.delete(row)
    outbox.mark(session, *scopes)
    session.flush()
