"What projects used: os-simple-tenant-usage."

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from common.db import utcnow
from compute.core import Deps
from compute.errors import MarkerNotFound
from compute.store import hosts as host_store
from compute.store import servers as store
from compute.store.models import Server

ENDED = {"deleted": "terminated", "building": "building"}


def report(
    deps: Deps,
    start: datetime,
    end: datetime,
    project_id: str | None = None,
    *,
    limit: int | None = None,
    marker: str | None = None,
) -> list[dict[str, Any]]:
    "Usage of each project between two moments, in its servers' order. Raises MarkerNotFound."
    with deps.db.read() as session:
        rows = store.used_between(session, start, end, project_id)
    if marker is not None:
        ids = [r.id for r in rows]
        if marker not in ids:
            raise MarkerNotFound(marker=marker)
        rows = rows[ids.index(marker) + 1 :]
    if limit is not None:
        rows = rows[:limit]
    projects: dict[str, list[Server]] = {}
    for row in rows:
        projects.setdefault(row.project_id, []).append(row)
    return [_project(p, found, start, end) for p, found in projects.items()]


def _project(
    project_id: str, rows: Sequence[Server], start: datetime, end: datetime
) -> dict[str, Any]:
    servers = [_server(r, start, end) for r in rows]
    return {
        "tenant_id": project_id,
        "start": start,
        "stop": end,
        "server_usages": servers,
        "total_hours": sum(s["hours"] for s in servers),
        "total_memory_mb_usage": sum(s["hours"] * s["memory_mb"] for s in servers),
        "total_vcpus_usage": sum(s["hours"] * s["vcpus"] for s in servers),
        "total_local_gb_usage": sum(s["hours"] * s["local_gb"] for s in servers),
    }


def _server(row: Server, start: datetime, end: datetime) -> dict[str, Any]:
    assert row.launched_at is not None
    now = utcnow()
    began = max(row.launched_at, start)
    ended = min(row.terminated_at or now, end, now) if end > now or row.terminated_at else end
    hours = max((ended - began).total_seconds(), 0) / 3600
    until = row.terminated_at or now
    return {
        "instance_id": row.id,
        "name": row.name,
        "tenant_id": row.project_id,
        "flavor": row.flavor["name"],
        "hours": hours,
        "vcpus": row.vcpus,
        "memory_mb": row.memory_mib,
        "local_gb": row.root_gib + row.ephemeral_gib,
        "started_at": row.launched_at,
        "ended_at": row.terminated_at,
        "uptime": int((until - row.launched_at).total_seconds()),
        "state": "terminated" if row.deleted else row.vm_state,
    }


def audit(deps: Deps, before: datetime) -> dict[str, Any]:
    """The usage audit of the last full month before a moment. Nodes of this suite send no
    `instance.exists` notifications by the month (usage is asked of this service), so no host has
    done one."""
    end = before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = (end - timedelta(days=1)).replace(day=1)
    with deps.db.read() as session:
        hosts = sorted(s.host for s in host_store.services(session, binary=host_store.COMPUTE))
    return {
        "period_beginning": str(begin.replace(tzinfo=None)),
        "period_ending": str(end.replace(tzinfo=None)),
        "num_hosts": len(hosts),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": len(hosts),
        "hosts_not_run": hosts,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": f"{f'0 of {len(hosts)}' if hosts else 'ALL'} hosts done. 0 errors.",
        "log": {},
    }
