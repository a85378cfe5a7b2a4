"Images: upload straight from the browser to the image API, import by URL, properties."

from __future__ import annotations

from typing import Any

import wtforms
from flask import jsonify, render_template, request

from dashboard import forms, listing, uploads
from dashboard.cells import moment, size
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row, is_busy
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.security import allow, origin
from dashboard.who import Who

panel = Panel("images", "Images", icon="photo", group="Compute", order=30, service="image")
FORMATS = {
    "qcow2": "QCOW2",
    "raw": "Raw",
    "iso": "ISO",
    "vmdk": "VMDK",
    "vdi": "VDI",
    "vhd": "VHD",
    "vhdx": "VHDX",
}


@panel.get("/images")
def index(me: Who) -> Any:
    "Images that the project may use."
    from dashboard.who import state

    limit = state().config.cloud.page_size
    part = me.cloud.gather(
        found=lambda: me.cloud.get(
            "image", "/images", limit=limit, marker=request.args.get("marker")
        )
    )["found"]
    body = part.value or {"images": []}
    rows = [
        Row(
            i["id"],
            {
                "name": (
                    i["name"] or i["id"],
                    f"/images/{i['id']}",
                    "protected" if i.get("protected") else "",
                ),
                "status": i["status"].upper(),
                "visibility": i["visibility"],
                "format": i.get("disk_format"),
                "size": i.get("size"),
                "created": i["created_at"],
            },
            _actions(me, i),
            is_busy(i["status"]),
        )
        for i in body["images"]
    ]
    more = f"/images?marker={body['images'][-1]['id']}" if body.get("next") else ""
    return listing.page(
        me,
        Listing(
            "Images",
            [
                Column("name", "Name", "link"),
                Column("status", "State", "status"),
                Column("visibility", "Visibility"),
                Column("format", "Format", wide_only=True),
                Column("size", "Size", "size_bytes"),
                Column("created", "Created", "when", True),
            ],
            rows,
            part.problem,
            create=Action("Add an image", "/images/create", "upload"),
            topic="image.",
            next_url=more,
            bulk=[
                Action(
                    "Delete",
                    "/images/delete",
                    "trash",
                    confirm="Delete the chosen images?",
                    danger=True,
                )
            ],
        ),
    )


def _mine(me: Who, image: dict[str, Any]) -> bool:
    return me.may("member") and (image.get("owner") == me.project_id or me.is_admin)


def _actions(me: Who, image: dict[str, Any]) -> list[Action]:
    found = []
    if me.may("member") and image["status"] == "active":
        found.append(
            Action("Launch a server", f"/servers/launch?image={image['id']}", "rocket", post=False)
        )
    if _mine(me, image):
        found += [
            Action("Edit", f"/images/{image['id']}/edit", "pencil", post=False),
            Action(
                "Delete",
                f"/images/delete?ids={image['id']}",
                "trash",
                confirm=f"Delete image {image['name']}?",
                danger=True,
                disabled="The image is protected." if image.get("protected") else "",
            ),
        ]
    return found


@panel.get("/images/<uuid:image_id>")
def show(me: Who, image_id: Any) -> Any:
    "One image with all its properties."
    image = me.cloud.get("image", f"/images/{image_id}")
    known = {
        "id",
        "name",
        "status",
        "visibility",
        "disk_format",
        "container_format",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "owner",
        "created_at",
        "updated_at",
        "min_disk",
        "min_ram",
        "protected",
        "tags",
        "self",
        "file",
        "schema",
        "direct_url",
        "locations",
        "os_hidden",
    }
    facts = [
        ("ID", image["id"]),
        ("Visibility", image["visibility"]),
        ("Format", f"{image.get('disk_format')} in {image.get('container_format')}"),
        ("Size", size(image.get("size"))),
        ("Virtual size", size(image.get("virtual_size"))),
        ("Least disk", size(image.get("min_disk"), "GiB")),
        ("Least memory", size(image.get("min_ram"), "MiB")),
        ("Protected", "yes" if image.get("protected") else "no"),
        ("Created", moment(image["created_at"])),
        ("Changed", moment(image["updated_at"])),
        (image.get("os_hash_algo") or "Hash", image.get("os_hash_value")),
        ("Owner", image.get("owner")),
        ("Tags", ", ".join(image.get("tags", ()))),
    ]
    sections = [{"title": "Image", "facts": facts}]
    extra = [(key, value) for key, value in sorted(image.items()) if key not in known]
    if extra:
        sections.append({"title": "Properties", "facts": extra})
    return render_template(
        "show.html",
        heading=image["name"] or image["id"],
        status=image["status"].upper(),
        crumbs=[("Images", "/images")],
        sections=sections,
        buttons=_actions(me, image),
    )


