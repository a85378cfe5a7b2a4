"The panel, and how names become paths."

from __future__ import annotations

from urllib.parse import quote, urlencode

from dashboard.panel import Panel

panel = Panel(
    "objects",
    "Object storage",
    icon="archive",
    group="Storage",
    order=20,
    service="object_store",
    home="/objects",
)


def path_of(container: str, name: str | None = None) -> str:
    "The API's path of a container or an object."
    return f"/{quote(container, safe='')}" + (
        f"/{quote(name, safe='/')}" if name is not None else ""
    )


def link(container: str, what: str = "", **query: str) -> str:
    "A URL of this panel."
    return f"/objects/{quote(container, safe='')}{what}" + (f"?{urlencode(query)}" if query else "")
