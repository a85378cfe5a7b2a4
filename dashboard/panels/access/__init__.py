"""Ways in besides the browser: openrc, clouds.yaml, application credentials, EC2 credentials, the
own password, the endpoints."""

from __future__ import annotations

import datetime
import json
import shlex
from typing import Any

import wtforms
from flask import Response, render_template, request

from dashboard import forms
from dashboard.errors import NoSuchPage, Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done
from dashboard.who import Who

panel = Panel("access", "Access", icon="certificate", group="Access", order=10)


@panel.get("/access")
def index(me: Who) -> Any:
    "Everything on one page."
    get = me.cloud.get
    parts = me.cloud.gather(
        apps=lambda: get(
            "identity", f"/users/{me.user_id}/application_credentials", "application_credentials"
        ),
        ec2=lambda: get("identity", f"/users/{me.user_id}/credentials/OS-EC2", "credentials"),
    )
    apps = [
        Row(
            a["id"],
            {
                "name": a["name"],
                "id": a["id"],
                "roles": [r["name"] for r in a.get("roles", ())],
                "expires": a.get("expires_at"),
                "note": a.get("description"),
            },
            [
                Action(
                    "Delete",
                    f"/access/application/{a['id']}/delete",
                    "trash",
                    confirm=f"Delete {a['name']}? What uses it can log in no more.",
                    danger=True,
                )
            ],
        )
        for a in parts["apps"].value or ()
    ]
    ec2 = [
        Row(
            c["access"],
            {"access": c["access"], "secret": c["secret"]},
            [
                Action(
                    "Delete",
                    f"/access/ec2/{c['access']}/delete",
                    "trash",
                    confirm="Delete this key?",
                    danger=True,
                )
            ],
        )
        for c in parts["ec2"].value or ()
        if c.get("tenant_id") == me.project_id
    ]
    endpoints = (
        [
            Row(
                entry["type"],
                {
                    "type": entry["type"],
                    "url": next(
                        (
                            e["url"]
                            for e in entry["endpoints"]
                            if e["interface"] == "public" and e.get("region_id") == me.region
                        ),
                        None,
                    ),
                },
            )
            for entry in sorted(me.ref.service_catalog.catalog, key=lambda e: e["type"])
        ]
        if me.ref.has_service_catalog()
        else []
    )
    sections = [
        {
            "title": "Application credentials",
            "facts": None,
            "problem": parts["apps"].problem,
            "actions": [Action("New", "/access/application/create", "plus", post=False)],
            "listing": Listing(
                "",
                [
                    Column("name", "Name"),
                    Column("id", "ID", "code", True),
                    Column("roles", "Roles", "chips"),
                    Column("expires", "Ends", "when", True),
                    Column("note", "Note", wide_only=True),
                ],
                apps,
                empty="None yet. A program logs in with one instead of your password.",
            ),
        },
        {
            "title": "EC2 and S3 keys",
            "facts": None,
            "problem": parts["ec2"].problem,
            "actions": [Action("New", "/access/ec2/create", "plus")],
            "listing": Listing(
                "",
                [
                    Column("access", "Access key", "code"),
                    Column("secret", "Secret key", "code", True),
                ],
                ec2,
                empty="None yet.",
            ),
        },
        {
            "title": "Endpoints",
            "facts": None,
            "listing": Listing(
                "", [Column("type", "Service"), Column("url", "URL", "code")], endpoints
            ),
        },
    ]
    buttons = [
        Action("openrc", "/access/openrc", "download", post=False),
        Action("clouds.yaml", "/access/clouds.yaml", "download", post=False),
        Action("Change password", "/access/password", "lock", post=False),
    ]
    return render_template(
        "show.html", heading="Access", sections=sections, buttons=buttons, crumbs=[], status=None
    )


def _download(name: str, text: str) -> Response:
    return Response(
        text, mimetype="text/plain", headers={"Content-Disposition": f"attachment; filename={name}"}
    )


@panel.get("/access/openrc")
def openrc(me: Who) -> Response:
    "For `source`: asks for the password, and holds none."
    values = {
        "OS_AUTH_URL": me.cloud.transport.identity_url,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": me.user_name,
        "OS_USER_DOMAIN_NAME": me.user_domain,
        "OS_PROJECT_NAME": me.project_name,
        "OS_PROJECT_DOMAIN_NAME": me.project_domain,
        "OS_REGION_NAME": me.region,
        "OS_INTERFACE": "public",
    }
    lines = [f"export {key}={shlex.quote(value)}" for key, value in values.items() if value]
    question = shlex.quote(f"Password of {me.user_name} in {me.project_name}:")
    ask = f"echo {question}\nread -rs OS_PASSWORD\nexport OS_PASSWORD"
    return _download(
        "openrc.sh", "#!/bin/sh\n# source this file\n" + "\n".join(lines) + "\n" + ask + "\n"
    )


