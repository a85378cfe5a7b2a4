"""Bandwidth limits and DSCP marks: QoS rows of the switch that match one port; minimum bandwidth
goes to the port itself."""

from __future__ import annotations

from typing import Any

from network.contracts.northbound import Row
from network.core.plan.switches import switch_name
from network.store.snapshot import Snapshot

_PRIORITY = 2002


def of_port(port: Any, s: Snapshot, scope: str) -> list[Row]:
    "The QoS rows of a port: of its own policy, else of its network's."
    policy_id = port.qos_policy_id or s.networks[port.network_id].qos_policy_id
    policy = s.policies.get(policy_id) if policy_id else None
    if policy is None or port.device_owner.startswith("network:"):
        return []
    rows: dict[str, dict[str, Any]] = {}
    for rule in policy.rules:
        # Egress is what leaves the guest: from-lport in OVN's words.
        direction = "from-lport" if rule.direction == "egress" else "to-lport"
        word = "inport" if rule.direction == "egress" else "outport"
        columns = rows.setdefault(
            direction,
            {
                "direction": direction,
                "priority": _PRIORITY,
                "match": f'{word} == "{port.id}"',
                "action": {},
                "bandwidth": {},
                "external_ids": {"port_id": port.id},
            },
        )
        if rule.kind == "bandwidth_limit":
            columns["bandwidth"] = limit(rule.params)
        elif rule.kind == "dscp_marking":
            columns["action"] = {"dscp": rule.params["dscp_mark"]}
    parent = (("Logical_Switch", switch_name(port.network_id), "qos_rules"),)
    return [
        Row("QoS", f"qos:{port.id}:{d}", scope, c, parent)
        for d, c in rows.items()
        if c["action"] or c["bandwidth"]
    ]


def limit(params: dict[str, int]) -> dict[str, int]:
    """OVN's rate and burst, kbit/s and kbit; Neutron's recommendation of 80 % where no burst was
    given."""
    rate = max(1, params["max_kbps"])
    return {"rate": rate, "burst": params.get("max_burst_kbps") or max(1, rate * 8 // 10)}
