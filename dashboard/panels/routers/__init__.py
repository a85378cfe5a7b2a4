"Routers: between networks, and out into the world."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.who import Who

panel = Panel("routers", "Routers", icon="router", group="Network", order=20, service="network")


@panel.get("/routers")
def index(me: Who) -> Any:
    "Routers and the networks outside."
    get = me.cloud.get
    parts = me.cloud.gather(
        routers=lambda: get("network", "/routers", "routers", project_id=me.project_id),
        networks=lambda: get("network", "/networks", "networks"),
    )
    names = {n["id"]: n["name"] for n in parts["networks"].value or ()}
    rows = []
    for r in parts["routers"].value or ():
        gateway = (r.get("external_gateway_info") or {}).get("network_id")
        rows.append(
            Row(
                r["id"],
                {
                    "name": (r["name"] or r["id"], f"/routers/{r['id']}"),
                    "status": r["status"],
                    "gateway": names.get(gateway, gateway),
                    "ips": [
                        f["ip_address"]
                        for f in (r.get("external_gateway_info") or {}).get(
                            "external_fixed_ips", ()
                        )
                    ],
                },
                _actions(me, r),
            )
        )
    return listing.page(
        me,
        Listing(
            "Routers",
            [
                Column("name", "Name", "link"),
                Column("status", "State", "status"),
                Column("gateway", "Outside"),
                Column("ips", "Address outside", "list", True),
            ],
            rows,
            parts["routers"].problem,
            create=Action("New router", "/routers/create", "plus"),
            topic="router.",
            bulk=[
                Action(
                    "Delete",
                    "/routers/delete",
                    "trash",
                    confirm="Delete the chosen routers?",
                    danger=True,
                )
            ],
        ),
    )


def _actions(me: Who, router: dict[str, Any]) -> list[Action]:
    if not me.may("member"):
        return []
    return [
        Action(
            "Connect a subnet", f"/routers/{router['id']}/connect", "plug-connected", post=False
        ),
        Action("Set the gateway", f"/routers/{router['id']}/gateway", "world", post=False),
        Action(
            "Delete",
            f"/routers/delete?ids={router['id']}",
            "trash",
            confirm=f"Delete router {router['name']}?",
            danger=True,
        ),
    ]


class Router(wtforms.Form):
    "A router."

    name = forms.text("Name", required=True)
    outside = forms.choice("Gateway to")


def _outside(me: Who) -> list[tuple[str, str]]:
    found = me.cloud.get("network", "/networks", "networks", **{"router:external": "True"})
    return [("", "none"), *((n["id"], n["name"] or n["id"]) for n in found)]


@panel.form("/routers/create")
def create(me: Who) -> Any:
    "A router, with a way out if wanted."
    form = Router(request.form)
    form.outside.choices = _outside(me)

    def do(f: Any) -> Any:
        router: dict[str, Any] = {"name": f.name.data}
        if f.outside.data:
            router["external_gateway_info"] = {"network_id": f.outside.data}
        made = me.cloud.post("network", "/routers", {"router": router}, "router")
        return done(f"Router {f.name.data} is there.", go=f"/routers/{made['id']}")

    return forms.form_page(
        me, form, "New router", do, back="/routers", crumbs=[("Routers", "/routers")]
    )


class Gateway(wtforms.Form):
    "The way out."

    outside = forms.choice("Gateway to")


@panel.form("/routers/<uuid:router_id>/gateway")
def gateway(me: Who, router_id: Any) -> Any:
    "Set or clear the gateway."
    form = Gateway(request.form)
    form.outside.choices = _outside(me)

    def do(f: Any) -> Any:
        info = {"network_id": f.outside.data} if f.outside.data else {}
        me.cloud.put(
            "network", f"/routers/{router_id}", {"router": {"external_gateway_info": info}}
        )
        return done("The gateway is set.", go=f"/routers/{router_id}")

    return forms.form_page(
        me,
        form,
        "Gateway",
        do,
        submit="Set",
        back=f"/routers/{router_id}",
        crumbs=[("Routers", "/routers")],
    )


class Connect(wtforms.Form):
    "A subnet."

    subnet = forms.choice("Subnet")


