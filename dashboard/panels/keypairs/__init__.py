"""SSH keys. A new pair is made in the browser's memory of this answer only: the private half is
shown once and kept nowhere."""

from typing import Any

import wtforms
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panel import Panel
from dashboard.replies import done, each
from dashboard.who import Who

panel = Panel("keypairs", "Key pairs", icon="key", group="Compute", order=40, service="compute")


@panel.get("/keypairs")
def index(me: Who) -> Any:
    "The key pairs of the user (not of the project)."
    part = me.cloud.gather(keys=lambda: me.cloud.get("compute", "/os-keypairs", "keypairs"))["keys"]
    rows = [
        Row(
            k["keypair"]["name"],
            {
                "name": k["keypair"]["name"],
                "type": k["keypair"].get("type"),
                "fingerprint": k["keypair"]["fingerprint"],
            },
            _actions(me, k["keypair"]["name"]),
        )
        for k in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Key pairs",
            [
                Column("name", "Name"),
                Column("type", "Type"),
                Column("fingerprint", "Fingerprint", "code", wide_only=True),
            ],
            rows,
            part.problem,
            create=Action("New key pair", "/keypairs/create", "plus"),
            topic="keypair compute.keypair",
            bulk=[
                Action(
                    "Delete",
                    "/keypairs/delete",
                    "trash",
                    confirm="Delete the chosen key pairs?",
                    danger=True,
                )
            ],
            empty="No key pairs yet. Servers take one to let you in.",
        ),
    )


def _actions(me: Who, name: str) -> list[Action]:
    if not me.may("member"):
        return []
    return [
        Action(
            "Delete",
            f"/keypairs/delete?ids={_quoted(name)}",
            "trash",
            confirm=f"Delete key pair {name}?",
            danger=True,
        )
    ]


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


class KeyPair(wtforms.Form):
    "A name, and a public key for those who have one."

    name = forms.text("Name", required=True, hint="Letters, digits, spaces and @ . _ -")
    public_key = forms.text(
        "Public key",
        area=True,
        most=16000,
        hint="Leave empty to have a pair made: its private key is shown once.",
    )


@panel.form("/keypairs/create")
def create(me: Who) -> Any:
    "Import a public key, or make a pair."
    return forms.form_page(
        me, KeyPair(request.form), "New key pair", lambda f: _create(me, f), back="/keypairs"
    )


def _create(me: Who, form: Any) -> Any:
    public, private = form.public_key.data, ""
    if not public:
        public, private = make_pair(form.name.data)
    me.cloud.post(
        "compute",
        "/os-keypairs",
        {"keypair": {"name": form.name.data, "type": "ssh", "public_key": public}},
    )
    if private:
        return render_template("keypair_made.html", name=form.name.data, private=private)
    return done(f"Key pair {form.name.data} is there.", go="/keypairs")


def make_pair(comment: str) -> tuple[str, str]:
    "(public, private) of a new Ed25519 pair, both as OpenSSH writes them."
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return public.decode(), private.decode()


@panel.post("/keypairs/delete")
def delete(me: Who) -> Any:
    "Delete those in `ids`."
    ids = request.values.getlist("ids")
    if not ids:
        raise Problem("compute", 400, "No key pair was chosen.")
    return each(
        ids, "Delete", lambda name: me.cloud.delete("compute", f"/os-keypairs/{_quoted(name)}")
    )


def _search(me: Who, text: str) -> list[dict[str, str]]:
    keys = me.cloud.get("compute", "/os-keypairs", "keypairs")
    return [
        {"title": k["keypair"]["name"], "href": "/keypairs", "detail": ""}
        for k in keys
        if text.lower() in k["keypair"]["name"].lower()
    ]


panel.search = _search
