"The OVN chassis as Neutron's agents."

from __future__ import annotations

import datetime
from typing import Any

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
        "description": "",
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