@panel.form("/images/create")
def create(me: Who) -> Any:
    """The page for files and URLs; posting it makes the image record and tells the browser where
    to send the data."""
    allow("connect-src", origin(me.cloud.endpoint("image")))
    if request.method == "GET":
        return render_template("image_create.html", formats=FORMATS)
    name, kind = request.form.get("name", "").strip()[:255], request.form.get("disk_format", "")
    if not name or kind not in FORMATS:
        raise Problem("image", 400, "Give the image a name and a format.")
    record: dict[str, Any] = {
        "name": name,
        "disk_format": kind,
        "container_format": "bare",
        "visibility": "public" if request.form.get("public") and me.is_admin else "private",
    }
    for key in ("min_disk", "min_ram"):
        if request.form.get(key, "").isdigit():
            record[key] = int(request.form[key])
    url = request.form.get("url", "").strip()
    if url and not url.startswith(("http://", "https://")):
        raise Problem("image", 400, "The address must start with http:// or https://.")
    image = me.cloud.post("image", "/images", record)
    if url:
        try:
            me.cloud.post(
                "image",
                f"/images/{image['id']}/import",
                {"method": {"name": "web-download", "uri": url}},
            )
        except Problem:
            me.cloud.delete("image", f"/images/{image['id']}")
            raise
        return done(f"Image {name} is being fetched.", go=f"/images/{image['id']}")
    base = me.cloud.endpoint("image")
    return jsonify(
        id=image["id"],
        url=f"{base}/images/{image['id']}/file",
        token=me.token,
        through=f"/images/{image['id']}/data",
        go=f"/images/{image['id']}",
    )


@panel.post("/images/<uuid:image_id>/data")
@uploads.raw_body
def data(me: Who, image_id: Any) -> Any:
    """The data through the dashboard, for clouds whose image API does not let browsers of this
    address call it. Nothing is stored here."""
    uploads.send_on(
        me, "image", "PUT", f"/images/{image_id}/file", {"Content-Type": "application/octet-stream"}
    )
    return "", 204


class Edit(wtforms.Form):
    "What may be changed."

    name = forms.text("Name", required=True)
    min_disk = forms.number("Least disk (GiB)", default=0)
    min_ram = forms.number("Least memory (MiB)", default=0)
    protected = forms.tick("Protect it from being deleted")
    visibility = forms.choice(
        "Visibility",
        [
            ("private", "private"),
            ("shared", "shared"),
            ("community", "community"),
            ("public", "public"),
        ],
    )


@panel.form("/images/<uuid:image_id>/edit")
def edit(me: Who, image_id: Any) -> Any:
    "Change the properties."
    image = me.cloud.get("image", f"/images/{image_id}")
    form = Edit(request.form if request.method == "POST" else None, data=image)
    if not me.is_admin and image["visibility"] != "public":
        form.visibility.choices = form.visibility.choices[:3]

    def do(f: Any) -> Any:
        changes = [
            {"op": "replace", "path": f"/{field.name}", "value": field.data}
            for field in f
            if field.data != image.get(field.name) and field.data is not None
        ]
        if changes:
            me.cloud.request(
                "image",
                "PATCH",
                f"/images/{image_id}",
                data=uploads.json_text(changes),
                headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
            )
        return done("The image is changed.", go=f"/images/{image_id}")

    return forms.form_page(
        me,
        form,
        "Edit the image",
        do,
        submit="Save",
        back=f"/images/{image_id}",
        crumbs=[("Images", "/images")],
    )


@panel.post("/images/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    return each(
        request.values.getlist("ids"), "Delete", lambda i: me.cloud.delete("image", f"/images/{i}")
    )


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("image", "/images", "images", limit=500)
    return [
        {"title": i["name"] or i["id"], "href": f"/images/{i['id']}", "detail": size(i.get("size"))}
        for i in found
        if text.lower() in (i["name"] or "").lower()
    ]


panel.search = _search
