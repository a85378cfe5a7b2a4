"Services of compute and network: who is up, who takes work, and why not."

from __future__ import annotations

from typing import Any

import wtforms
from flask import request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done
from dashboard.who import Who

panel = Panel(
    "services",
    "Services",
    icon="stethoscope",
    group="Admin",
    order=20,
    service="compute",
    role="admin",
)


@panel.get("/admin/services")
def index(me: Who) -> Any:
    "Compute services and network agents."
    get = me.cloud.get
    parts = me.cloud.gather(
        services=lambda: get("compute", "/os-services", "services"),
        agents=lambda: get("network", "/agents", "agents"),
    )
    rows = [
        Row(
            str(s["id"]),
            {
                "name": s["binary"],
                "host": s["host"],
                "zone": s["zone"],
                "state": "DOWN" if s.get("forced_down") else s["state"].upper(),
                "status": s["status"].upper(),
                "reason": s.get("disabled_reason"),
                "seen": s.get("updated_at"),
            },
            _actions(s),
        )
        for s in parts["services"].value or ()
    ]
    rows += [
        Row(
            a["id"],
            {
                "name": a["binary"],
                "host": a["host"],
                "zone": a.get("availability_zone"),
                "state": "UP" if a["alive"] else "DOWN",
                "status": "ENABLED" if a["admin_state_up"] else "DISABLED",
                "reason": a.get("description"),
                "seen": a.get("heartbeat_timestamp"),
            },
        )
        for a in parts["agents"].value or ()
    ]
    columns = [
        Column("name", "Service"),
        Column("host", "Host"),
        Column("zone", "Zone", wide_only=True),
        Column("state", "State", "status"),
        Column("status", "Takes work", "status"),
        Column("reason", "Reason"),
        Column("seen", "Last heard", "when", True),
    ]
    return listing.page(
        me, Listing("Services", columns, rows, parts["services"].problem, topic="compute. service.")
    )


def _actions(service: dict[str, Any]) -> list[Action]:
    if service["binary"] != "nova-compute":
        return []
    toggle = (
        Action("Disable", f"/admin/services/{service['id']}/disable", "ban", post=False)
        if service["status"] == "enabled"
        else Action("Enable", f"/admin/services/{service['id']}/enable", "check")
    )
    forced = service.get("forced_down")
    return [
        toggle,
        Action(
            "Say it is up again" if forced else "Say it is down",
            f"/admin/services/{service['id']}/force/{'up' if forced else 'down'}",
            "power",
            confirm=""
            if forced
            else "Only when the machine is really off: its servers may be started elsewhere.",
            danger=not forced,
        ),
    ]


class Disable(wtforms.Form):
    "Why."

    reason = forms.text("Reason", required=True, hint="Others see it in the lists.")


@panel.form("/admin/services/<service_id>/disable")
def disable(me: Who, service_id: str) -> Any:
    "No new servers there."

    def do(f: Any) -> Any:
        me.cloud.put(
            "compute",
            f"/os-services/{_id(service_id)}",
            {"status": "disabled", "disabled_reason": f.reason.data},
        )
        return done("The host takes no more servers.", go="/admin/hypervisors")

    return forms.form_page(
        me,
        Disable(request.form),
        "Disable",
        do,
        submit="Disable",
        back="/admin/services",
        crumbs=[("Services", "/admin/services")],
        lead="Servers that are there go on; new ones go elsewhere.",
    )


@panel.post("/admin/services/<service_id>/enable")
def enable(me: Who, service_id: str) -> Any:
    "New servers again."
    me.cloud.put("compute", f"/os-services/{_id(service_id)}", {"status": "enabled"})
    return done("The host takes servers again.")


@panel.post("/admin/services/<service_id>/force/<any(up,down):way>")
def force(me: Who, service_id: str, way: str) -> Any:
    "Tell the cloud that a machine is off, or on again."
    me.cloud.put("compute", f"/os-services/{_id(service_id)}", {"forced_down": way == "down"})
    return done(f"The service counts as {way}.")


def _id(text: str) -> str:
    if not text.replace("-", "").isalnum():
        raise Problem("compute", 404, "There is no such service.")
    return text
