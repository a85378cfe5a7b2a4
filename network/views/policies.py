"RBAC, QoS, trunks, metering as JSON."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from network.views.common import named

_RULE_TYPES = {
    "bandwidth_limit": ("max_kbps", "max_burst_kbps"),
    "dscp_marking": ("dscp_mark",),
    "minimum_bandwidth": ("min_kbps",),
}


def rbac_policy(row: Any, deps: Any) -> dict[str, Any]:
    "An RBAC policy."
    return {
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "object_type": row.object_type,
        "object_id": row.object_id,
        "action": row.action,
        "target_tenant": row.target_tenant,
    }


def policy(row: Any, deps: Any) -> dict[str, Any]:
    "A QoS policy with its rules."
    return {
        **named(row),
        "shared": row.shared,
        "is_default": row.is_default,
        "rules": [
            {**qos_rule(r, deps), "type": r.kind, "qos_policy_id": row.id} for r in row.rules
        ],
    }


def qos_rule(row: Any, deps: Any) -> dict[str, Any]:
    "A QoS rule: what its type has."
    out = {"id": row.id, **{k: row.params.get(k, 0) for k in _RULE_TYPES[row.kind]}}
    return out if row.kind == "dscp_marking" else {**out, "direction": row.direction}


def rule_type(kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    "A type of QoS rules: who enforces it, and what its parameters may be."
    return {
        "type": kind,
        "drivers": [
            {
                "name": "ovn",
                "supported_parameters": [_parameter(n, a.kind) for n, a in attributes.items()],
            }
        ],
    }


def _parameter(name: str, kind: Any) -> dict[str, Any]:
    if "enum" in kind.schema:
        sort, values = "choices", kind.schema["enum"]
    else:
        number = next(s for s in kind.schema["anyOf"] if s["type"] == "integer")
        sort, values = "range", {"start": number["minimum"], "end": number["maximum"]}
    return {"parameter_name": name, "parameter_type": sort, "parameter_values": values}


def trunk(row: Any, deps: Any) -> dict[str, Any]:
    "A trunk."
    return {
        **named(row),
        "port_id": row.port_id,
        "admin_state_up": row.admin_state_up,
        "status": row.port.status,
        "sub_ports": sub_ports(row.subports),
    }


def sub_ports(rows: Any) -> list[dict[str, Any]]:
    "The ports inside a trunk."
    return [
        {
            "port_id": s.port_id,
            "segmentation_type": s.segmentation_type,
            "segmentation_id": s.segmentation_id,
        }
        for s in rows
    ]


def metering_label(row: Any, deps: Any) -> dict[str, Any]:
    "A metering label."
    return {
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "name": row.name,
        "description": row.description,
        "shared": row.shared,
    }


def metering_rule(row: Any, deps: Any) -> dict[str, Any]:
    "A metering rule."
    return {
        "id": row.id,
        "metering_label_id": row.metering_label_id,
        "direction": row.direction,
        "excluded": row.excluded,
        "remote_ip_prefix": row.remote_ip_prefix,
        "source_ip_prefix": row.source_ip_prefix,
        "destination_ip_prefix": row.destination_ip_prefix,
    }
