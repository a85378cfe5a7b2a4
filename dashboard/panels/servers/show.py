"One server: overview, charts, consoles, log, interfaces, volumes, snapshots, actions."

from __future__ import annotations

from typing import Any

import wtforms
from flask import jsonify, render_template, request

from dashboard import forms
from dashboard.cells import moment, size
from dashboard.errors import NoSuchPage
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panels.servers.panel import actions_of, addresses, busy, panel, state
from dashboard.replies import done
from dashboard.who import Who
from dashboard.who import state as process

TABS = {
    "overview": "Overview",
    "charts": "Charts",
    "vnc": "Console",
    "serial": "Serial console",
    "log": "Log",
    "interfaces": "Interfaces",
    "volumes": "Volumes",
    "snapshots": "Snapshots",
    "actions": "Actions",
}


@panel.get("/servers/<uuid:server_id>")
def show(me: Who, server_id: Any) -> Any:
    "The page of one server, with the tab that `tab` names."
    tab = request.args.get("tab", "overview")
    tabs = {
        k: v
        for k, v in TABS.items()
        if (k != "volumes" or me.cloud.has("volume"))
        and (k not in ("vnc", "serial") or me.may("member"))
    }
    if tab not in tabs:
        raise NoSuchPage()
    wanted = {
        "server": lambda: me.cloud.get("compute", f"/servers/{server_id}", "server"),
        **_more(me, str(server_id), tab),
    }
    parts = me.cloud.gather(**wanted)
    if parts["server"].problem:
        raise parts["server"].problem
    server = parts.pop("server").value
    actions = actions_of(me, server, go=True)
    main = {
        "Start",
        "Reboot",
        "Shut down",
        "Confirm the resize",
        "Revert the resize",
        "Resume",
        "Unpause",
        "Unshelve",
        "Leave rescue",
    }
    return render_template(
        "server.html",
        server=server,
        tab=tab,
        tabs=tabs,
        state=state(server),
        busy=busy(server),
        facts=_facts(server, me),
        primary=[a for a in actions if a.title in main],
        menu=[a for a in actions if a.title not in main],
        **_drawn(me, server, tab, parts),
    )


def _more(me: Who, server_id: str, tab: str) -> dict[str, Any]:
    "What a tab needs, besides the server itself."
    get = me.cloud.get
    if tab == "actions":
        wanted = {
            "actions": lambda: get(
                "compute", f"/servers/{server_id}/os-instance-actions", "instanceActions"
            )
        }
        if me.is_admin:
            wanted["migrations"] = lambda: get(
                "compute", f"/servers/{server_id}/migrations", "migrations"
            )
        return wanted
    if tab == "log":
        return {
            "log": lambda: me.cloud.post(
                "compute",
                f"/servers/{server_id}/action",
                {"os-getConsoleOutput": {"length": 500}},
                "output",
            )
        }
    if tab == "interfaces":
        return {
            "interfaces": lambda: get(
                "compute", f"/servers/{server_id}/os-interface", "interfaceAttachments"
            ),
            "networks": lambda: get("network", "/networks", "networks"),
            "floating": lambda: get(
                "network", "/floatingips", "floatingips", project_id=me.project_id
            ),
        }
    if tab == "volumes":
        return {"volumes": lambda: get("volume", "/volumes/detail", "volumes")}
    if tab == "snapshots":
        return {
            "images": lambda: get("image", "/images", "images", instance_uuid=server_id, limit=100)
        }
    return {}


