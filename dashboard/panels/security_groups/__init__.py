"Security groups and the editor of their rules."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.who import Who

panel = Panel(
    "security_groups",
    "Security groups",
    icon="shield-lock",
    group="Network",
    order=30,
    service="network",
)
PRESETS = {
    "ssh": ("SSH", "tcp", 22),
    "http": ("HTTP", "tcp", 80),
    "https": ("HTTPS", "tcp", 443),
    "rdp": ("RDP", "tcp", 3389),
    "dns": ("DNS", "udp", 53),
    "postgresql": ("PostgreSQL", "tcp", 5432),
    "mysql": ("MySQL", "tcp", 3306),
    "ping": ("Ping (ICMP)", "icmp", None),
}


@panel.get("/security-groups")
def index(me: Who) -> Any:
    "The groups of the project."
    part = me.cloud.gather(
        groups=lambda: me.cloud.get(
            "network", "/security-groups", "security_groups", project_id=me.project_id
        )
    )["groups"]
    rows = [
        Row(
            g["id"],
            {
                "name": (g["name"], f"/security-groups/{g['id']}"),
                "description": g.get("description"),
                "rules": len(g.get("security_group_rules", ())),
            },
            [
                Action("Edit the rules", f"/security-groups/{g['id']}", "pencil", post=False),
                Action(
                    "Delete",
                    f"/security-groups/delete?ids={g['id']}",
                    "trash",
                    confirm=f"Delete security group {g['name']}?",
                    danger=True,
                ),
            ]
            if me.may("member")
            else [],
        )
        for g in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Security groups",
            [
                Column("name", "Name", "link"),
                Column("rules", "Rules"),
                Column("description", "Description", wide_only=True),
            ],
            rows,
            part.problem,
            create=Action("New group", "/security-groups/create", "plus"),
            topic="security_group",
            bulk=[
                Action(
                    "Delete",
                    "/security-groups/delete",
                    "trash",
                    confirm="Delete the chosen groups?",
                    danger=True,
                )
            ],
        ),
    )


class Group(wtforms.Form):
    "A group."

    name = forms.text("Name", required=True)
    description = forms.text("Description")


@panel.form("/security-groups/create")
def create(me: Who) -> Any:
    "A group without rules of its own."

    def do(f: Any) -> Any:
        made = me.cloud.post(
            "network",
            "/security-groups",
            {"security_group": {"name": f.name.data, "description": f.description.data or ""}},
            "security_group",
        )
        return done(f"Group {f.name.data} is there.", go=f"/security-groups/{made['id']}")

    return forms.form_page(
        me,
        Group(request.form),
        "New security group",
        do,
        back="/security-groups",
        crumbs=[("Security groups", "/security-groups")],
    )


@panel.get("/security-groups/<uuid:group_id>")
def show(me: Who, group_id: Any) -> Any:
    "The rules, and the editor for one more."
    return _page(me, str(group_id))


def _page(me: Who, group_id: str, problem: Problem | None = None, status: int = 200) -> Any:
    get = me.cloud.get
    parts = me.cloud.gather(
        group=lambda: get("network", f"/security-groups/{group_id}", "security_group"),
        groups=lambda: get(
            "network", "/security-groups", "security_groups", project_id=me.project_id
        ),
    )
    if parts["group"].problem:
        raise parts["group"].problem
    group, groups = parts["group"].value, parts["groups"].value or []
    names = {g["id"]: g["name"] for g in groups}
    rows = [
        Row(
            r["id"],
            {
                "direction": "in" if r["direction"] == "ingress" else "out",
                "protocol": r.get("protocol") or "any",
                "ports": ports_of(r),
                "remote": names.get(r.get("remote_group_id"), r.get("remote_group_id"))
                or r.get("remote_ip_prefix")
                or "anywhere",
                "family": r.get("ethertype"),
                "note": r.get("description"),
            },
            [
                Action(
                    "Delete",
                    f"/security-groups/{group_id}/rules/{r['id']}/delete",
                    "trash",
                    danger=True,
                )
            ]
            if me.may("member")
            else [],
        )
        for r in sorted(
            group["security_group_rules"],
            key=lambda r: (r["direction"], r.get("protocol") or "", r.get("port_range_min") or 0),
        )
    ]
    rules = Listing(
        "Rules",
        [
            Column("direction", "Way"),
            Column("protocol", "Protocol"),
            Column("ports", "Ports"),
            Column("remote", "From / to", "code"),
            Column("family", "IP", wide_only=True),
            Column("note", "Note", wide_only=True),
        ],
        rows,
        empty="No rules: nothing passes.",
    )
    return render_template(
        "security_group.html",
        group=group,
        groups=groups,
        rules=rules,
        presets=PRESETS,
        problem=problem,
        form=request.form,
    ), status


def ports_of(rule: dict[str, Any]) -> str:
    "The ports of a rule in words."
    low, high = rule.get("port_range_min"), rule.get("port_range_max")
    if rule.get("protocol") in ("icmp", "icmpv6", "ipv6-icmp"):
        return (
            "any" if low is None else f"type {low}" + (f", code {high}" if high is not None else "")
        )
    if low is None:
        return "any"
    return str(low) if low == high else f"{low} – {high}"


def rule_of(form: Any, group_id: str) -> dict[str, Any]:
    "The rule that the editor says. Raises Problem for ports that are none."
    preset = PRESETS.get(form.get("preset", ""))
    protocol = preset[1] if preset else form.get("protocol") or None
    ports = (str(preset[2]) if preset[2] else "") if preset else form.get("ports", "").strip()
    rule: dict[str, Any] = {
        "security_group_id": group_id,
        "direction": "egress" if form.get("direction") == "egress" else "ingress",
        "ethertype": "IPv6" if form.get("family") == "IPv6" else "IPv4",
    }
    if protocol:
        rule["protocol"] = protocol
    if ports and protocol in ("tcp", "udp", "sctp"):
        low, _, high = ports.replace("–", "-").partition("-")
        try:
            rule["port_range_min"], rule["port_range_max"] = int(low), int(high or low)
        except ValueError:
            raise Problem(
                "network", 400, "Ports are a number or a range such as 8000-8010."
            ) from None
    if form.get("remote") == "group" and form.get("remote_group"):
        rule["remote_group_id"] = form["remote_group"]
    elif form.get("cidr", "").strip():
        rule["remote_ip_prefix"] = form["cidr"].strip()
    if form.get("note", "").strip():
        rule["description"] = form["note"].strip()[:255]
    return rule


@panel.post("/security-groups/<uuid:group_id>/rules")
def add_rule(me: Who, group_id: Any) -> Any:
    "One more rule."
    try:
        me.cloud.post(
            "network",
            "/security-group-rules",
            {"security_group_rule": rule_of(request.form, str(group_id))},
        )
    except Problem as problem:
        return _page(me, str(group_id), problem, problem.status if problem.status < 500 else 502)
    return done("The rule is added.", go=f"/security-groups/{group_id}")


@panel.post("/security-groups/<uuid:group_id>/rules/<uuid:rule_id>/delete")
def delete_rule(me: Who, group_id: Any, rule_id: Any) -> Any:
    "One rule less."
    me.cloud.delete("network", f"/security-group-rules/{rule_id}")
    return done("The rule is deleted.", go=f"/security-groups/{group_id}")


@panel.post("/security-groups/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    return each(
        request.values.getlist("ids"),
        "Delete",
        lambda i: me.cloud.delete("network", f"/security-groups/{i}"),
    )
