"""Consoles in the page: a frame of its own with VNC or the serial line, so that only it may
speak to the console proxy.

The frame's token is one-time: a reload makes a new one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import render_template

from dashboard.errors import NoSuchPage
from dashboard.panels.servers.panel import panel
from dashboard.security import allow, origin
from dashboard.who import Who

KINDS = {"vnc": ("vnc", "novnc"), "serial": ("serial", "serial")}


@panel.get("/servers/<uuid:server_id>/console/<kind>", role="member")
def console(me: Who, server_id: Any, kind: str) -> Any:
    "The frame. Its policy names the console proxy, and lets this site frame it."
    if kind not in KINDS:
        raise NoSuchPage()
    protocol, flavour = KINDS[kind]
    found = me.cloud.post(
        "compute",
        f"/servers/{server_id}/remote-consoles",
        {"remote_console": {"protocol": protocol, "type": flavour}},
        "remote_console",
    )
    url = websocket_url(found["url"])
    allow("connect-src", origin(url))
    allow("frame-ancestors", "'self'")
    if kind == "serial":
        # xterm.js writes its colours into a style element
        allow("style-src", "'unsafe-inline'")
    return render_template("console.html", kind=kind, url=url)


def websocket_url(url: str) -> str:
    """The WebSocket behind the URL that the API gives for people: `ws://` as it is; for a noVNC
    page the proxy's own address with the token, which is in its query, or in the query of its
    `path`."""
    parts = urlsplit(url)
    if parts.scheme in ("ws", "wss"):
        return url
    query = parse_qs(parts.query)
    inner = parse_qs(urlsplit((query.get("path") or [""])[0]).query)
    token = (query.get("token") or inner.get("token") or [""])[0]
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}/?token={token}"
