"Hypervisors."

import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from common.errors import BadRequest, NotFound
from common.http import Api, Version
from common.ids import is_uuid
from compute.api.listing import limit_of
from compute.core import Deps, hosts
from compute.schemas import hosts as schemas
from compute.views import hosts as views
from compute.views.links import base

api = Api("/v2.1/os-hypervisors")
LIST, DETAIL = "os_compute_api:os-hypervisors:list", "os_compute_api:os-hypervisors:list-detail"


def _query(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if version >= "2.33":
        out |= {"limit": limit_of(deps, args), "marker": args.get("marker")}
    if version >= "2.53":
        out |= {
            "pattern": args.get("hypervisor_hostname_pattern"),
            "with_servers": _truth(args.get("with_servers")),
        }
        if out["pattern"] and ("limit" in args or "marker" in args):
            raise BadRequest(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is "
                "not supported."
            )
    return out


def _truth(text: str | None) -> bool:
    return str(text).lower() in ("true", "1", "on", "yes", "t", "y")


def _list(
    deps: Deps, args: MultiDict[str, str], version: Version, detailed: bool
) -> dict[str, Any]:
    query = _query(deps, args, version)
    rows = hosts.hypervisors(deps, **query)
    if query.get("pattern") and not rows:
        raise NotFound(f"No hypervisor matching '{query['pattern']}' could be found.")
    servers = query.get("with_servers", False)
    out: dict[str, Any] = {
        "hypervisors": [
            views.hypervisor(
                r,
                version,
                detailed=detailed,
                servers=servers,
                uptime=_uptime(deps, r, version, detailed),
            )
            for r in rows
        ]
    }
    if version >= "2.33" and rows and len(rows) == query["limit"]:
        last = rows[-1]["node"]
        marker = last.uuid if version >= "2.53" else last.id
        path = "os-hypervisors/detail" if detailed else "os-hypervisors"
        out["hypervisors_links"] = [
            {"rel": "next", "href": f"{base()}/{path}?limit={query['limit']}&marker={marker}"}
        ]
    return out


def _uptime(deps: Deps, entry: dict[str, Any], version: Version, detailed: bool) -> str | None:
    if version < "2.88" or not detailed or not entry["up"]:
        return None
    report = entry["node"].report or {}
    # made of the last report, so that a list asks no host
    seconds = int(report.get("uptime_s") or 0)
    load = ", ".join(f"{x:.2f}" for x in report.get("load") or (0.0, 0.0, 0.0))
    return f" up {datetime.timedelta(seconds=seconds)}, load average: {load}"


@api.get("", policy=LIST, query=schemas.HYPERVISORS)
def index(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Names and states."
    return _list(deps, args, version, False)


@api.get("/detail", policy=DETAIL, query=schemas.HYPERVISORS)
def detail(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Everything."
    return _list(deps, args, version, True)


@api.get("/statistics", policy="os_compute_api:os-hypervisors:statistics", until="2.87")
def statistics(deps: Deps, version: Version) -> dict[str, Any]:
    "Sums over all hypervisors."
    rows = [views.hypervisor(r, version) for r in hosts.hypervisors(deps)]
    names = (
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
        "free_disk_gb",
        "disk_available_least",
        "running_vms",
        "current_workload",
    )
    return {
        "hypervisor_statistics": {"count": len(rows), **{n: sum(r[n] for r in rows) for n in names}}
    }


def _check_id(node_id: str, version: Version) -> None:
    if version >= "2.53" and not is_uuid(node_id):
        raise BadRequest(f"Invalid uuid {node_id}")
    if version < "2.53" and not node_id.isdigit():
        raise NotFound(f"Hypervisor with ID '{node_id}' could not be found.")


@api.get("/<node_id>", policy="os_compute_api:os-hypervisors:show", query=schemas.HYPERVISOR)
def show(deps: Deps, node_id: str, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "One."
    _check_id(node_id, version)
    servers = version >= "2.53" and _truth(args.get("with_servers"))
    entry = hosts.hypervisor(deps, node_id, servers)
    uptime = hosts.uptime(deps, entry["node"]) if version >= "2.88" and entry["up"] else None
    return {"hypervisor": views.hypervisor(entry, version, servers=servers, uptime=uptime)}


@api.get("/<node_id>/uptime", policy="os_compute_api:os-hypervisors:uptime", until="2.87")
def uptime(deps: Deps, node_id: str, version: Version) -> dict[str, Any]:
    "How long it has been up."
    _check_id(node_id, version)
    entry = hosts.hypervisor(deps, node_id)
    text = hosts.uptime(deps, entry["node"]) if entry["up"] else None
    if text is None:
        raise BadRequest("Service is unavailable at this time: the host does not answer.")
    return {"hypervisor": {**views.hypervisor(entry, version, detailed=False), "uptime": text}}


@api.get("/<pattern>/search", policy="os_compute_api:os-hypervisors:search", until="2.52")
def search(deps: Deps, pattern: str, version: Version) -> dict[str, Any]:
    "By a part of the host name."
    rows = hosts.hypervisors(deps, pattern=pattern)
    if not rows:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return {"hypervisors": [views.hypervisor(r, version, detailed=False) for r in rows]}


@api.get("/<pattern>/servers", policy="os_compute_api:os-hypervisors:servers", until="2.52")
def servers(deps: Deps, pattern: str, version: Version) -> dict[str, Any]:
    "Servers of hypervisors, by a part of the host name."
    rows = hosts.hypervisors(deps, pattern=pattern, with_servers=True)
    if not rows:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return {
        "hypervisors": [
            {
                **views.hypervisor(r, version, detailed=False),
                **(
                    {"servers": [{"uuid": i, "name": n} for i, n in r["servers"]]}
                    if r["servers"]
                    else {}
                ),
            }
            for r in rows
        ]
    }
