"Services and hypervisors as JSON."

import json
from typing import Any

from common.http import Version
from compute.views.links import stamp


def service(entry: dict[str, Any], version: Version) -> dict[str, Any]:
    "A service."
    row = entry["service"]
    out = {
        "id": row.uuid if version >= "2.53" else row.id,
        "binary": row.binary,
        "host": row.host,
        "zone": entry["zone"],
        "status": "disabled" if row.disabled else "enabled",
        "state": "up" if entry["up"] else "down",
        "updated_at": stamp(row.last_seen_at),
        "disabled_reason": row.disabled_reason,
    }
    if version >= "2.11":
        out["forced_down"] = row.forced_down
    return out


def hypervisor(
    entry: dict[str, Any],
    version: Version,
    *,
    detailed: bool = True,
    servers: bool = False,
    uptime: str | None = None,
) -> dict[str, Any]:
    "A hypervisor; from 2.88 without sums that placement tells better."
    node, service_row = entry["node"], entry["service"]
    down = service_row is None or not entry["up"]
    out: dict[str, Any] = {
        "id": node.uuid if version >= "2.53" else node.id,
        "hypervisor_hostname": node.hypervisor_hostname,
        "state": "down" if down else "up",
        "status": "disabled" if service_row is None or service_row.disabled else "enabled",
    }
    if version >= "2.53" and servers:
        out["servers"] = _servers(entry)
    if not detailed:
        return out
    report = node.report or {}
    out |= {
        "hypervisor_type": report.get("hypervisor_type", "QEMU"),
        "hypervisor_version": report.get("hypervisor_version", 0),
        "host_ip": report.get("host_ip") or "127.0.0.1",
    }
    if service_row is not None:
        out["service"] = {
            "host": service_row.host,
            "disabled_reason": service_row.disabled_reason,
            "id": service_row.uuid if version >= "2.53" else service_row.id,
        }
    if version < "2.88":
        out |= _sums(entry, report, version)
    else:
        out["uptime"] = uptime
    return out


def _servers(entry: dict[str, Any]) -> list[dict[str, str]]:
    return [{"uuid": i, "name": n} for i, n in entry["servers"]]


def _sums(entry: dict[str, Any], report: dict[str, Any], version: Version) -> dict[str, Any]:
    total, used = entry["total"], entry["used"]
    info: Any = report.get("cpu_info") or {}
    memory, disk = (
        total.get("MEMORY_MB", report.get("memory_mib", 0)),
        total.get("DISK_GB", report.get("disk_gib", 0)),
    )
    used_memory = used.get("MEMORY_MB", 0)
    return {
        "vcpus": total.get("VCPU", report.get("vcpus", 0)),
        "vcpus_used": used.get("VCPU", 0),
        "memory_mb": memory,
        "memory_mb_used": used_memory,
        "free_ram_mb": memory - used_memory,
        "local_gb": disk,
        "local_gb_used": used.get("DISK_GB", 0),
        "free_disk_gb": disk - used.get("DISK_GB", 0),
        "disk_available_least": report.get("free_disk_gib", 0),
        "running_vms": entry["count"][0],
        "current_workload": entry["count"][1],
        "cpu_info": info if version >= "2.28" else json.dumps(info),
    }
