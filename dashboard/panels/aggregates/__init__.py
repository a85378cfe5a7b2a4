"Host aggregates: groups of hosts with properties, and availability zones."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import NoSuchPage
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done
from dashboard.who import Who

panel = Panel(
    "aggregates", "Aggregates", icon="box", group="Admin", order=30, service="compute", role="admin"
)


@panel.get("/admin/aggregates")
def index(me: Who) -> Any:
    "All aggregates."
    part = me.cloud.gather(found=lambda: me.cloud.get("compute", "/os-aggregates", "aggregates"))[
        "found"
    ]
    rows = [
        Row(
            str(a["id"]),
            {
                "name": (a["name"], f"/admin/aggregates/{a['id']}"),
                "zone": a.get("availability_zone"),
                "hosts": a["hosts"],
                "metadata": [
                    f"{k}={v}" for k, v in a["metadata"].items() if k != "availability_zone"
                ],
            },
            [
                Action(
                    "Hosts and properties", f"/admin/aggregates/{a['id']}", "pencil", post=False
                ),
                Action(
                    "Delete",
                    f"/admin/aggregates/{a['id']}/delete",
                    "trash",
                    confirm=f"Delete {a['name']}?",
                    danger=True,
                ),
            ],
        )
        for a in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Aggregates",
            [
                Column("name", "Name", "link"),
                Column("zone", "Availability zone"),
                Column("hosts", "Hosts", "chips"),
                Column("metadata", "Properties", "chips", True),
            ],
            rows,
            part.problem,
            create=Action("New aggregate", "/admin/aggregates/create", "plus"),
            topic="aggregate. compute.aggregate",
        ),
    )


class Aggregate(wtforms.Form):
    "An aggregate."

    name = forms.text("Name", required=True)
    zone = forms.text("Availability zone", hint="Empty: it is none.")


@panel.form("/admin/aggregates/create")
def create(me: Who) -> Any:
    "A new one."

    def do(f: Any) -> Any:
        made = me.cloud.post(
            "compute",
            "/os-aggregates",
            {"aggregate": {"name": f.name.data, "availability_zone": f.zone.data or None}},
            "aggregate",
        )
        return done(f"Aggregate {f.name.data} is there.", go=f"/admin/aggregates/{made['id']}")

    return forms.form_page(
        me,
        Aggregate(request.form),
        "New aggregate",
        do,
        back="/admin/aggregates",
        crumbs=[("Aggregates", "/admin/aggregates")],
    )


@panel.get("/admin/aggregates/<int:number>")
def show(me: Who, number: int) -> Any:
    "Its hosts and properties."
    parts = me.cloud.gather(
        found=lambda: me.cloud.get("compute", "/os-aggregates", "aggregates"),
        services=lambda: me.cloud.get("compute", "/os-services", "services", binary="nova-compute"),
    )
    if parts["found"].problem:
        raise parts["found"].problem

    aggregate = next((a for a in parts["found"].value if a["id"] == number), None)
    if aggregate is None:
        raise NoSuchPage()
    hosts = [s["host"] for s in parts["services"].value or ()]
    rows = [
        Row(
            h,
            {"host": h},
            [
                Action(
                    "Take out",
                    f"/admin/aggregates/{number}/remove?host={h}",
                    "trash",
                    confirm=f"Take {h} out?",
                )
            ],
        )
        for h in aggregate["hosts"]
    ]
    sections = [
        {
            "title": "Aggregate",
            "facts": [
                ("Availability zone", aggregate.get("availability_zone")),
                *sorted(aggregate["metadata"].items()),
            ],
            "actions": [
                Action("Set a property", f"/admin/aggregates/{number}/property", "plus", post=False)
            ],
        },
        {
            "title": "Hosts",
            "facts": None,
            "listing": Listing("", [Column("host", "Host")], rows, empty="No hosts."),
            "actions": [
                Action(f"Add {h}", f"/admin/aggregates/{number}/add?host={h}", "plus")
                for h in hosts
                if h not in aggregate["hosts"]
            ][:8],
        },
    ]
    return render_template(
        "show.html",
        heading=aggregate["name"],
        sections=sections,
        crumbs=[("Aggregates", "/admin/aggregates")],
        status=None,
    )


class Property(wtforms.Form):
    "A property."

    key = forms.text("Name", required=True)
    value = forms.text("Value", hint="Empty: the property goes.")


@panel.form("/admin/aggregates/<int:number>/property")
def set_property(me: Who, number: int) -> Any:
    "Set or remove a property."

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            f"/os-aggregates/{number}/action",
            {"set_metadata": {"metadata": {f.key.data: f.value.data or None}}},
        )
        return done("The property is set.", go=f"/admin/aggregates/{number}")

    return forms.form_page(
        me,
        Property(request.form),
        "Set a property",
        do,
        submit="Set",
        back=f"/admin/aggregates/{number}",
    )


@panel.post("/admin/aggregates/<int:number>/<any(add,remove):verb>")
def change(me: Who, number: int, verb: str) -> Any:
    "Add or remove a host."
    me.cloud.post(
        "compute",
        f"/os-aggregates/{number}/action",
        {f"{verb}_host": {"host": request.args.get("host", "")}},
    )
    return done("The hosts are changed.", go=f"/admin/aggregates/{number}")


@panel.post("/admin/aggregates/<int:number>/delete")
def delete(me: Who, number: int) -> Any:
    "Delete."
    me.cloud.delete("compute", f"/os-aggregates/{number}")
    return done("The aggregate is deleted.")
