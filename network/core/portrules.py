"""What a port may and may not be: policy of its attributes, devices, address pairs, DNS names,
deletion."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access, floatingips
from network.store import ports as store
from network.store.models import Port

_ROUTER_OWNERS = (
    "network:router_interface",
    "network:router_gateway",
    "network:ha_router_replicated_interface",
    "network:router_interface_distributed",
    "network:router_centralized_snat",
)


def enforce(
    ctx: Context,
    rule: str,
    values: dict[str, Any],
    network: Any,
    guarded: Sequence[str],
    row: Port | None = None,
) -> None:
    "Raise PolicyDenied unless the caller may do this with these attributes."
    owner = values.get("device_owner") or ""
    target = {
        "project_id": row.project_id if row is not None else values["project_id"],
        "network:project_id": network.project_id,
        "network:shared": bool(getattr(network, "shared", False)),
        "network_device": owner.startswith("network:"),
    }
    attributes = [a for a in guarded if a != "fixed_ips"]
    if "fixed_ips" in guarded:
        parts = {k for entry in values["fixed_ips"] for k in entry} & {"ip_address", "subnet_id"}
        own = (
            row is not None
            and "ip_address" in parts
            and {
                ipaddress.ip_address(e["ip_address"])
                for e in values["fixed_ips"]
                if "ip_address" in e
            }
            <= {ipaddress.ip_address(a.ip_address) for a in row.allocations}
        )
        attributes += [f"fixed_ips:{p}" for p in sorted(parts) if not own]
    if (
        row is not None
        and values.get("device_owner") == row.device_owner
        and "device_owner" in attributes
    ):
        attributes.remove("device_owner")
    access.enforce(ctx, rule, target, attributes)


def check_count(deps: Deps, fixed_ips: Sequence[Any] | None) -> None:
    "Raise Invalid when a port asks for more addresses than it may have."
    most = deps.config.addresses.max_fixed_ips
    if fixed_ips is not None and len(fixed_ips) > most:
        raise errors.Invalid(
            field="fixed_ips",
            value=len(fixed_ips),
            reason=f"Exceeded maximum amount of fixed ips per port ({most})",
        )


def check_device(session: Any, row: Port, values: dict[str, Any]) -> None:
    "A router's port cannot be given to somebody else."
    changes = any(
        values.get(n, getattr(row, n)) != getattr(row, n) for n in ("device_id", "device_owner")
    )
    if changes and row.device_owner in _ROUTER_OWNERS and store.router_of(session, row) is not None:
        raise errors.PortInUse(port_id=row.id, net_id=row.network_id, device_id=row.device_id)


def pairs(deps: Deps, row: Port, sent: list[dict[str, str]]) -> list[dict[str, str]]:
    """Allowed address pairs with the MAC address filled in. Raises
    AddressPairAndPortSecurityRequired, Invalid."""
    if not sent:
        return []
    if not row.port_security_enabled:
        raise errors.AddressPairAndPortSecurityRequired()
    if len(sent) > deps.config.addresses.max_address_pairs:
        raise errors.Invalid(
            field="allowed_address_pairs",
            value=len(sent),
            reason="Exceeded maximum amount of address pairs",
        )
    out: list[dict[str, str]] = []
    for pair in sent:
        entry = {
            "mac_address": pair.get("mac_address") or row.mac_address,
            "ip_address": pair["ip_address"],
        }
        if entry in out:
            raise errors.Invalid(
                field="allowed_address_pairs",
                value=entry,
                reason="it contains duplicate address pairs",
            )
        out.append(entry)
    return out


def check_dns(session: Any, deps: Deps, row: Port) -> None:
    """Cut the cloud's own domain from a full name. Raises Invalid for a name that another port
    of the network has."""
    if not row.dns_name:
        return
    domain = (row.dns_domain or deps.config.dns.domain).rstrip(".")
    name = row.dns_name.rstrip(".")
    if name.endswith("." + domain):
        name = name[: -len(domain) - 1]
    if "." in name and row.dns_name.endswith("."):
        raise errors.Invalid(
            field="dns_name",
            value=row.dns_name,
            reason=f"a full name must end with the domain {domain}.",
        )
    row.dns_name = name.lower()


def after_readdress(session: Any, row: Port, gone: list[str]) -> list[str]:
    "Detach the floating IPs of addresses that a port lost; scopes that changed with the port."
    scopes = []
    for floating in store.floating_of(session, row.id):
        scopes.append(f"fip:{floating.id}")
        if floating.fixed_ip_address in gone:
            floatingips.detach(floating)
    if row.device_owner in _ROUTER_OWNERS and row.device_id:
        scopes.append(f"router:{row.device_id}")
    return scopes


def check_deletable(session: Any, row: Port) -> None:
    "Raise ServicePortInUse or ParentPortInUse for a port that goes only with what it is part of."
    if row.device_owner in _ROUTER_OWNERS and store.router_of(session, row) is not None:
        raise errors.L3PortInUse(port_id=row.id, reason=f"has device owner {row.device_owner}")
    if (
        row.device_owner == "network:floatingip"
        and store.floating_by_port(session, row.id) is not None
    ):
        raise errors.L3PortInUse(port_id=row.id, reason="has device owner network:floatingip")
    if store.trunk_use(session, row.id):
        raise errors.TrunkPortInUse(port_id=row.id)
