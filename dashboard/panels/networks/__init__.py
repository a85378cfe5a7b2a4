"Networks, their subnets and ports."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done, each, here
from dashboard.who import Who

panel = Panel("networks", "Networks", icon="network", group="Network", order=10, service="network")
TOPICS = "network. subnet. port."


def mine(me: Who, thing: dict[str, Any]) -> bool:
    "Whether the project may use it: administrators are given everybody's."
    return thing["project_id"] == me.project_id or bool(
        thing.get("shared") or thing.get("router:external")
    )


@panel.get("/networks")
def index(me: Who) -> Any:
    "Networks with their subnets: two API calls."
    parts = me.cloud.gather(
        networks=lambda: me.cloud.get("network", "/networks", "networks"),
        subnets=lambda: me.cloud.get("network", "/subnets", "subnets"),
    )
    by_network: dict[str, list[str]] = {}
    for s in parts["subnets"].value or ():
        by_network.setdefault(s["network_id"], []).append(f"{s['name']} {s['cidr']}".strip())
    rows = [
        Row(
            n["id"],
            {
                "name": (n["name"], f"/networks/{n['id']}"),
                "status": n["status"],
                "subnets": by_network.get(n["id"]),
                "shared": n.get("shared"),
                "external": n.get("router:external"),
            },
            _actions(me, n),
        )
        for n in parts["networks"].value or ()
        if mine(me, n)
    ]
    return listing.page(
        me,
        Listing(
            "Networks",
            [
                Column("name", "Name", "link"),
                Column("status", "State", "status"),
                Column("subnets", "Subnets", "list"),
                Column("shared", "Shared", "bool", True),
                Column("external", "External", "bool", True),
            ],
            rows,
            parts["networks"].problem,
            create=Action("New network", "/networks/create", "plus"),
            topic=TOPICS,
            bulk=[
                Action(
                    "Delete",
                    "/networks/delete",
                    "trash",
                    confirm="Delete the chosen networks?",
                    danger=True,
                )
            ],
        ),
    )


def _actions(me: Who, network: dict[str, Any]) -> list[Action]:
    if not me.may("member") or (network["project_id"] != me.project_id and not me.is_admin):
        return []
    return [
        Action("Add a subnet", f"/networks/{network['id']}/subnet", "plus", post=False),
        Action(
            "Delete",
            f"/networks/delete?ids={network['id']}",
            "trash",
            confirm=f"Delete network {network['name']}?",
            danger=True,
        ),
    ]


class Network(wtforms.Form):
    "A network and its first subnet."

    name = forms.text("Name", required=True)
    cidr = forms.text(
        "Subnet",
        hint="For example 10.1.0.0/24. Leave empty for a network without one.",
        default="10.1.0.0/24",
    )
    gateway = forms.text("Gateway", hint="Empty: the first address.")
    dns = forms.text("DNS servers", hint="Addresses, separated by commas.")
    dhcp = forms.tick("Give addresses out by DHCP", default=True)


def _subnet(form: Any, network_id: str, name: str) -> dict[str, Any]:
    subnet: dict[str, Any] = {
        "network_id": network_id,
        "name": name,
        "cidr": form.cidr.data,
        "enable_dhcp": form.dhcp.data,
        "ip_version": 6 if ":" in form.cidr.data else 4,
    }
    if form.gateway.data:
        subnet["gateway_ip"] = form.gateway.data
    if form.dns.data:
        subnet["dns_nameservers"] = [d.strip() for d in form.dns.data.split(",") if d.strip()]
    return subnet


@panel.form("/networks/create")
def create(me: Who) -> Any:
    "A network; when its subnet is refused, the network goes again."

    def do(f: Any) -> Any:
        network = me.cloud.post(
            "network", "/networks", {"network": {"name": f.name.data}}, "network"
        )
        if f.cidr.data:
            try:
                me.cloud.post(
                    "network",
                    "/subnets",
                    {"subnet": _subnet(f, network["id"], f"{f.name.data}-subnet")},
                )
            except Problem:
                me.cloud.delete("network", f"/networks/{network['id']}")
                raise
        return done(f"Network {f.name.data} is there.", go=f"/networks/{network['id']}")

    return forms.form_page(
        me,
        Network(request.form if request.method == "POST" else None),
        "New network",
        do,
        back="/networks",
        crumbs=[("Networks", "/networks")],
    )


class Subnet(wtforms.Form):
    "One more subnet."

    name = forms.text("Name")
    cidr = forms.text("Range", required=True, hint="For example 10.2.0.0/24 or fd00:1::/64.")
    gateway = forms.text("Gateway", hint="Empty: the first address.")
    dns = forms.text("DNS servers", hint="Addresses, separated by commas.")
    dhcp = forms.tick("Give addresses out by DHCP", default=True)


@panel.form("/networks/<uuid:network_id>/subnet")
def subnet(me: Who, network_id: Any) -> Any:
    "Add a subnet."

    def do(f: Any) -> Any:
        me.cloud.post(
            "network", "/subnets", {"subnet": _subnet(f, str(network_id), f.name.data or "")}
        )
        return done("The subnet is there.", go=f"/networks/{network_id}")

    return forms.form_page(
        me,
        Subnet(request.form if request.method == "POST" else None),
        "Add a subnet",
        do,
        submit="Add",
        back=f"/networks/{network_id}",
        crumbs=[("Networks", "/networks")],
    )


