"The servers of all projects."

from __future__ import annotations

from typing import Any

from dashboard import listing
from dashboard.panel import Panel
from dashboard.panels.servers.index import make
from dashboard.who import Who

panel = Panel(
    "all_servers",
    "All servers",
    icon="server-2",
    group="Admin",
    order=15,
    service="compute",
    role="admin",
)


@panel.get("/admin/servers")
def index(me: Who) -> Any:
    "One API call for a page of them."
    table = make(me, "/admin/servers", {"all_tenants": "1"})
    table.title, table.create = "All servers", None
    return listing.page(me, table)
