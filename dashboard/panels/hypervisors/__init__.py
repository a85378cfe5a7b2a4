"Hypervisors and what runs on them: load, disable with a reason, what is on a host."

from __future__ import annotations

from typing import Any

from dashboard import listing
from dashboard.cells import size
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.panels.servers.index import make
from dashboard.replies import each
from dashboard.who import Who

panel = Panel(
    "hypervisors",
    "Hypervisors",
    icon="cpu",
    group="Admin",
    order=10,
    service="compute",
    role="admin",
)
LOAD_VERSION = "2.87"
"The last microversion whose hypervisors tell how full they are."


def _meter(hypervisor: dict[str, Any], used: str, total: str, unit: str = "") -> Any:
    """What a meter cell shows, or None when the cloud does not tell. Processors may be given out
    several times: a full bar of them is no alarm."""
    if total not in hypervisor:
        return None
    now, most = hypervisor.get(used) or 0, hypervisor[total] or 0
    text = f"{size(now, unit)} / {size(most, unit)}" if unit else f"{now} / {most}"
    return now, most or 1, text, used == "vcpus_used"


@panel.get("/admin/hypervisors")
def index(me: Who) -> Any:
    "All hypervisors and their load: two API calls."
    get = me.cloud.get
    parts = me.cloud.gather(
        found=lambda: get("compute", "/os-hypervisors/detail", "hypervisors", version=LOAD_VERSION),
        services=lambda: get("compute", "/os-services", "services", binary="nova-compute"),
    )
    services = {s["host"]: s for s in parts["services"].value or ()}
    rows = []
    for h in parts["found"].value or ():
        host = h["service"]["host"]
        rows.append(
            Row(
                str(h["id"]),
                {
                    "name": (
                        h["hypervisor_hostname"],
                        f"/admin/hypervisors/{host}",
                        h["service"].get("disabled_reason") or "",
                    ),
                    "state": h["state"].upper(),
                    "status": h["status"].upper(),
                    "vms": h.get("running_vms"),
                    "cpu": _meter(h, "vcpus_used", "vcpus"),
                    "memory": _meter(h, "memory_mb_used", "memory_mb", "MiB"),
                    "disk": _meter(h, "local_gb_used", "local_gb", "GiB"),
                },
                _actions(host, services.get(host)),
            )
        )
    columns = [
        Column("name", "Host", "link"),
        Column("state", "State", "status"),
        Column("status", "Takes servers", "status"),
        Column("vms", "Servers"),
        Column("cpu", "vCPUs", "meter"),
        Column("memory", "Memory", "meter"),
        Column("disk", "Disk", "meter", True),
    ]
    return listing.page(
        me, Listing("Hypervisors", columns, rows, parts["found"].problem, topic="compute. service.")
    )


def _actions(host: str, service: dict[str, Any] | None) -> list[Action]:
    found = [Action("Servers of this host", f"/admin/hypervisors/{host}", "server", post=False)]
    if service and service["status"] == "enabled":
        found.append(
            Action("Disable", f"/admin/services/{service['id']}/disable", "ban", post=False)
        )
    elif service:
        found.append(Action("Enable", f"/admin/services/{service['id']}/enable", "check"))
    return [
        *found,
        Action(
            "Live migrate all away",
            f"/admin/hypervisors/{host}/drain",
            "run",
            confirm=f"Live migrate every server off {host}? Disable it first.",
        ),
    ]


@panel.get("/admin/hypervisors/<host>")
def show(me: Who, host: str) -> Any:
    "The servers of a host."
    table = make(me, f"/admin/hypervisors/{host}", {"all_tenants": "1", "host": host})
    table.title, table.create = host, None
    return listing.page(me, table, crumbs=[("Hypervisors", "/admin/hypervisors")])


@panel.post("/admin/hypervisors/<host>/drain")
def drain(me: Who, host: str) -> Any:
    "Ask for a live migration of each server of a host."
    servers = me.cloud.get(
        "compute",
        "/servers/detail",
        "servers",
        all_tenants="1",
        host=host,
        status="ACTIVE",
        limit=500,
    )

    return each(
        [s["id"] for s in servers],
        "Live migrate",
        lambda i: me.cloud.post(
            "compute",
            f"/servers/{i}/action",
            {"os-migrateLive": {"host": None, "block_migration": "auto"}},
        ),
    )