@panel.get("/networks/<uuid:network_id>")
def show(me: Who, network_id: Any) -> Any:
    "One network with its subnets and ports."
    get = me.cloud.get
    parts = me.cloud.gather(
        network=lambda: get("network", f"/networks/{network_id}", "network"),
        subnets=lambda: get("network", "/subnets", "subnets", network_id=str(network_id)),
        ports=lambda: get("network", "/ports", "ports", network_id=str(network_id)),
    )
    if parts["network"].problem:
        raise parts["network"].problem
    network = parts["network"].value
    may = me.may("member") and (network["project_id"] == me.project_id or me.is_admin)
    facts = [
        ("ID", network["id"]),
        ("Shared", "yes" if network.get("shared") else "no"),
        ("External", "yes" if network.get("router:external") else "no"),
        ("MTU", network.get("mtu")),
        ("Description", network.get("description")),
    ]
    if me.is_admin:
        facts += [
            ("Type", network.get("provider:network_type")),
            ("Segment", network.get("provider:segmentation_id")),
        ]
    sections = [
        {"title": "Network", "facts": facts},
        {
            "title": "Subnets",
            "listing": _subnets(parts["subnets"], may),
            "facts": None,
            "problem": parts["subnets"].problem,
            "actions": [Action("Add", f"/networks/{network_id}/subnet", "plus", post=False)]
            if may
            else [],
        },
        {
            "title": "Ports",
            "listing": _ports(parts["ports"], may),
            "facts": None,
            "problem": parts["ports"].problem,
        },
    ]
    buttons = (
        [
            Action(
                "Delete",
                f"/networks/delete?ids={network_id}&go=1",
                "trash",
                confirm="Delete this network?",
                danger=True,
            )
        ]
        if may
        else []
    )
    return render_template(
        "show.html",
        heading=network["name"] or network["id"],
        status=network["status"],
        crumbs=[("Networks", "/networks")],
        sections=sections,
        buttons=buttons,
    )


def _subnets(part: Any, may: bool) -> Listing:
    rows = [
        Row(
            s["id"],
            {
                "name": s["name"],
                "cidr": s["cidr"],
                "gateway": s.get("gateway_ip"),
                "dhcp": s.get("enable_dhcp"),
                "pools": [f"{p['start']} – {p['end']}" for p in s.get("allocation_pools", ())],
            },
            [
                Action(
                    "Delete",
                    f"/networks/subnets/{s['id']}/delete",
                    "trash",
                    confirm="Delete this subnet?",
                    danger=True,
                )
            ]
            if may
            else [],
        )
        for s in part.value or ()
    ]
    return Listing(
        "Subnets",
        [
            Column("name", "Name"),
            Column("cidr", "Range", "code"),
            Column("gateway", "Gateway", "code"),
            Column("pools", "Addresses given out", "list", True),
            Column("dhcp", "DHCP", "bool", True),
        ],
        rows,
        empty="No subnets: nothing gets an address here.",
    )


def _ports(part: Any, may: bool) -> Listing:
    rows = [
        Row(
            p["id"],
            {
                "ips": [f["ip_address"] for f in p["fixed_ips"]],
                "mac": p["mac_address"],
                "status": p["status"],
                "owner": p["device_owner"] or "nobody",
                "name": p["name"],
            },
            [
                Action(
                    "Delete",
                    f"/networks/ports/{p['id']}/delete",
                    "trash",
                    confirm="Delete this port?",
                    danger=True,
                )
            ]
            if may and not p["device_owner"].startswith("network:")
            else [],
        )
        for p in part.value or ()
    ]
    return Listing(
        "Ports",
        [
            Column("ips", "Addresses", "list"),
            Column("mac", "MAC", "code", True),
            Column("status", "State", "status"),
            Column("owner", "Used by"),
            Column("name", "Name", wide_only=True),
        ],
        rows,
        empty="No ports.",
    )


@panel.post("/networks/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    ids = request.values.getlist("ids")
    if request.args.get("go"):
        me.cloud.delete("network", f"/networks/{ids[0]}")
        return done("The network is deleted.", go="/networks")
    return each(ids, "Delete", lambda i: me.cloud.delete("network", f"/networks/{i}"))


@panel.post("/networks/<any(subnets,ports):kind>/<uuid:thing_id>/delete")
def delete_part(me: Who, kind: str, thing_id: Any) -> Any:
    "Delete a subnet or a port."
    me.cloud.delete("network", f"/{kind}/{thing_id}")
    return done("It is deleted.", go=here())


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("network", "/networks", "networks")
    return [
        {"title": n["name"] or n["id"], "href": f"/networks/{n['id']}", "detail": ""}
        for n in found
        if mine(me, n) and (text.lower() in n["name"].lower() or n["id"].startswith(text))
    ]


panel.search = _search
