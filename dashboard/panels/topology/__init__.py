"""The networks of a project as a picture: networks are coloured bars, routers and servers hang
between them. Drawn here as SVG from four API calls."""

from __future__ import annotations

from typing import Any

from flask import render_template

from dashboard.cells import colour
from dashboard.panel import Panel
from dashboard.panels.networks import mine
from dashboard.panels.servers.panel import state as state_of
from dashboard.who import Who

panel = Panel(
    "topology", "Topology", icon="topology-star-3", group="Network", order=5, service="network"
)
BAR_GAP, ROW, TOP, BOX = 230, 64, 76, 148
MOST = 60


@panel.get("/topology")
def index(me: Who) -> Any:
    "The picture."
    get = me.cloud.get
    wanted = {
        "networks": lambda: get("network", "/networks", "networks"),
        "subnets": lambda: get("network", "/subnets", "subnets"),
        "ports": lambda: get("network", "/ports", "ports", project_id=me.project_id),
        "routers": lambda: get("network", "/routers", "routers", project_id=me.project_id),
    }
    if me.cloud.has("compute"):
        wanted["servers"] = lambda: get("compute", "/servers/detail", "servers", limit=200)
    parts = me.cloud.gather(**wanted)
    problems = {p.problem.message: p.problem for p in parts.values() if p.problem}
    if parts["networks"].problem:
        return render_template("topology.html", picture=None, problems=problems.values())
    servers = parts["servers"].value if "servers" in parts else []
    networks = [n for n in parts["networks"].value if mine(me, n)]
    picture = draw(
        networks,
        parts["subnets"].value or [],
        parts["ports"].value or [],
        parts["routers"].value or [],
        servers or [],
    )
    return render_template("topology.html", picture=picture, problems=problems.values())


def draw(
    networks: list[Any],
    subnets: list[Any],
    ports: list[Any],
    routers: list[Any],
    servers: list[Any],
) -> dict[str, Any]:
    """Where everything goes. Networks outside come first; each router and server is a row,
    beside the leftmost network it is on, with a line to each of its networks."""
    used = {p["network_id"] for p in ports} | {
        (r.get("external_gateway_info") or {}).get("network_id") for r in routers
    }
    shown = [
        n for n in networks if n["id"] in used or not (n.get("shared") or n.get("router:external"))
    ]
    shown.sort(key=lambda n: (not n.get("router:external"), n["name"]))
    cidrs: dict[str, list[str]] = {}
    for subnet in subnets:
        cidrs.setdefault(subnet["network_id"], []).append(subnet["cidr"])
    bars = {
        n["id"]: {
            "x": 40 + i * BAR_GAP,
            "name": n["name"] or n["id"][:8],
            "cidrs": cidrs.get(n["id"], [])[:2],
            "id": n["id"],
            "colour": f"c{i % 6}",
        }
        for i, n in enumerate(shown)
    }
    nodes: list[dict[str, Any]] = []
    for router in routers:
        links = {
            p["network_id"]: p["fixed_ips"][0]["ip_address"] if p["fixed_ips"] else ""
            for p in ports
            if p["device_id"] == router["id"]
        }
        info = router.get("external_gateway_info") or {}
        if info.get("network_id"):
            ips = [f["ip_address"] for f in info.get("external_fixed_ips", ())]
            links[info["network_id"]] = ips[0] if ips else ""
        nodes.append(
            {
                "kind": "router",
                "name": router["name"] or router["id"][:8],
                "href": f"/routers/{router['id']}",
                "links": links,
                "status": router["status"],
            }
        )
    by_device: dict[str, dict[str, str]] = {}
    for port in ports:
        by_device.setdefault(port["device_id"], {})[port["network_id"]] = (
            port["fixed_ips"][0]["ip_address"] if port["fixed_ips"] else ""
        )
    nodes += [
        {
            "kind": "server",
            "name": s["name"],
            "href": f"/servers/{s['id']}",
            "links": by_device.get(s["id"], {}),
            "status": state_of(s),
        }
        for s in servers
    ]
    left_out = max(0, len(nodes) - MOST)
    for row, node in enumerate(nodes[:MOST]):
        _place(node, row, bars)
    height = TOP + max(1, min(len(nodes), MOST)) * ROW + 30
    for bar in bars.values():
        bar["height"] = height - 40
    return {
        "bars": list(bars.values()),
        "nodes": nodes[:MOST],
        "width": 60 + max(1, len(bars)) * BAR_GAP,
        "height": height,
        "left_out": left_out,
    }


def _place(node: dict[str, Any], row: int, bars: dict[str, Any]) -> None:
    linked = sorted((bars[n]["x"], n, ip) for n, ip in node["links"].items() if n in bars)
    node["y"] = TOP + row * ROW
    node["x"] = (linked[0][0] if linked else 40) + 52
    node["colour"] = colour(node["status"].split(" ")[0])
    node["short"] = node["name"] if len(node["name"]) <= 17 else node["name"][:16] + "…"
    node["wires"] = []
    for at, network, ip in linked:
        from_x = node["x"] if at < node["x"] else node["x"] + BOX
        node["wires"].append(
            {
                "x1": at + 9 if at < node["x"] else at,
                "x2": from_x,
                "y": node["y"] + 20 + 8 * len(node["wires"]),
                "colour": bars[network]["colour"],
                "ip": ip,
                "left": at < node["x"],
            }
        )
