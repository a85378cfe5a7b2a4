"Networks."

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from common.context import Context
from common.ids import new_id
from network import errors
from network.core import Deps, access, floatingips, quotas, reading, segments
from network.store import networks as store
from network.store import outbox, policies
from network.store.models import Network

_PLAIN = (
    "name",
    "description",
    "admin_state_up",
    "port_security_enabled",
    "is_default",
    "dns_domain",
    "availability_zone_hints",
    "qos_policy_id",
    "vlan_transparent",
    "mtu",
)


def create(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> Network:
    """A network with its segments, and the project's default QoS policy where it names none.
    Raises OverQuota, Invalid, and the errors of what is in use."""
    access.enforce(ctx, "create_network", {"project_id": values["project_id"]}, guarded)

    def work(session: Any) -> Network:
        quotas.check(session, deps, values["project_id"], "network")
        row = Network(
            id=values.get("id") or new_id(),
            project_id=values["project_id"],
            external=values["router:external"],
            **{k: values[k] for k in _PLAIN},
        )
        _check_qos(session, ctx, row.qos_policy_id)
        if row.qos_policy_id is None:
            default = policies.default_policy(session, row.project_id)
            row.qos_policy_id = default.id if default else None
        row.mtu = 0
        session.add(row)
        session.flush()
        made = segments.make(session, deps, row.id, row.project_id, segments.of_request(values))
        row.mtu = _mtu(deps, made[0].network_type, values["mtu"])
        store.share(
            session, "network", row.id, "access_as_shared", values["shared"], row.project_id
        )
        store.share(session, "network", row.id, "access_as_external", row.external, row.project_id)
        if row.is_default:
            store.clear_default(session, row.id)
        outbox.mark(session, f"network:{row.id}")
        session.flush()
        session.expire(row)
        return reading.any_of(session, "network", row.id)

    return deps.write(work)


def _mtu(deps: Deps, network_type: str, wanted: int | None) -> int:
    limit = segments.mtu_limit(deps, network_type)
    if not wanted:
        return limit
    if wanted > limit:
        raise errors.Invalid(
            field="mtu", value=wanted, reason=f"Requested MTU is too big, maximum is {limit}"
        )
    return wanted


LEAST_MTU = {4: 68, 6: 1280}
"What IP needs: RFC 791, RFC 8200 section 5."


def check_mtu(network_id: str, mtu: int, versions: Iterable[int]) -> None:
    "Raise NetworkMTUSubnetConflict where subnets of these IP versions need more."
    least = max((LEAST_MTU[v] for v in versions), default=0)
    if mtu < least:
        raise errors.NetworkMTUSubnetConflict(id=network_id, mtu=mtu, least=least)


def _check_qos(session: Any, ctx: Context, policy_id: str | None) -> None:
    if policy_id:
        reading.find(session, ctx, "policy", policy_id)


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> Network:
    """Change a network. Raises NetworkNotFound, RevisionNumberConstraintFailed,
    InvalidSharedSetting, ExternalNetworkInUse."""

    def work(session: Any) -> Network:
        row = reading.find(session, ctx, "network", key)
        access.enforce(ctx, "update_network", reading.owner(row), guarded)
        access.check_revision(row, revision)
        _change_sharing(session, row, values)
        scopes = [f"network:{key}"]
        kind = (
            row.segments[0].network_type
            if row.segments
            else deps.config.provider.tenant_network_type
        )
        if values.get("mtu") is not None or "mtu" in values:
            values["mtu"] = _mtu(deps, kind, values["mtu"])
            check_mtu(key, values["mtu"], {s.ip_version for s in row.subnets})
            scopes += [f"subnet:{s.id}" for s in row.subnets]
        if any(n.startswith("provider:") for n in values):
            _check_provider(row, values)
        if values.get("qos_policy_id"):
            _check_qos(session, ctx, values["qos_policy_id"])
        if {"qos_policy_id", "dns_domain", "mtu"} & set(values):
            scopes += [f"port:{p}" for p in store.port_ids(session, key)]
        for name in _PLAIN:
            if name in values:
                setattr(row, name, values[name])
        if values.get("is_default"):
            store.clear_default(session, key)
        row.touch()
        outbox.mark(session, *scopes)
        session.flush()
        return reading.any_of(session, "network", key)

    return deps.write(work)


def _check_provider(row: Network, values: dict[str, Any]) -> None:
    first = row.segments[0] if row.segments else None
    for name in ("network_type", "physical_network", "segmentation_id"):
        sent = values.get(f"provider:{name}")
        if f"provider:{name}" in values and sent != getattr(first, name, None):
            raise errors.Invalid(
                field=f"provider:{name}",
                value=sent,
                reason="Plugin does not support updating provider attributes",
            )


def _change_sharing(session: Any, row: Network, values: dict[str, Any]) -> None:
    if "shared" in values:
        if not values["shared"] and store.other_projects(session, row):
            raise errors.InvalidSharedSetting(id=row.id)
        store.share(
            session, "network", row.id, "access_as_shared", values["shared"], row.project_id
        )
    if "router:external" in values and values["router:external"] != row.external:
        if row.external and store.gateways_on(session, row.id):
            raise errors.ExternalNetworkInUse(id=row.id)
        row.external = values["router:external"]
        store.share(session, "network", row.id, "access_as_external", row.external, row.project_id)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    """Delete a network with its subnets, its own ports and, as Neutron does, floating IPs that
    lead nowhere. Raises NetworkInUse while other ports are in it."""

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "network", key)
        access.enforce(ctx, "delete_network", reading.owner(row))
        access.check_revision(row, revision)
        for floating in store.idle_floating_ips(session, key):
            floatingips.remove(session, floating)
        if store.ports_in_use(session, key):
            raise errors.NetworkInUse(
                id=key, reason="There are one or more ports still in use on the network"
            )
        scopes = [f"network:{key}", *(f"subnet:{s.id}" for s in row.subnets)]
        for port in store.own_ports(session, key):
            scopes.append(f"port:{port.id}")
            session.delete(port)
        session.flush()
        for subnet in row.subnets:
            session.delete(subnet)
        session.flush()
        store.forget_sharing(session, key)
        session.delete(row)
        outbox.mark(session, *scopes)

    deps.write(work)
