"Everything that happens in the cloud, live."

from __future__ import annotations

from typing import Any

from flask import render_template

from dashboard.panel import Panel
from dashboard.who import Who

panel = Panel("event_stream", "Events", icon="broadcast", group="Admin", order=90, role="admin")


@panel.get("/admin/events")
def index(me: Who) -> Any:
    "The page; its script asks for the events of all projects."
    return render_template("events.html")
