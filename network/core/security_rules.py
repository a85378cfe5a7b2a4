"Security group rules: what is a valid rule, which two are the same."

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from common.context import Context
from network import errors
from network.core import Deps, access, protocols, quotas, ranges, reading
from network.store import outbox
from network.store.models import SecurityRule

_SAME = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_group_id",
    "remote_ip_prefix",
    "remote_address_group_id",
)
WORDS = (*_SAME, "description")


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """The rule in the form that is kept. Raises the SecurityGroup* errors that say what is wrong
    with it."""
    out = {k: values.get(k) for k in WORDS}
    out["description"] = out["description"] or ""
    out["ethertype"] = {"ipv4": "IPv4", "ipv6": "IPv6"}[str(out["ethertype"]).lower()]
    try:
        number = protocols.number(out["protocol"])
    except KeyError:
        raise errors.SecurityGroupInvalidProtocolValue(protocol=out["protocol"]) from None
    version = 4 if out["ethertype"] == "IPv4" else 6
    if version == 4 and number in protocols.ONLY_V6:
        raise errors.SecurityGroupEthertypeConflictWithProtocol(
            ethertype=out["ethertype"], protocol=out["protocol"]
        )
    if version == 6 and out["protocol"] in ("icmp", "1"):
        out["protocol"], number = ("ipv6-icmp" if out["protocol"] == "icmp" else "58"), 58
    _check_ports(number, out["port_range_min"], out["port_range_max"])
    if (
        sum(
            out[k] is not None
            for k in ("remote_ip_prefix", "remote_group_id", "remote_address_group_id")
        )
        > 1
    ):
        raise errors.SecurityGroupMultipleRemoteEntites()
    if out["remote_ip_prefix"] is not None:
        net = ipaddress.ip_network(out["remote_ip_prefix"], strict=False)
        if net.version != version:
            raise errors.SecurityGroupRuleParameterConflict(
                ethertype=out["ethertype"], cidr=out["remote_ip_prefix"]
            )
        if "/" not in out["remote_ip_prefix"]:
            out["remote_ip_prefix"] = str(net)
    return out


def _check_ports(number: int | None, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    if number is None:
        raise errors.SecurityGroupProtocolRequiredWithPorts()
    if number in protocols.ICMP:
        for name, attr, value in (
            ("type", "port_range_min", low),
            ("code", "port_range_max", high),
        ):
            if value is not None and not 0 <= value <= 255:
                raise errors.SecurityGroupInvalidIcmpValue(field=name, attr=attr, value=value)
        if low is None:
            raise errors.SecurityGroupMissingIcmpType(value=high)
        return
    if number not in protocols.PORTED:
        raise errors.SecurityGroupInvalidProtocolForPorts(protocol=number)
    for value in (low, high):
        if value is not None and not 0 <= value <= 65535:
            raise errors.SecurityGroupInvalidPortValue(port=value)
    if low is None or high is None or low > high or (low == 0 and number != 17 and high == 0):
        raise errors.SecurityGroupInvalidPortRange()


def _key(rule: Any) -> tuple[Any, ...]:
    get = rule.get if isinstance(rule, dict) else lambda name: getattr(rule, name)
    values = [get(name) for name in _SAME]
    try:
        values[2] = protocols.number(values[2])
    except KeyError:
        pass
    values[6] = ranges.normalized(values[6])
    if values[6] in ("0.0.0.0/0", "::/0"):
        values[6] = None
    return tuple(values)


def create_many(
    deps: Deps, ctx: Context, many: Sequence[dict[str, Any]], guarded: Sequence[Sequence[str]] = ()
) -> list[SecurityRule]:
    "Add rules to one group, all or none. Raises SecurityGroupRuleExists for one that is there."
    if len({v["security_group_id"] for v in many}) > 1:
        raise errors.SecurityGroupsOnDifferentTenants()

    def work(session: Any) -> list[SecurityRule]:
        group = reading.find(session, ctx, "security_group", many[0]["security_group_id"])
        project = many[0]["project_id"]
        access.enforce(ctx, "create_security_group_rule", {"project_id": group.project_id})
        quotas.check(session, deps, project, "security_group_rule", len(many))
        known = {_key(rule): rule.id for rule in group.rules}
        rows = []
        for values in many:
            rule = checked(values)
            _check_remote(session, ctx, rule)
            if _key(rule) in known:
                raise errors.SecurityGroupRuleExists(id=known[_key(rule)])
            row = SecurityRule(
                security_group_id=group.id, project_id=group.project_id or project, **rule
            )
            session.add(row)
            session.flush()
            known[_key(rule)] = row.id
            rows.append(row)
        group.touch()
        outbox.mark(session, f"sg:{group.id}")
        return rows

    return deps.write(work)


def _check_remote(session: Any, ctx: Context, rule: dict[str, Any]) -> None:
    if rule["remote_group_id"]:
        reading.find(session, ctx, "security_group", rule["remote_group_id"])
    if rule["remote_address_group_id"]:
        reading.find(session, ctx, "address_group", rule["remote_address_group_id"])


def create(
    deps: Deps, ctx: Context, values: dict[str, Any], guarded: Sequence[str] = ()
) -> SecurityRule:
    "Add a rule to a group."
    return create_many(deps, ctx, [values])[0]


def update(
    deps: Deps,
    ctx: Context,
    key: str,
    values: dict[str, Any],
    guarded: Sequence[str] = (),
    revision: int | None = None,
) -> SecurityRule:
    "Change a rule's description."

    def work(session: Any) -> SecurityRule:
        row = reading.find(session, ctx, "security_group_rule", key)
        access.enforce(ctx, "update_security_group_rule", reading.owner(row))
        access.check_revision(row, revision)
        row.description = values.get("description", row.description)
        row.touch()
        return row

    return deps.write(work)


def delete(deps: Deps, ctx: Context, key: str, revision: int | None = None) -> None:
    "Remove a rule."

    def work(session: Any) -> None:
        row = reading.find(session, ctx, "security_group_rule", key)
        access.enforce(ctx, "delete_security_group_rule", reading.owner(row))
        access.check_revision(row, revision)
        group = reading.any_of(session, "security_group", row.security_group_id)
        group.touch()
        outbox.mark(session, f"sg:{row.security_group_id}")
        session.delete(row)

    deps.write(work)


def same(one: Any, other: Any) -> bool:
    "Whether two rules allow the same."
    return _key(one) == _key(other)
