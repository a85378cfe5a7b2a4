"System information: the services of the catalog, whether each answers, and how fast."

from __future__ import annotations

import time
from typing import Any

import requests
from flask import render_template

from dashboard.listing import Column, Listing, Row
from dashboard.panel import Panel
from dashboard.security import origin
from dashboard.who import Who, state

panel = Panel("system", "System", icon="heartbeat", group="Admin", order=80, role="admin")


@panel.get("/admin/system")
def index(me: Who) -> Any:
    "One health check for each address of the catalog, all at the same time."
    entries = [
        (e["type"], ep["url"], ep.get("region_id"))
        for e in (me.ref.service_catalog.catalog if me.ref.has_service_catalog() else ())
        for ep in e["endpoints"]
        if ep["interface"] == "public"
    ]
    addresses = sorted({origin(url) for _, url, _ in entries})
    found = me.cloud.gather(**{a: (lambda a=a: _ask(a)) for a in addresses})
    rows = []
    for kind, url, region in sorted(entries):
        took, version = found[origin(url)].value
        rows.append(
            Row(
                kind,
                {
                    "type": kind,
                    "region": region,
                    "url": url,
                    "state": "UP" if took is not None else "DOWN",
                    "took": f"{took * 1000:.0f} ms" if took is not None else version,
                },
            )
        )
    columns = [
        Column("type", "Service"),
        Column("state", "State", "status"),
        Column("took", "Answers in"),
        Column("region", "Region", wide_only=True),
        Column("url", "URL", "code"),
    ]
    feed = state().feed
    sections = [
        {"title": "Services", "facts": None, "listing": Listing("", columns, rows)},
        {
            "title": "This dashboard",
            "facts": [
                ("Events heard", feed.last),
                ("Servers that report usage", len(feed.usage)),
                ("Panels", len(state().panels)),
            ],
        },
    ]
    return render_template("show.html", heading="System", sections=sections, crumbs=[], status=None)


def _ask(address: str) -> tuple[float | None, str]:
    began = time.perf_counter()
    try:
        state().transport.http.get(
            address + "/healthcheck",
            timeout=5,
            verify=state().transport.verify,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None, "no answer"
    return time.perf_counter() - began, ""
