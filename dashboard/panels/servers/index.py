"The list of servers: one API call for a page of it, however many there are."

from __future__ import annotations

import re
from typing import Any

from flask import render_template, request

from dashboard import listing
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panels.servers.panel import actions_of, addresses, busy, panel, state
from dashboard.who import Who
from dashboard.who import state as process

COLUMNS = [
    Column("name", "Name", "link"),
    Column("state", "State", "status"),
    Column("ips", "Addresses", "list"),
    Column("flavor", "Flavor"),
    Column("cpu", "CPU", "spark", True),
    Column("memory", "Memory", "spark", True),
    Column("created", "Created", "when", True),
]
BULK = [
    Action("Start", "/servers/do/start", "player-play"),
    Action("Reboot", "/servers/do/reboot", "refresh", confirm="Reboot the chosen servers?"),
    Action("Shut down", "/servers/do/stop", "player-stop", confirm="Shut the chosen servers down?"),
    Action(
        "Delete",
        "/servers/do/delete",
        "trash",
        confirm="Delete the chosen servers for ever?",
        danger=True,
    ),
]
TOPICS = "compute.instance instance."


@panel.get("/servers")
def index(me: Who) -> Any:
    "The servers of the project."
    return listing.page(me, make(me, "/servers", {}))


def make(me: Who, path: str, query: dict[str, Any]) -> Listing:
    "A page of servers; `query` goes to the API as it is."
    config = process().config
    text, marker = request.args.get("q", "").strip()[:100], request.args.get("marker", "")
    wanted = {**query, "limit": config.cloud.page_size, "marker": marker, "name": re.escape(text)}
    part = me.cloud.gather(found=lambda: me.cloud.get("compute", "/servers/detail", **wanted))[
        "found"
    ]
    body = part.value or {"servers": []}
    columns = list(COLUMNS)
    if me.is_admin:
        columns.insert(4, Column("host", "Host", wide_only=True))
    if query.get("all_tenants"):
        columns.insert(1, Column("project", "Project", "code", True))
    return Listing(
        "Servers",
        columns,
        [row(me, s) for s in body["servers"]],
        part.problem,
        create=Action("Launch a server", "/servers/launch", "rocket"),
        bulk=BULK,
        topic=TOPICS,
        empty="No server has this name." if text else "No servers yet. Launch the first.",
        next_url=_next(path, text, body),
        search=text,
        server_search=True,
    )


def _next(path: str, text: str, body: dict[str, Any]) -> str:
    if (
        not any(link.get("rel") == "next" for link in body.get("servers_links", ()))
        or not body["servers"]
    ):
        return ""
    from urllib.parse import urlencode

    return f"{path}?{urlencode({'q': text, 'marker': body['servers'][-1]['id']})}"


def row(me: Who, server: dict[str, Any]) -> Row:
    "A server as a line of the table."
    cpu, memory = history(server["id"])
    lock = "locked" if server.get("locked") else ""
    return Row(
        server["id"],
        {
            "name": (server["name"], f"/servers/{server['id']}", lock),
            "state": state(server),
            "ips": addresses(server),
            "flavor": server.get("flavor", {}).get("original_name"),
            "cpu": cpu,
            "memory": memory,
            "created": server.get("created"),
            "host": server.get("OS-EXT-SRV-ATTR:host"),
            "project": server.get("tenant_id"),
        },
        [],
        busy(server),
        f"/servers/{server['id']}/menu" if me.may("member") else "",
    )


@panel.get("/servers/<uuid:server_id>/menu", role="member")
def menu(me: Who, server_id: Any) -> Any:
    "What can be done with a server, for the menu of its row."
    server = me.cloud.get("compute", f"/servers/{server_id}", "server")
    return render_template("components/menu.html", actions=actions_of(me, server))


def history(server_id: str) -> tuple[list[float], list[float]]:
    """CPU and memory in percent, as the nodes reported them lately; the caller has shown that the
    server is the user's."""
    samples = list(process().feed.usage.get(server_id, ()))[-24:]
    cpu, memory = [], []
    for (before, old), (after, new) in zip(samples, samples[1:], strict=False):
        cpus = max(1, int(new.get("vcpus") or 1))
        spent = max(0, (new.get("cpu_ns") or 0) - (old.get("cpu_ns") or 0)) / 1e9
        cpu.append(min(100.0, 100 * spent / max(after - before, 0.1) / cpus))
        memory.append(
            min(100.0, 100 * (new.get("memory_used_kib") or 0) / max(new.get("memory_kib") or 1, 1))
        )
    return cpu, memory


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("compute", "/servers/detail", "servers", name=re.escape(text), limit=8)
    return [
        {"title": s["name"], "href": f"/servers/{s['id']}", "detail": ", ".join(addresses(s)[:2])}
        for s in found
    ]


panel.search = _search
