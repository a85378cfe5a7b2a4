"Security groups as port groups with ACLs, address groups as address sets."

from __future__ import annotations

from typing import Any

from network.contracts.northbound import Row
from network.core import protocols, ranges

DROP_GROUP = "neutron_pg_drop"
"Every port with port security is in it: what no rule allows is dropped."
_ALLOW, _DROP = 1002, 1001
_PORT_WORDS = {6: "tcp", 17: "udp", 132: "sctp"}


def group_name(group_id: str) -> str:
    "The name of a security group's port group; OVN's expressions know no dashes."
    return "pg_" + group_id.replace("-", "_")


def address_set(group_id: str, version: int) -> str:
    "The name of an address group's address set."
    return f"as_ip{version}_" + group_id.replace("-", "_")


def _acl(
    key: str, scope: str, group: str, direction: str, priority: int, match: str, action: str
) -> Row:
    return Row(
        "ACL",
        key,
        scope,
        {
            "direction": direction,
            "priority": priority,
            "match": match,
            "action": action,
            "log": False,
            "name": [],
            "severity": [],
            "meter": [],
            "external_ids": {},
        },
        (("Port_Group", group, "acls"),),
    )


def drop_group(scope: str) -> list[Row]:
    """What holds for all ports with security: nothing but asking for an address, unless a rule
    allows it."""
    group = DROP_GROUP
    rows = [Row("Port_Group", group, scope, {"name": group, "external_ids": {}})]
    for word, direction in (("inport", "from-lport"), ("outport", "to-lport")):
        rows.append(
            _acl(
                f"drop:{direction}",
                scope,
                group,
                direction,
                _DROP,
                f"{word} == @{group} && ip",
                "drop",
            )
        )
    for version, client, server in ((4, 68, 67), (6, 546, 547)):
        rows.append(
            _acl(
                f"dhcp:{version}",
                scope,
                group,
                "from-lport",
                _ALLOW,
                f"inport == @{group} && ip{version} && udp.src == {client} && udp.dst == {server}",
                "allow-related",
            )
        )
    return rows


def of_group(group: Any) -> list[Row]:
    "The port group and an ACL for each rule."
    scope, name = f"sg:{group.id}", group_name(group.id)
    rows = [
        Row(
            "Port_Group",
            name,
            scope,
            {"name": name, "external_ids": {"neutron:security_group_id": group.id}},
        )
    ]
    action = "allow-related" if group.stateful else "allow-stateless"
    for rule in group.rules:
        direction = "to-lport" if rule.direction == "ingress" else "from-lport"
        rows.append(
            _acl(f"rule:{rule.id}", scope, name, direction, _ALLOW, match(rule, name), action)
        )
    return rows


def match(rule: Any, group: str) -> str:
    "A rule as an expression of OVN (ovn-sb(5), Logical_Flow)."
    version = 4 if rule.ethertype == "IPv4" else 6
    inward = rule.direction == "ingress"
    parts = [f"{'outport' if inward else 'inport'} == @{group}", f"ip{version}"]
    far = f"ip{version}.{'src' if inward else 'dst'}"
    prefix = ranges.normalized(rule.remote_ip_prefix)
    if prefix and prefix not in ("0.0.0.0/0", "::/0"):
        parts.append(f"{far} == {prefix}")
    if rule.remote_group_id:
        parts.append(f"{far} == ${group_name(rule.remote_group_id)}_ip{version}")
    if rule.remote_address_group_id:
        parts.append(f"{far} == ${address_set(rule.remote_address_group_id, version)}")
    return " && ".join(parts + _protocol(rule, version))


def _protocol(rule: Any, version: int) -> list[str]:
    number = protocols.number(rule.protocol)
    if number is None or (number == 0 and rule.protocol in ("ip", "0")):
        return []
    low, high = rule.port_range_min, rule.port_range_max
    if number in (1, 58):
        word = "icmp4" if version == 4 else "icmp6"
        return [
            word,
            *([f"{word}.type == {low}"] if low is not None else []),
            *([f"{word}.code == {high}"] if high is not None else []),
        ]
    word = _PORT_WORDS.get(number, "")
    if not word:
        return [f"ip.proto == {number}"]
    if low is None or high is None:
        return [word]
    return [
        word,
        *(
            [f"{word}.dst == {low}"]
            if low == high
            else [f"{word}.dst >= {low}", f"{word}.dst <= {high}"]
        ),
    ]


def of_address_group(group: Any) -> list[Row]:
    "An address set for each IP version."
    return [
        Row(
            "Address_Set",
            address_set(group.id, version),
            f"ag:{group.id}",
            {
                "name": address_set(group.id, version),
                "external_ids": {"neutron:address_group_id": group.id},
                "addresses": sorted(a for a in group.addresses if (":" in a) == (version == 6)),
            },
        )
        for version in (4, 6)
    ]