def _facts(server: dict[str, Any], me: Who) -> list[tuple[str, Any]]:
    flavor = server.get("flavor", {})
    image = server.get("image") or {}
    facts: list[tuple[str, Any]] = [
        ("ID", server["id"]),
        ("Addresses", ", ".join(addresses(server))),
        ("Flavor", flavor.get("original_name")),
        (
            "Size",
            f"{flavor.get('vcpus')} vCPU, {size(flavor.get('ram'), 'MiB')} memory, "
            f"{size(flavor.get('disk'), 'GiB')} disk",
        ),
        ("Image", image.get("id") or "booted from a volume"),
        ("Key pair", server.get("key_name")),
        (
            "Security groups",
            ", ".join(sorted({g["name"] for g in server.get("security_groups", ())})),
        ),
        ("Availability zone", server.get("OS-EXT-AZ:availability_zone")),
        ("Created", moment(server.get("created"))),
        ("Running since", moment(server.get("OS-SRV-USG:launched_at"))),
        ("Description", server.get("description")),
        ("Metadata", ", ".join(f"{k}={v}" for k, v in server.get("metadata", {}).items())),
        ("Tags", ", ".join(server.get("tags", ()))),
    ]
    if server.get("locked"):
        facts.append(("Locked", server.get("locked_reason") or "yes"))
    if me.is_admin:
        facts += [
            ("Host", server.get("OS-EXT-SRV-ATTR:host")),
            ("Project", server.get("tenant_id")),
        ]
    return facts


def _drawn(me: Who, server: dict[str, Any], tab: str, parts: dict[str, Any]) -> dict[str, Any]:
    "The tables of a tab."
    if tab == "actions":
        found: dict[str, Any] = {"listing": _actions(parts["actions"])}
        if "migrations" in parts:
            found["migrations"] = parts["migrations"]
        return found
    if tab == "interfaces":
        return {
            "listing": _interfaces(me, server, parts),
            "networks": parts["networks"].value or [],
        }
    if tab == "snapshots":
        part = parts["images"]
        rows = [
            Row(
                i["id"],
                {
                    "name": (i["name"], f"/images/{i['id']}"),
                    "status": i["status"].upper(),
                    "size": i.get("size"),
                    "created": i["created_at"],
                },
            )
            for i in part.value or ()
            if i.get("instance_uuid", server["id"]) == server["id"]
        ]
        return {
            "listing": Listing(
                "Snapshots",
                [
                    Column("name", "Name", "link"),
                    Column("status", "State", "status"),
                    Column("size", "Size", "size_bytes"),
                    Column("created", "Created", "when"),
                ],
                rows,
                part.problem,
                empty="No snapshots of this server.",
            )
        }
    if tab == "volumes":
        part = parts["volumes"]
        rows = [
            Row(
                v["id"],
                {
                    "name": (v["name"] or v["id"], f"/volumes/{v['id']}"),
                    "device": a["device"],
                    "size": v["size"],
                },
                [
                    Action(
                        "Detach",
                        f"/servers/{server['id']}/volumes/{v['id']}/detach",
                        "plug-x",
                        confirm="Detach the volume?",
                        danger=True,
                    )
                ]
                if me.may("member")
                else [],
            )
            for v in part.value or ()
            for a in v["attachments"]
            if a["server_id"] == server["id"]
        ]
        return {
            "listing": Listing(
                "Volumes",
                [
                    Column("name", "Volume", "link"),
                    Column("device", "Device", "code"),
                    Column("size", "Size", "size_gib"),
                ],
                rows,
                part.problem,
                empty="No volumes are attached.",
            )
        }
    return parts


def _actions(part: Any) -> Listing:
    rows = [
        Row(
            a["request_id"],
            {
                "what": a["action"].replace("_", " "),
                "who": a.get("user_id"),
                "when": a["start_time"],
                "request": a["request_id"],
                "result": "ERROR" if a.get("message") else "DONE",
                "message": a.get("message"),
            },
        )
        for a in part.value or ()
    ]
    return Listing(
        "Actions",
        [
            Column("what", "Action"),
            Column("result", "Result", "status"),
            Column("when", "When", "when"),
            Column("message", "Message"),
            Column("who", "User", "code", True),
            Column("request", "Request", "code", True),
        ],
        rows,
        part.problem,
    )


