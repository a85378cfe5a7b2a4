"Security groups, rules, templates and address groups as JSON."

from __future__ import annotations

from typing import Any

from network.core import ranges
from network.views.common import named, standard

_RULE = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)


def security_group(row: Any, deps: Any) -> dict[str, Any]:
    "A group with its rules."
    return {
        **named(row),
        "stateful": row.stateful,
        "shared": row.shared,
        "security_group_rules": [security_group_rule(rule, deps) for rule in row.rules],
    }


def security_group_rule(row: Any, deps: Any) -> dict[str, Any]:
    "A rule."
    return {
        **standard(row),
        "security_group_id": row.security_group_id,
        **{k: getattr(row, k) for k in _RULE},
        "normalized_cidr": ranges.normalized(row.remote_ip_prefix),
    }


def default_rule(row: Any, deps: Any) -> dict[str, Any]:
    "A template."
    return {
        "id": row.id,
        "description": row.description,
        **{k: getattr(row, k) for k in _RULE},
        "used_in_default_sg": row.used_in_default_sg,
        "used_in_non_default_sg": row.used_in_non_default_sg,
    }


def address_group(row: Any, deps: Any) -> dict[str, Any]:
    "An address group."
    return {**named(row), "addresses": row.addresses, "shared": row.shared}
