"Volumes and their snapshots; shown when the catalog has a volume service."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.cells import moment, size
from dashboard.listing import Action, Column, Listing, Row, is_busy
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.who import Who, state

panel = Panel("volumes", "Volumes", icon="database", group="Storage", order=10, service="volume")


@panel.get("/volumes")
def index(me: Who) -> Any:
    "The volumes of the project."
    limit = state().config.cloud.page_size
    part = me.cloud.gather(
        found=lambda: me.cloud.get(
            "volume", "/volumes/detail", limit=limit, marker=request.args.get("marker")
        )
    )["found"]
    body = part.value or {"volumes": []}
    rows = [
        Row(
            v["id"],
            {
                "name": (v["name"] or v["id"], f"/volumes/{v['id']}"),
                "status": v["status"].upper(),
                "size": v["size"],
                "type": v.get("volume_type"),
                "on": ", ".join(a["device"] for a in v["attachments"]),
                "created": v["created_at"],
            },
            _actions(me, v),
            is_busy(v["status"]),
        )
        for v in body["volumes"]
    ]
    more = f"/volumes?marker={body['volumes'][-1]['id']}" if body.get("volumes_links") else ""
    return listing.page(
        me,
        Listing(
            "Volumes",
            [
                Column("name", "Name", "link"),
                Column("status", "State", "status"),
                Column("size", "Size", "size_gib"),
                Column("on", "Attached as", "code"),
                Column("type", "Type", wide_only=True),
                Column("created", "Created", "when", True),
            ],
            rows,
            part.problem,
            topic="volume. snapshot.",
            next_url=more,
            create=Action("New volume", "/volumes/create", "plus"),
            buttons=[Action("Snapshots", "/volumes/snapshots", "camera", post=False)],
            bulk=[
                Action(
                    "Delete",
                    "/volumes/delete",
                    "trash",
                    confirm="Delete the chosen volumes for ever?",
                    danger=True,
                )
            ],
        ),
    )


def _actions(me: Who, volume: dict[str, Any]) -> list[Action]:
    if not me.may("member"):
        return []
    found = []
    if volume["status"] == "available":
        found.append(
            Action("Attach", f"/volumes/{volume['id']}/attach", "plug-connected", post=False)
        )
    found += [
        Action("Take a snapshot", f"/volumes/{volume['id']}/snapshot", "camera", post=False),
        Action("Grow", f"/volumes/{volume['id']}/grow", "arrow-up", post=False),
    ]
    found.append(
        Action(
            "Delete",
            f"/volumes/delete?ids={volume['id']}",
            "trash",
            confirm=f"Delete volume {volume['name']} for ever?",
            danger=True,
        )
    )
    return found


class Volume(wtforms.Form):
    "A volume."

    name = forms.text("Name", required=True)
    size = forms.number("Size (GiB)", required=True, default=10, least=1)
    kind = forms.choice("Type")
    source = forms.choice("Made of")


@panel.form("/volumes/create")
def create(me: Who) -> Any:
    "Empty, or made of an image, a snapshot or another volume."
    get = me.cloud.get
    parts = me.cloud.gather(
        types=lambda: get("volume", "/types", "volume_types"),
        images=lambda: get("image", "/images", "images", status="active", limit=500),
        snapshots=lambda: get("volume", "/snapshots", "snapshots"),
    )
    form = Volume(request.form if request.method == "POST" else None)
    form.kind.choices = [
        ("", "the default"),
        *((t["name"], t["name"]) for t in parts["types"].value or ()),
    ]
    form.source.choices = [
        ("", "nothing: an empty volume"),
        *((f"imageRef={i['id']}", f"image {i['name']}") for i in parts["images"].value or ()),
        *(
            (f"snapshot_id={s['id']}", f"snapshot {s['name']}")
            for s in parts["snapshots"].value or ()
        ),
    ]

    def do(f: Any) -> Any:
        volume: dict[str, Any] = {"name": f.name.data, "size": f.size.data}
        if f.kind.data:
            volume["volume_type"] = f.kind.data
        if f.source.data:
            key, _, value = f.source.data.partition("=")
            volume[key] = value
        me.cloud.post("volume", "/volumes", {"volume": volume})
        return done(f"Volume {f.name.data} is being made.", go="/volumes")

    return forms.form_page(
        me, form, "New volume", do, back="/volumes", crumbs=[("Volumes", "/volumes")]
    )


@panel.get("/volumes/<uuid:volume_id>")
def show(me: Who, volume_id: Any) -> Any:
    "One volume and its snapshots."
    get = me.cloud.get
    parts = me.cloud.gather(
        volume=lambda: get("volume", f"/volumes/{volume_id}", "volume"),
        snapshots=lambda: get("volume", "/snapshots/detail", "snapshots", volume_id=str(volume_id)),
    )
    if parts["volume"].problem:
        raise parts["volume"].problem
    v = parts["volume"].value
    facts = [
        ("ID", v["id"]),
        ("Size", size(v["size"], "GiB")),
        ("Type", v.get("volume_type")),
        ("Bootable", v.get("bootable")),
        ("Encrypted", "yes" if v.get("encrypted") else "no"),
        ("Attached to", ", ".join(f"{a['server_id']} as {a['device']}" for a in v["attachments"])),
        ("Created", moment(v["created_at"])),
        ("Description", v.get("description")),
    ]
    sections = [
        {"title": "Volume", "facts": facts},
        {
            "title": "Snapshots",
            "facts": None,
            "problem": parts["snapshots"].problem,
            "listing": _snapshots(me, parts["snapshots"].value or []),
        },
    ]
    return render_template(
        "show.html",
        heading=v["name"] or v["id"],
        status=v["status"].upper(),
        crumbs=[("Volumes", "/volumes")],
        sections=sections,
        buttons=_actions(me, v),
    )


