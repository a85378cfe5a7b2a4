"What is done to servers."

from __future__ import annotations

from typing import Any

import wtforms
from flask import request

from dashboard import forms
from dashboard.errors import NoSuchPage, Problem
from dashboard.panels.servers.panel import VERBS, panel
from dashboard.replies import done, each
from dashboard.who import Who

DONE = {
    "start": "starts",
    "stop": "shuts down",
    "reboot": "reboots",
    "hard-reboot": "reboots",
    "delete": "is being deleted",
    "lock": "is locked",
    "unlock": "is unlocked",
    "pause": "is paused",
    "unpause": "runs on",
    "suspend": "is being suspended",
    "resume": "resumes",
}


def act(me: Who, server_id: str, verb: str) -> None:
    "One verb, one API call."
    if verb == "delete":
        me.cloud.delete("compute", f"/servers/{server_id}")
    elif verb in VERBS:
        me.cloud.post("compute", f"/servers/{server_id}/action", VERBS[verb][3])
    else:
        raise NoSuchPage()


@panel.post("/servers/<uuid:server_id>/do/<verb>")
def do_one(me: Who, server_id: Any, verb: str) -> Any:
    "One server."
    act(me, str(server_id), verb)
    return done(
        f"The server {DONE.get(verb, 'is asked to: ' + verb)}.",
        go="/servers" if request.args.get("go") and verb == "delete" else "",
    )


@panel.post("/servers/do/<verb>")
def do_many(me: Who, verb: str) -> Any:
    "Those in `ids`."
    ids = request.form.getlist("ids")
    if not ids:
        raise Problem("compute", 400, "No server was chosen.")
    return each(ids, verb.capitalize(), lambda server_id: act(me, server_id, verb))


class Snapshot(wtforms.Form):
    "An image of the server as it is now."

    name = forms.text("Name of the image", required=True)


@panel.form("/servers/<uuid:server_id>/snapshot")
def snapshot(me: Who, server_id: Any) -> Any:
    "Create an image of the server."

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            f"/servers/{server_id}/action",
            {"createImage": {"name": f.name.data, "metadata": {}}},
        )
        return done(
            f"Snapshot {f.name.data} is being taken.", go=f"/servers/{server_id}?tab=snapshots"
        )

    return forms.form_page(
        me,
        Snapshot(request.form),
        "Take a snapshot",
        do,
        submit="Take it",
        back=f"/servers/{server_id}",
        crumbs=[("Servers", "/servers")],
    )


class Resize(wtforms.Form):
    "Another flavor."

    flavor = forms.choice("New flavor")


@panel.form("/servers/<uuid:server_id>/resize")
def resize(me: Who, server_id: Any) -> Any:
    "Resize; to be confirmed or reverted afterwards."
    form = Resize(request.form)
    form.flavor.choices = [
        (f["id"], f"{f['name']}: {f['vcpus']} vCPU, {f['ram']} MiB, {f['disk']} GiB")
        for f in me.cloud.get("compute", "/flavors/detail", "flavors")
    ]

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute", f"/servers/{server_id}/action", {"resize": {"flavorRef": f.flavor.data}}
        )
        return done("The server is being resized.", go=f"/servers/{server_id}")

    return forms.form_page(
        me,
        form,
        "Resize",
        do,
        submit="Resize",
        back=f"/servers/{server_id}",
        crumbs=[("Servers", "/servers")],
        lead="The server restarts. Confirm the new size afterwards, or go back to the old one.",
    )


class Rebuild(wtforms.Form):
    "A fresh disk."

    image = forms.choice("Image")


@panel.form("/servers/<uuid:server_id>/rebuild")
def rebuild(me: Who, server_id: Any) -> Any:
    "Rebuild from an image; addresses stay."
    form = Rebuild(request.form)
    form.image.choices = [
        (i["id"], i["name"] or i["id"])
        for i in me.cloud.get("image", "/images", "images", status="active", limit=1000)
    ]

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute", f"/servers/{server_id}/action", {"rebuild": {"imageRef": f.image.data}}
        )
        return done("The server is being rebuilt.", go=f"/servers/{server_id}")

    return forms.form_page(
        me,
        form,
        "Rebuild",
        do,
        submit="Rebuild",
        danger=True,
        back=f"/servers/{server_id}",
        crumbs=[("Servers", "/servers")],
        lead="Everything on its disk is lost. Its addresses stay.",
    )


class Migrate(wtforms.Form):
    "Where to."

    host = forms.choice("To host")


@panel.form("/servers/<uuid:server_id>/migrate", role="admin")
def migrate(me: Who, server_id: Any) -> Any:
    "Live migration; progress and abort are on the server's page."
    form = Migrate(request.form)
    hosts = me.cloud.get("compute", "/os-services", "services", binary="nova-compute")
    form.host.choices = [("", "The scheduler chooses")] + [
        (h["host"], h["host"]) for h in hosts if h["state"] == "up" and h["status"] == "enabled"
    ]

    def do(f: Any) -> Any:
        me.cloud.post(
            "compute",
            f"/servers/{server_id}/action",
            {"os-migrateLive": {"host": f.host.data or None, "block_migration": "auto"}},
        )
        return done("The server is on its way.", go=f"/servers/{server_id}?tab=actions")

    return forms.form_page(
        me,
        form,
        "Live migrate",
        do,
        submit="Migrate",
        back=f"/servers/{server_id}",
        crumbs=[("Servers", "/servers")],
    )


@panel.post("/servers/<uuid:server_id>/migrations/<int:migration_id>/abort", role="admin")
def abort(me: Who, server_id: Any, migration_id: int) -> Any:
    "Stop a live migration; the server stays where it is."
    me.cloud.delete("compute", f"/servers/{server_id}/migrations/{migration_id}")
    return done("The migration is being aborted.")


@panel.post("/servers/<uuid:server_id>/evacuate", role="admin")
def evacuate(me: Who, server_id: Any) -> Any:
    "Rebuild the server elsewhere, its host being down."
    me.cloud.post("compute", f"/servers/{server_id}/action", {"evacuate": {}})
    return done("The server is being evacuated.")