@panel.get("/access/clouds.yaml")
def clouds_yaml(me: Who) -> Response:
    "For ~/.config/openstack/clouds.yaml; the password is asked for. JSON strings are YAML strings."
    auth = {
        "auth_url": me.cloud.transport.identity_url,
        "username": me.user_name,
        "user_domain_name": me.user_domain,
        "project_name": me.project_name,
        "project_domain_name": me.project_domain,
    }
    lines = [
        "clouds:",
        f"  {json.dumps(me.project_name or 'altostratus')}:",
        "    auth:",
        *(f"      {k}: {json.dumps(v)}" for k, v in auth.items() if v),
        f"    region_name: {json.dumps(me.region)}",
        "    identity_api_version: 3",
        "    interface: public",
    ]
    return _download("clouds.yaml", "\n".join(lines) + "\n")


class Application(wtforms.Form):
    "An application credential."

    name = forms.text("Name", required=True)
    note = forms.text("Note")
    days = forms.number(
        "Good for how many days", hint="Empty: until it is deleted.", least=1, most=3650
    )
    unrestricted = forms.tick(
        "It may make more credentials", hint="Dangerous: whoever has it can stay for ever."
    )


@panel.form("/access/application/create", role="reader")
def create_application(me: Who) -> Any:
    "A credential; its secret is shown once."
    form = Application(request.form)
    available = list(me.roles)
    chosen = request.form.getlist("roles") if request.method == "POST" else available

    def do(f: Any) -> Any:
        given: dict[str, Any] = {
            "name": f.name.data,
            "description": f.note.data or "",
            "unrestricted": f.unrestricted.data,
        }
        if set(chosen) < set(available) and chosen:
            given["roles"] = [{"name": r} for r in chosen if r in available]
        if f.days.data:
            end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=f.days.data)
            given["expires_at"] = end.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        made = me.cloud.post(
            "identity",
            f"/users/{me.user_id}/application_credentials",
            {"application_credential": given},
            "application_credential",
        )
        text = "\n".join(
            [
                "clouds:",
                f"  {json.dumps(f.name.data)}:",
                "    auth_type: v3applicationcredential",
                "    auth:",
                f"      auth_url: {json.dumps(me.cloud.transport.identity_url)}",
                f"      application_credential_id: {json.dumps(made['id'])}",
                f"      application_credential_secret: {json.dumps(made['secret'])}",
                f"    region_name: {json.dumps(me.region)}",
            ]
        )
        return render_template(
            "secret.html", heading="Application credential", made=made, text=text
        )

    return forms.form_page(
        me,
        form,
        "New application credential",
        do,
        back="/access",
        crumbs=[("Access", "/access")],
        template="application.html",
        available=available,
        chosen=chosen,
        lead="It acts as you, in this project, with the roles you choose.",
    )


@panel.post("/access/application/<credential_id>/delete", role="reader")
def delete_application(me: Who, credential_id: str) -> Any:
    "Delete."
    me.cloud.delete("identity", f"/users/{me.user_id}/application_credentials/{_id(credential_id)}")
    return done("The credential is deleted.", go="/access")


@panel.post("/access/ec2/create", role="reader")
def create_ec2(me: Who) -> Any:
    "A key for EC2 and S3 clients."
    me.cloud.post(
        "identity", f"/users/{me.user_id}/credentials/OS-EC2", {"tenant_id": me.project_id}
    )
    return done("The key is there.", go="/access")


@panel.post("/access/ec2/<access>/delete", role="reader")
def delete_ec2(me: Who, access: str) -> Any:
    "Delete."
    me.cloud.delete("identity", f"/users/{me.user_id}/credentials/OS-EC2/{_id(access)}")
    return done("The key is deleted.", go="/access")


def _id(text: str) -> str:
    if not text.isalnum():
        raise NoSuchPage()
    return text


class Password(wtforms.Form):
    "The own password."

    old = forms.text("Password now", required=True, secret=True)
    new = forms.text("New password", required=True, secret=True)
    again = forms.text("New password once more", required=True, secret=True)


@panel.form("/access/password", role="reader")
def password(me: Who) -> Any:
    "Change it; every session ends, this one too."

    def do(f: Any) -> Any:
        if f.new.data != f.again.data:
            raise Problem("identity", 400, "The two new passwords differ.")
        me.cloud.post(
            "identity",
            f"/users/{me.user_id}/password",
            {"user": {"original_password": f.old.data, "password": f.new.data}},
        )
        return done("The password is changed.", go="/access")

    return forms.form_page(
        me,
        Password(request.form),
        "Change password",
        do,
        submit="Change",
        back="/access",
        crumbs=[("Access", "/access")],
    )
