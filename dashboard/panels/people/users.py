"Users and roles."

from __future__ import annotations

from typing import Any

import wtforms
from flask import request

from dashboard import forms, listing
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panels.people.panel import checked, panel
from dashboard.replies import done
from dashboard.who import Who


@panel.get("/admin/users")
def users(me: Who) -> Any:
    "All users."
    part = me.cloud.gather(found=lambda: me.cloud.get("identity", "/users", "users"))["found"]
    rows = [
        Row(
            u["id"],
            {
                "name": u["name"],
                "id": u["id"],
                "domain": u.get("domain_id"),
                "enabled": u.get("enabled"),
                "mail": u.get("email"),
                "ends": u.get("password_expires_at"),
            },
            [
                Action("Set a password", f"/admin/users/{u['id']}/password", "lock", post=False),
                Action(
                    "Disable" if u.get("enabled") else "Enable",
                    f"/admin/users/{u['id']}/{'disable' if u.get('enabled') else 'enable'}",
                    "ban",
                    confirm=f"Disable {u['name']}? Every session of this user ends."
                    if u.get("enabled")
                    else "",
                    disabled="This is you." if u["id"] == me.user_id else "",
                ),
                Action(
                    "Delete",
                    f"/admin/users/{u['id']}/delete",
                    "trash",
                    confirm=f"Delete user {u['name']}?",
                    danger=True,
                    disabled="This is you." if u["id"] == me.user_id else "",
                ),
            ],
        )
        for u in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Users",
            [
                Column("name", "Name"),
                Column("id", "ID", "code", True),
                Column("domain", "Domain", wide_only=True),
                Column("enabled", "Enabled", "bool"),
                Column("mail", "Mail", wide_only=True),
                Column("ends", "Password ends", "when", True),
            ],
            rows,
            part.problem,
            create=Action("New user", "/admin/users/create", "plus"),
            topic="identity.",
        ),
        crumbs=[("Projects", "/admin/projects")],
    )


class User(wtforms.Form):
    "A user."

    name = forms.text("Name", required=True)
    password = forms.text("Password", required=True, secret=True)
    mail = forms.text("Mail")
    domain = forms.choice("Domain")


@panel.form("/admin/users/create")
def create_user(me: Who) -> Any:
    "A user; roles are given in the projects."
    form = User(request.form)
    form.domain.choices = [
        (d["id"], d["name"]) for d in me.cloud.get("identity", "/domains", "domains")
    ]

    def do(f: Any) -> Any:
        user = {"name": f.name.data, "password": f.password.data, "domain_id": f.domain.data} | (
            {"email": f.mail.data} if f.mail.data else {}
        )
        me.cloud.post("identity", "/users", {"user": user})
        return done(f"User {f.name.data} is there. Give roles in a project.", go="/admin/users")

    return forms.form_page(
        me, form, "New user", do, back="/admin/users", crumbs=[("Users", "/admin/users")]
    )


class Password(wtforms.Form):
    "A new password for somebody."

    password = forms.text("New password", required=True, secret=True)


@panel.form("/admin/users/<user_id>/password")
def user_password(me: Who, user_id: str) -> Any:
    "Set it; the user's sessions end."

    def do(f: Any) -> Any:
        me.cloud.patch(
            "identity", f"/users/{checked(user_id)}", {"user": {"password": f.password.data}}
        )
        return done("The password is set.", go="/admin/users")

    return forms.form_page(
        me,
        Password(request.form),
        "Set a password",
        do,
        submit="Set",
        back="/admin/users",
        crumbs=[("Users", "/admin/users")],
    )


@panel.post("/admin/users/<user_id>/<any(enable,disable,delete):verb>")
def change_user(me: Who, user_id: str, verb: str) -> Any:
    "Enable, disable, delete."
    path = f"/users/{checked(user_id)}"
    if verb == "delete":
        me.cloud.delete("identity", path)
    else:
        me.cloud.patch("identity", path, {"user": {"enabled": verb == "enable"}})
    return done(f"The user is {verb}d.")


@panel.get("/admin/roles")
def roles(me: Who) -> Any:
    "All roles."
    part = me.cloud.gather(found=lambda: me.cloud.get("identity", "/roles", "roles"))["found"]
    rows = [
        Row(
            r["id"],
            {"name": r["name"], "id": r["id"], "note": r.get("description")},
            [
                Action(
                    "Delete",
                    f"/admin/roles/{r['id']}/delete",
                    "trash",
                    confirm=f"Delete role {r['name']}? Everybody loses it.",
                    danger=True,
                )
            ],
        )
        for r in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Roles",
            [
                Column("name", "Name"),
                Column("id", "ID", "code"),
                Column("note", "Description", wide_only=True),
            ],
            rows,
            part.problem,
            create=Action("New role", "/admin/roles/create", "plus"),
        ),
        crumbs=[("Projects", "/admin/projects")],
    )


class Role(wtforms.Form):
    "A role."

    name = forms.text("Name", required=True)


@panel.form("/admin/roles/create")
def create_role(me: Who) -> Any:
    "A role."

    def do(f: Any) -> Any:
        me.cloud.post("identity", "/roles", {"role": {"name": f.name.data}})
        return done(f"Role {f.name.data} is there.", go="/admin/roles")

    return forms.form_page(
        me,
        Role(request.form),
        "New role",
        do,
        back="/admin/roles",
        crumbs=[("Roles", "/admin/roles")],
    )


@panel.post("/admin/roles/<role_id>/delete")
def delete_role(me: Who, role_id: str) -> Any:
    "Delete."
    me.cloud.delete("identity", f"/roles/{checked(role_id)}")
    return done("The role is deleted.")
