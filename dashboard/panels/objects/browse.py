"Containers and folders as tables."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panels.objects.panel import link, panel, path_of
from dashboard.replies import done, each
from dashboard.who import Who, state

SEGMENTS = "_segments"


@panel.get("/objects")
def index(me: Who) -> Any:
    "The containers of the project."
    part = me.cloud.gather(
        found=lambda: me.cloud.get("object_store", "", format="json", limit=1000)
    )["found"]
    rows = [
        Row(
            c["name"],
            {
                "name": (c["name"], link(c["name"])),
                "count": c["count"],
                "bytes": c["bytes"],
                "changed": c.get("last_modified"),
            },
            [
                Action(
                    "Delete",
                    f"/objects/delete?{_ids(c['name'])}",
                    "trash",
                    confirm=f"Delete container {c['name']}? It must be empty.",
                    danger=True,
                )
            ]
            if me.may("member")
            else [],
        )
        for c in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Object storage",
            [
                Column("name", "Container", "link"),
                Column("count", "Objects"),
                Column("bytes", "Size", "size_bytes"),
                Column("changed", "Changed", "when", True),
            ],
            rows,
            part.problem,
            create=Action("New container", "/objects/create", "folder-plus"),
            empty="No containers yet.",
            bulk=[
                Action(
                    "Delete",
                    "/objects/delete",
                    "trash",
                    confirm="Delete the chosen containers?",
                    danger=True,
                )
            ],
        ),
    )


def _ids(name: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"ids": name})


class Container(wtforms.Form):
    "A container."

    name = forms.text("Name", required=True, hint="Up to 256 bytes, no slash.", most=256)
    public = forms.tick("Everybody may read it, without logging in")


@panel.form("/objects/create")
def create(me: Who) -> Any:
    "A container."

    def do(f: Any) -> Any:
        if "/" in f.name.data:
            raise Problem("object_store", 400, "The name of a container cannot contain a slash.")
        headers = {"X-Container-Read": ".r:*,.rlistings"} if f.public.data else {}
        me.cloud.request("object_store", "PUT", path_of(f.name.data), headers=headers)
        return done(f"Container {f.name.data} is there.", go=link(f.name.data))

    return forms.form_page(
        me,
        Container(request.form),
        "New container",
        do,
        back="/objects",
        crumbs=[("Object storage", "/objects")],
    )


@panel.post("/objects/delete")
def delete(me: Who) -> Any:
    "Delete the containers in `ids`."
    return each(
        request.values.getlist("ids"),
        "Delete",
        lambda name: me.cloud.delete("object_store", path_of(name)),
    )


@panel.get("/objects/<container>")
def browse(me: Who, container: str) -> Any:
    "A folder of a container: one page of it."
    prefix, marker = request.args.get("prefix", ""), request.args.get("marker", "")
    limit = state().config.cloud.page_size
    part = me.cloud.gather(
        found=lambda: me.cloud.get(
            "object_store",
            path_of(container),
            format="json",
            prefix=prefix,
            delimiter="/",
            marker=marker,
            limit=limit,
        )
    )["found"]
    if part.problem and part.problem.status == 404:
        raise part.problem
    found = part.value or []
    columns = [
        Column("name", "Name", "link"),
        Column("bytes", "Size", "size_bytes"),
        Column("kind", "Type", wide_only=True),
        Column("changed", "Changed", "when", True),
    ]
    table = Listing(
        container,
        columns,
        [_row(me, container, prefix, entry) for entry in found if entry.get("name") != prefix],
        part.problem,
        bulk=[
            Action(
                "Delete",
                link(container, "/delete"),
                "trash",
                confirm="Delete the chosen objects?",
                danger=True,
            )
        ],
        empty="This folder is empty. Drop files here.",
        next_url=link(container, prefix=prefix, marker=found[-1].get("name") or found[-1]["subdir"])
        if len(found) == limit
        else "",
    )
    steps, so_far = [("Object storage", "/objects")], ""
    parts = prefix.strip("/").split("/") if prefix else []
    if parts:
        steps.append((container, link(container)))
    for step in parts[:-1]:
        so_far += step + "/"
        steps.append((step, link(container, prefix=so_far)))
    table.title = parts[-1] if parts else container
    return listing.page(
        me,
        table,
        template="objects.html",
        crumbs=steps,
        container=container,
        prefix=prefix,
        upload_url=link(container, "/upload"),
        segments_url=link(container, "/segments"),
    )


def _row(me: Who, container: str, prefix: str, entry: dict[str, Any]) -> Row:
    if "subdir" in entry:
        name = entry["subdir"]
        return Row(
            name, {"name": (name[len(prefix) :], link(container, prefix=name)), "kind": "folder"}
        )
    name = entry["name"]
    actions = [
        Action(
            "Download", link(container, "/file", name=name, download="1"), "download", post=False
        )
    ]
    if me.may("member"):
        actions += [
            Action("Temporary URL", link(container, "/temporary", name=name), "link", post=False),
            Action(
                "Delete",
                link(container, "/delete", ids=name),
                "trash",
                confirm=f"Delete {name}?",
                danger=True,
            ),
        ]
    return Row(
        name,
        {
            "name": (name[len(prefix) :], link(container, "/show", name=name)),
            "bytes": entry["bytes"],
            "kind": entry.get("content_type"),
            "changed": entry.get("last_modified"),
        },
        actions,
    )


@panel.post("/objects/<container>/delete")
def delete_objects(me: Who, container: str) -> Any:
    "Delete the objects in `ids`; what was uploaded in segments goes with them."

    def one(name: str) -> None:
        if name.endswith("/"):
            raise Problem("object_store", 409, "Folders go when what is in them goes.")
        me.cloud.delete("object_store", path_of(container, name) + "?multipart-manifest=delete")

    return each(request.values.getlist("ids"), "Delete", one)


class Folder(wtforms.Form):
    "A folder."

    name = forms.text("Name", required=True)


@panel.form("/objects/<container>/folder")
def folder(me: Who, container: str) -> Any:
    "An empty folder: an object whose name ends in a slash."
    prefix = request.args.get("prefix", "")

    def do(f: Any) -> Any:
        name = prefix + f.name.data.strip("/") + "/"
        me.cloud.request(
            "object_store",
            "PUT",
            path_of(container, name),
            data=b"",
            headers={"Content-Type": "application/directory"},
        )
        return done("The folder is there.", go=link(container, prefix=name))

    return forms.form_page(
        me,
        Folder(request.form),
        "New folder",
        do,
        back=link(container, prefix=prefix),
        crumbs=[("Object storage", "/objects"), (container, link(container))],
    )


@panel.get("/objects/<container>/show")
def show(me: Who, container: str) -> Any:
    "One object: what it is, and a look into it."
    name = request.args.get("name", "")
    headers = me.cloud.request("object_store", "HEAD", path_of(container, name)).headers
    kind, length = headers.get("Content-Type", ""), int(headers.get("Content-Length", 0))
    text = None
    if length < 2**20 and (
        kind.startswith("text/")
        or kind.split(";")[0]
        in ("application/json", "application/xml", "application/x-sh", "application/yaml")
    ):
        text = me.cloud.request(
            "object_store",
            "GET",
            path_of(container, name),
            headers={"Range": "bytes=0-65535"} if length else {},
        ).content.decode("utf-8", "replace")
    return render_template(
        "object.html",
        container=container,
        name=name,
        kind=kind,
        length=length,
        headers=headers,
        text=text,
        link=link,
        is_image=kind in ("image/png", "image/jpeg", "image/gif", "image/webp"),
    )