def _snapshots(me: Who, found: list[Any]) -> Listing:
    rows = [
        Row(
            s["id"],
            {
                "name": s["name"] or s["id"],
                "status": s["status"].upper(),
                "size": s["size"],
                "created": s["created_at"],
            },
            [
                Action(
                    "Delete",
                    f"/volumes/snapshots/{s['id']}/delete",
                    "trash",
                    confirm="Delete this snapshot?",
                    danger=True,
                )
            ]
            if me.may("member")
            else [],
            is_busy(s["status"]),
        )
        for s in found
    ]
    return Listing(
        "Snapshots",
        [
            Column("name", "Name"),
            Column("status", "State", "status"),
            Column("size", "Size", "size_gib"),
            Column("created", "Created", "when"),
        ],
        rows,
        empty="No snapshots.",
        topic="snapshot.",
    )


@panel.get("/volumes/snapshots")
def snapshots(me: Who) -> Any:
    "All snapshots of the project."
    part = me.cloud.gather(found=lambda: me.cloud.get("volume", "/snapshots/detail", "snapshots"))[
        "found"
    ]
    table = _snapshots(me, part.value or [])
    table.problem = part.problem
    return listing.page(me, table, crumbs=[("Volumes", "/volumes")])


class Snapshot(wtforms.Form):
    "A snapshot."

    name = forms.text("Name", required=True)


@panel.form("/volumes/<uuid:volume_id>/snapshot")
def snapshot(me: Who, volume_id: Any) -> Any:
    "Take a snapshot, also while a server uses the volume."

    def do(f: Any) -> Any:
        me.cloud.post(
            "volume",
            "/snapshots",
            {"snapshot": {"volume_id": str(volume_id), "name": f.name.data, "force": True}},
        )
        return done("The snapshot is being taken.", go=f"/volumes/{volume_id}")

    return forms.form_page(
        me,
        Snapshot(request.form),
        "Take a snapshot",
        do,
        submit="Take it",
        back=f"/volumes/{volume_id}",
        crumbs=[("Volumes", "/volumes")],
    )


class Grow(wtforms.Form):
    "A new size."

    size = forms.number("New size (GiB)", required=True, least=1)


@panel.form("/volumes/<uuid:volume_id>/grow")
def grow(me: Who, volume_id: Any) -> Any:
    "Make it larger."

    def do(f: Any) -> Any:
        me.cloud.post(
            "volume", f"/volumes/{volume_id}/action", {"os-extend": {"new_size": f.size.data}}
        )
        return done("The volume grows.", go=f"/volumes/{volume_id}")

    return forms.form_page(
        me,
        Grow(request.form),
        "Grow",
        do,
        submit="Grow",
        back=f"/volumes/{volume_id}",
        crumbs=[("Volumes", "/volumes")],
    )


class Attach(wtforms.Form):
    "A server."

    server = forms.choice("Server")


@panel.form("/volumes/<uuid:volume_id>/attach")
def attach(me: Who, volume_id: Any) -> Any:
    "Attach to a server."
    form = Attach(request.form)
    form.server.choices = [
        (s["id"], s["name"])
        for s in me.cloud.get("compute", "/servers/detail", "servers", limit=1000)
    ]

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            f"/servers/{f.server.data}/os-volume_attachments",
            {"volumeAttachment": {"volumeId": str(volume_id)}},
        )
        return done("The volume is being attached.", go=f"/volumes/{volume_id}")

    return forms.form_page(
        me,
        form,
        "Attach",
        do,
        submit="Attach",
        back=f"/volumes/{volume_id}",
        crumbs=[("Volumes", "/volumes")],
    )


@panel.post("/volumes/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    return each(
        request.values.getlist("ids"),
        "Delete",
        lambda i: me.cloud.delete("volume", f"/volumes/{i}"),
    )


@panel.post("/volumes/snapshots/<uuid:snapshot_id>/delete")
def delete_snapshot(me: Who, snapshot_id: Any) -> Any:
    "Delete a snapshot."
    me.cloud.delete("volume", f"/snapshots/{snapshot_id}")
    return done("The snapshot is being deleted.")


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("volume", "/volumes/detail", "volumes")
    return [
        {
            "title": v["name"] or v["id"],
            "href": f"/volumes/{v['id']}",
            "detail": size(v["size"], "GiB"),
        }
        for v in found
        if text.lower() in (v["name"] or "").lower()
    ]


panel.search = _search