def _interfaces(me: Who, server: dict[str, Any], parts: dict[str, Any]) -> Listing:
    names = {n["id"]: n["name"] for n in parts["networks"].value or ()}
    floating = {
        f["port_id"]: f["floating_ip_address"]
        for f in parts["floating"].value or ()
        if f.get("port_id")
    }
    part = parts["interfaces"]
    rows = [
        Row(
            i["port_id"],
            {
                "network": (names.get(i["net_id"], i["net_id"]), f"/networks/{i['net_id']}"),
                "ips": [f["ip_address"] for f in i["fixed_ips"]],
                "floating": floating.get(i["port_id"]),
                "mac": i["mac_addr"],
                "state": i["port_state"],
            },
            [
                Action(
                    "Floating IP", f"/floating-ips/assign?port={i['port_id']}", "world", post=False
                ),
                Action(
                    "Detach",
                    f"/servers/{server['id']}/interfaces/{i['port_id']}/detach",
                    "trash",
                    confirm="Detach this interface?",
                    danger=True,
                ),
            ]
            if me.may("member")
            else [],
        )
        for i in part.value or ()
    ]
    return Listing(
        "Interfaces",
        [
            Column("network", "Network", "link"),
            Column("ips", "Addresses", "list"),
            Column("floating", "Floating IP"),
            Column("mac", "MAC", "code", True),
            Column("state", "State", "status"),
        ],
        rows,
        part.problem,
        empty="No interfaces.",
    )


@panel.get("/servers/<uuid:server_id>/usage")
def usage(me: Who, server_id: Any) -> Any:
    "Counters for the charts: what the node reported lately, else one reading of the diagnostics."
    me.cloud.get("compute", f"/servers/{server_id}", "server")
    samples = process().feed.usage.get(str(server_id))
    if samples:
        return jsonify(samples=[{"at": at, **sample} for at, sample in samples])
    import time

    found = me.cloud.get("compute", f"/servers/{server_id}/diagnostics")
    memory = found.get("memory_details") or {}
    nics, disks = found.get("nic_details") or [], found.get("disk_details") or []
    return jsonify(
        samples=[
            {
                "at": time.time(),
                "vcpus": found.get("num_cpus") or 1,
                "cpu_ns": sum(c.get("time") or 0 for c in found.get("cpu_details") or ()),
                "memory_kib": (memory.get("maximum") or 0) * 1024,
                "memory_used_kib": (memory.get("used") or 0) * 1024,
                "rx_bytes": sum(n.get("rx_octets") or 0 for n in nics),
                "tx_bytes": sum(n.get("tx_octets") or 0 for n in nics),
                "read_bytes": sum(d.get("read_bytes") or 0 for d in disks),
                "write_bytes": sum(d.get("write_bytes") or 0 for d in disks),
            }
        ]
    )


class Interface(wtforms.Form):
    "A network to plug into."

    network = forms.choice("Network")


@panel.form("/servers/<uuid:server_id>/interfaces/attach")
def attach(me: Who, server_id: Any) -> Any:
    "One more interface."
    form = Interface(request.form)
    form.network.choices = [
        (n["id"], n["name"] or n["id"])
        for n in me.cloud.get("network", "/networks", "networks")
        if not n.get("router:external") and (n["project_id"] == me.project_id or n.get("shared"))
    ]

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            f"/servers/{server_id}/os-interface",
            {"interfaceAttachment": {"net_id": f.network.data}},
        )
        return done("The interface is attached.", go=f"/servers/{server_id}?tab=interfaces")

    return forms.form_page(
        me,
        form,
        "Attach an interface",
        do,
        submit="Attach",
        back=f"/servers/{server_id}?tab=interfaces",
    )


@panel.post("/servers/<uuid:server_id>/interfaces/<uuid:port_id>/detach")
def detach(me: Who, server_id: Any, port_id: Any) -> Any:
    "One interface less."
    me.cloud.delete("compute", f"/servers/{server_id}/os-interface/{port_id}")
    return done("The interface is being detached.")


@panel.post("/servers/<uuid:server_id>/volumes/<uuid:volume_id>/detach")
def detach_volume(me: Who, server_id: Any, volume_id: Any) -> Any:
    "One volume less."
    me.cloud.delete("compute", f"/servers/{server_id}/os-volume_attachments/{volume_id}")
    return done("The volume is being detached.")
