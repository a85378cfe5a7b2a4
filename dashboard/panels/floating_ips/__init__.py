"Floating IPs: addresses of the outside, given to servers."

from __future__ import annotations

from typing import Any

import wtforms
from flask import request

from dashboard import forms, listing
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.who import Who

panel = Panel(
    "floating_ips", "Floating IPs", icon="world", group="Network", order=40, service="network"
)


def _servers(me: Who) -> dict[str, dict[str, Any]]:
    if not me.cloud.has("compute"):
        return {}
    return {s["id"]: s for s in me.cloud.get("compute", "/servers/detail", "servers", limit=1000)}


@panel.get("/floating-ips")
def index(me: Who) -> Any:
    "The addresses of the project and what has them: three API calls."
    get = me.cloud.get
    parts = me.cloud.gather(
        ips=lambda: get("network", "/floatingips", "floatingips", project_id=me.project_id),
        ports=lambda: get("network", "/ports", "ports", project_id=me.project_id),
        servers=lambda: _servers(me),
    )
    ports = {p["id"]: p for p in parts["ports"].value or ()}
    servers = parts["servers"].value or {}
    rows = []
    for f in parts["ips"].value or ():
        port = ports.get(f.get("port_id"), {})
        server = servers.get(port.get("device_id"))
        target = (
            (server["name"], f"/servers/{server['id']}", f.get("fixed_ip_address"))
            if server
            else None
        )
        rows.append(
            Row(
                f["id"],
                {
                    "address": f["floating_ip_address"],
                    "status": f["status"],
                    "server": target,
                    "note": f.get("description"),
                },
                _actions(me, f),
            )
        )
    return listing.page(
        me,
        Listing(
            "Floating IPs",
            [
                Column("address", "Address", "code"),
                Column("status", "State", "status"),
                Column("server", "Server", "link"),
                Column("note", "Note", wide_only=True),
            ],
            rows,
            parts["ips"].problem,
            create=Action("Allocate", "/floating-ips/create", "plus"),
            topic="floatingip",
            bulk=[
                Action(
                    "Release",
                    "/floating-ips/delete",
                    "trash",
                    confirm="Give the chosen addresses back?",
                    danger=True,
                )
            ],
            empty="No floating IPs yet.",
        ),
    )


def _actions(me: Who, ip: dict[str, Any]) -> list[Action]:
    if not me.may("member"):
        return []
    first = (
        Action(
            "Take off",
            f"/floating-ips/{ip['id']}/off",
            "plug-connected-x",
            confirm="Take the address off the server?",
        )
        if ip.get("port_id")
        else Action("Assign", f"/floating-ips/assign?ip={ip['id']}", "plug-connected", post=False)
    )
    return [
        first,
        Action(
            "Release",
            f"/floating-ips/delete?ids={ip['id']}",
            "trash",
            confirm=f"Give {ip['floating_ip_address']} back?",
            danger=True,
        ),
    ]


class Allocate(wtforms.Form):
    "From where."

    network = forms.choice("From")
    note = forms.text("Note")


@panel.form("/floating-ips/create")
def create(me: Who) -> Any:
    "A new address."
    form = Allocate(request.form)
    form.network.choices = [
        (n["id"], n["name"] or n["id"])
        for n in me.cloud.get("network", "/networks", "networks", **{"router:external": "True"})
    ]

    def do(f: Any) -> Any:
        made = me.cloud.post(
            "network",
            "/floatingips",
            {
                "floatingip": {
                    "floating_network_id": f.network.data,
                    "description": f.note.data or "",
                }
            },
            "floatingip",
        )
        return done(
            f"{made['floating_ip_address']} is yours.", go=f"/floating-ips/assign?ip={made['id']}"
        )

    return forms.form_page(
        me,
        form,
        "Allocate a floating IP",
        do,
        submit="Allocate",
        back="/floating-ips",
        crumbs=[("Floating IPs", "/floating-ips")],
    )


def _owner(servers: dict[str, Any], port: dict[str, Any]) -> str:
    server = servers.get(port["device_id"])
    return str(server["name"] if server else port["name"] or port["id"])


class Assign(wtforms.Form):
    "Which address to which port."

    ip = forms.choice("Floating IP")
    port = forms.choice("To")


@panel.form("/floating-ips/assign")
def assign(me: Who) -> Any:
    "Give an address to a server's port."
    get = me.cloud.get
    parts = me.cloud.gather(
        ips=lambda: get("network", "/floatingips", "floatingips", project_id=me.project_id),
        ports=lambda: get("network", "/ports", "ports", project_id=me.project_id),
        servers=lambda: _servers(me),
    )
    for part in parts.values():
        if part.problem:
            raise part.problem
    servers = parts["servers"].value
    form = Assign(request.form if request.method == "POST" else request.args)
    form.ip.choices = [
        (f["id"], f["floating_ip_address"])
        for f in parts["ips"].value
        if not f.get("port_id") or f["id"] == request.args.get("ip")
    ]
    form.port.choices = [
        (
            p["id"],
            f"{_owner(servers, p)}: {ip['ip_address']}",
        )
        for p in parts["ports"].value
        if p["device_owner"].startswith("compute:") or not p["device_owner"]
        for ip in p["fixed_ips"]
        if ":" not in ip["ip_address"]
    ]

    def do(f: Any) -> Any:
        me.cloud.put(
            "network", f"/floatingips/{f.ip.data}", {"floatingip": {"port_id": f.port.data}}
        )
        return done("The address is assigned.", go="/floating-ips")

    return forms.form_page(
        me,
        form,
        "Assign a floating IP",
        do,
        submit="Assign",
        back="/floating-ips",
        crumbs=[("Floating IPs", "/floating-ips")],
        lead=""
        if form.ip.choices
        else "All your addresses are in use. Allocate another one first.",
    )


@panel.post("/floating-ips/<uuid:ip_id>/off")
def off(me: Who, ip_id: Any) -> Any:
    "Take the address off."
    me.cloud.put("network", f"/floatingips/{ip_id}", {"floatingip": {"port_id": None}})
    return done("The address is free.")


@panel.post("/floating-ips/delete")
def delete(me: Who) -> Any:
    "Release those in `ids`."
    return each(
        request.values.getlist("ids"),
        "Release",
        lambda i: me.cloud.delete("network", f"/floatingips/{i}"),
    )


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("network", "/floatingips", "floatingips", project_id=me.project_id)
    return [
        {
            "title": f["floating_ip_address"],
            "href": "/floating-ips",
            "detail": f.get("fixed_ip_address") or "free",
        }
        for f in found
        if text in f["floating_ip_address"]
    ]


panel.search = _search
