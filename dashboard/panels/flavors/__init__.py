"Flavors: the sizes that servers come in. Everybody sees them; administrators make and delete them."

from typing import Any

import wtforms
from flask import request

from dashboard import forms, listing
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done
from dashboard.who import Who

panel = Panel("flavors", "Flavors", icon="stack-2", group="Compute", order=50, service="compute")


@panel.get("/flavors")
def index(me: Who) -> Any:
    "All that this project may use; all of them for administrators."
    query: dict[str, Any] = {"is_public": "None"} if me.is_admin else {}
    part = me.cloud.gather(
        flavors=lambda: me.cloud.get("compute", "/flavors/detail", "flavors", **query)
    )["flavors"]
    rows = [
        Row(
            f["id"],
            {
                "name": f["name"],
                "vcpus": f["vcpus"],
                "ram": f["ram"],
                "disk": f["disk"],
                "public": f.get("os-flavor-access:is_public", True),
                "specs": [f"{k}={v}" for k, v in f.get("extra_specs", {}).items()],
            },
            [
                Action(
                    "Delete",
                    f"/flavors/{f['id']}/delete",
                    "trash",
                    confirm=f"Delete flavor {f['name']}? Its servers go on.",
                    danger=True,
                )
            ]
            if me.is_admin
            else [],
        )
        for f in part.value or ()
    ]
    columns = [
        Column("name", "Name"),
        Column("vcpus", "vCPUs"),
        Column("ram", "Memory", "size_mib"),
        Column("disk", "Disk", "size_gib"),
        Column("public", "Public", "bool", True),
        Column("specs", "Extra specs", "chips", True),
    ]
    create = Action("New flavor", "/flavors/create", "plus") if me.is_admin else None
    return listing.page(
        me, Listing("Flavors", columns, rows, part.problem, create=create, topic="flavor")
    )


class Flavor(wtforms.Form):
    "A new size."

    name = forms.text("Name", required=True)
    vcpus = forms.number("Virtual CPUs", required=True, default=1, least=1, most=512)
    ram = forms.number("Memory (MiB)", required=True, default=1024, least=1)
    disk = forms.number("Disk (GiB)", required=True, default=10, hint="0: as large as the image.")
    public = forms.tick("Every project may use it", default=True)


@panel.form("/flavors/create", role="admin")
def create(me: Who) -> Any:
    "A new flavor."

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            "/flavors",
            {
                "flavor": {
                    "name": f.name.data,
                    "vcpus": f.vcpus.data,
                    "ram": f.ram.data,
                    "disk": f.disk.data,
                    "os-flavor-access:is_public": f.public.data,
                }
            },
        )
        return done(f"Flavor {f.name.data} is there.", go="/flavors")

    return forms.form_page(
        me,
        Flavor(request.form if request.method == "POST" else None),
        "New flavor",
        do,
        back="/flavors",
    )


@panel.post("/flavors/<flavor_id>/delete", role="admin")
def delete(me: Who, flavor_id: str) -> Any:
    "Delete."
    me.cloud.delete("compute", f"/flavors/{flavor_id}")
    return done("The flavor is deleted.")
