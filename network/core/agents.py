"The OVN chassis as Neutron's agents."

from __future__ import annotations

import datetime
from typing import Any

from network import errors
from network.core import Deps


def listed(deps: Deps, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    "Each chassis as an agent, filtered by plain attributes."
    if deps.northbound is None:
        return []
    rows = [_agent(c) for c in deps.northbound.chassis()]
    wanted = {
        k: v
        for k, v in filters.items()
        if k not in ("fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse")
    }
    return [
        r
        for r in rows
        if all(str(r.get(k)).lower() in [x.lower() for x in v] for k, v in wanted.items())
    ]


def find(deps: Deps, key: str) -> dict[str, Any]:
    "One agent. Raises AgentNotFound."
    for agent in listed(deps, {}):
        if agent["id"] == key:
            return agent
    raise errors.missing("agent", key)


def update(deps: Deps, key: str, values: dict[str, Any]) -> dict[str, Any]:
    """Describe an agent. Raises AgentNotFound, HTTPBadRequest for a state that is not its own: what
    ovn-controller does is not switched by this API."""
    agent = find(deps, key)
    if values.get("admin_state_up", True) is not True:
        raise errors.HTTPBadRequest(reason="An OVN agent cannot be disabled: stop ovn-controller.")
    if "description" in values and deps.northbound is not None:
        deps.northbound.describe_chassis(key, values["description"])
        agent["description"] = values["description"]
    return agent


def delete(deps: Deps, key: str) -> None:
    """Forget a node that will not come back. Raises AgentNotFound, AgentInUse for one that is
    alive: its controller would only register again."""
    if find(deps, key)["alive"]:
        raise errors.AgentInUse(id=key)
    if deps.northbound is not None:
        deps.northbound.forget_chassis(key)


def _agent(chassis: Any) -> dict[str, Any]:
    gateway = chassis.is_gateway
    seen = datetime.datetime.fromtimestamp(chassis.seen_at, datetime.UTC).strftime(
        "%Y-%m-%d %H:%M:%S"
    )
    return {
        "id": chassis.name,
        "agent_type": "OVN Controller Gateway agent" if gateway else "OVN Controller agent",
        "binary": "ovn-controller",
        "host": chassis.hostname,
        "topic": "n/a",
        "alive": chassis.alive,
        "admin_state_up": True,
        "availability_zone": "nova",
        "description": chassis.description,
        "created_at": seen,
        "started_at": seen,
        "heartbeat_timestamp": seen,
        "resources_synced": None,
        "resource_versions": {},
        "configurations": {
            "bridge-mappings": ",".join(
                f"{k}:{v}" for k, v in sorted(chassis.bridge_mappings.items())
            ),
            "chassis_name": chassis.name,
            "datapath-type": chassis.datapath_type,
        },
    }