@panel.form("/routers/<uuid:router_id>/connect")
def connect(me: Who, router_id: Any) -> Any:
    "Connect a subnet."
    form = Connect(request.form)
    subnets = me.cloud.get("network", "/subnets", "subnets", project_id=me.project_id)
    form.subnet.choices = [(s["id"], f"{s['name'] or s['id']} ({s['cidr']})") for s in subnets]

    def do(f: Any) -> Any:
        me.cloud.put(
            "network", f"/routers/{router_id}/add_router_interface", {"subnet_id": f.subnet.data}
        )
        return done("The subnet is connected.", go=f"/routers/{router_id}")

    return forms.form_page(
        me,
        form,
        "Connect a subnet",
        do,
        submit="Connect",
        back=f"/routers/{router_id}",
        crumbs=[("Routers", "/routers")],
    )


@panel.get("/routers/<uuid:router_id>")
def show(me: Who, router_id: Any) -> Any:
    "One router and what it connects."
    get = me.cloud.get
    parts = me.cloud.gather(
        router=lambda: get("network", f"/routers/{router_id}", "router"),
        ports=lambda: get("network", "/ports", "ports", device_id=str(router_id)),
        networks=lambda: get("network", "/networks", "networks"),
    )
    if parts["router"].problem:
        raise parts["router"].problem
    router, may = parts["router"].value, me.may("member")
    names = {n["id"]: n["name"] or n["id"] for n in parts["networks"].value or ()}
    info = router.get("external_gateway_info") or {}
    rows = [
        Row(
            p["id"],
            {
                "network": (
                    names.get(p["network_id"], p["network_id"]),
                    f"/networks/{p['network_id']}",
                ),
                "ips": [f["ip_address"] for f in p["fixed_ips"]],
                "status": p["status"],
            },
            [
                Action(
                    "Disconnect",
                    f"/routers/{router_id}/disconnect/{p['fixed_ips'][0]['subnet_id']}",
                    "plug-connected-x",
                    confirm="Disconnect this subnet?",
                    danger=True,
                )
            ]
            if may and p["fixed_ips"] and "interface" in p["device_owner"]
            else [],
        )
        for p in parts["ports"].value or ()
    ]
    sections = [
        {
            "title": "Router",
            "facts": [
                ("ID", router["id"]),
                ("Outside", names.get(info.get("network_id"), info.get("network_id"))),
                ("Translates addresses", "yes" if info.get("enable_snat") else "no"),
                (
                    "Routes",
                    ", ".join(
                        f"{r['destination']} via {r['nexthop']}" for r in router.get("routes", ())
                    ),
                ),
            ],
            "actions": [
                Action("Set the gateway", f"/routers/{router_id}/gateway", "world", post=False)
            ]
            if may
            else [],
        },
        {
            "title": "Interfaces",
            "facts": None,
            "problem": parts["ports"].problem,
            "listing": Listing(
                "",
                [
                    Column("network", "Network", "link"),
                    Column("ips", "Addresses", "list"),
                    Column("status", "State", "status"),
                ],
                rows,
                empty="No subnet is connected.",
            ),
            "actions": [
                Action("Connect a subnet", f"/routers/{router_id}/connect", "plus", post=False)
            ]
            if may
            else [],
        },
    ]
    return render_template(
        "show.html",
        heading=router["name"] or router["id"],
        status=router["status"],
        crumbs=[("Routers", "/routers")],
        sections=sections,
    )


@panel.post("/routers/<uuid:router_id>/disconnect/<uuid:subnet_id>")
def disconnect(me: Who, router_id: Any, subnet_id: Any) -> Any:
    "Disconnect a subnet."
    me.cloud.put(
        "network", f"/routers/{router_id}/remove_router_interface", {"subnet_id": str(subnet_id)}
    )
    return done("The subnet is disconnected.", go=f"/routers/{router_id}")


@panel.post("/routers/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    return each(
        request.values.getlist("ids"),
        "Delete",
        lambda i: me.cloud.delete("network", f"/routers/{i}"),
    )


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("network", "/routers", "routers", project_id=me.project_id)
    return [
        {"title": r["name"], "href": f"/routers/{r['id']}", "detail": ""}
        for r in found
        if text.lower() in r["name"].lower()
    ]


panel.search = _search
