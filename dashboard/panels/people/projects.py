"Projects: who is in them, and how much they may use."

from __future__ import annotations

from typing import Any

import wtforms
from flask import render_template, request

from dashboard import forms, listing
from dashboard.errors import Problem
from dashboard.listing import Action, Column, Listing, Row
from dashboard.panels.people.panel import checked, panel
from dashboard.replies import done
from dashboard.who import Who

COMPUTE = {
    "instances": "Servers",
    "cores": "Virtual CPUs",
    "ram": "Memory (MiB)",
    "key_pairs": "Key pairs of a user",
    "server_groups": "Server groups",
}
NETWORK = {
    "network": "Networks",
    "subnet": "Subnets",
    "port": "Ports",
    "router": "Routers",
    "floatingip": "Floating IPs",
    "security_group": "Security groups",
}
VOLUME = {
    "volumes": "Volumes",
    "gigabytes": "Volume storage (GiB)",
    "snapshots": "Volume snapshots",
}
SETS = {
    "compute": ("/os-quota-sets/{}", "quota_set", COMPUTE),
    "network": ("/quotas/{}", "quota", NETWORK),
    "volume": ("/os-quota-sets/{}", "quota_set", VOLUME),
}


@panel.get("/admin/projects")
def index(me: Who) -> Any:
    "All projects."
    part = me.cloud.gather(found=lambda: me.cloud.get("identity", "/projects", "projects"))["found"]
    rows = [
        Row(
            p["id"],
            {
                "name": (p["name"], f"/admin/projects/{p['id']}"),
                "id": p["id"],
                "domain": p.get("domain_id"),
                "enabled": p.get("enabled"),
                "note": p.get("description"),
            },
            [
                Action("Quotas", f"/admin/projects/{p['id']}/quotas", "gauge", post=False),
                Action("Add a person", f"/admin/projects/{p['id']}/grant", "users", post=False),
                Action(
                    "Disable" if p.get("enabled") else "Enable",
                    f"/admin/projects/{p['id']}/{'disable' if p.get('enabled') else 'enable'}",
                    "ban",
                    confirm=f"Disable {p['name']}? Nobody can log in to it then."
                    if p.get("enabled")
                    else "",
                ),
                Action(
                    "Delete",
                    f"/admin/projects/{p['id']}/delete",
                    "trash",
                    confirm=f"Delete project {p['name']}? Delete what is in it first.",
                    danger=True,
                ),
            ],
        )
        for p in part.value or ()
    ]
    return listing.page(
        me,
        Listing(
            "Projects",
            [
                Column("name", "Name", "link"),
                Column("id", "ID", "code", True),
                Column("domain", "Domain", wide_only=True),
                Column("enabled", "Enabled", "bool"),
                Column("note", "Description", wide_only=True),
            ],
            rows,
            part.problem,
            create=Action("New project", "/admin/projects/create", "plus"),
            topic="identity.",
            buttons=[
                Action("Users", "/admin/users", "users", post=False),
                Action("Roles", "/admin/roles", "shield", post=False),
            ],
        ),
    )


class Project(wtforms.Form):
    "A project."

    name = forms.text("Name", required=True, most=64)
    note = forms.text("Description")
    domain = forms.choice("Domain")


@panel.form("/admin/projects/create")
def create(me: Who) -> Any:
    "A project."
    form = Project(request.form)
    form.domain.choices = [
        (d["id"], d["name"]) for d in me.cloud.get("identity", "/domains", "domains")
    ]

    def do(f: Any) -> Any:
        made = me.cloud.post(
            "identity",
            "/projects",
            {
                "project": {
                    "name": f.name.data,
                    "description": f.note.data or "",
                    "domain_id": f.domain.data,
                }
            },
            "project",
        )
        return done(f"Project {f.name.data} is there.", go=f"/admin/projects/{made['id']}")

    return forms.form_page(
        me,
        form,
        "New project",
        do,
        back="/admin/projects",
        crumbs=[("Projects", "/admin/projects")],
    )


@panel.get("/admin/projects/<project_id>")
def show(me: Who, project_id: str) -> Any:
    "Who is in it: two API calls."
    project_id = checked(project_id)
    get = me.cloud.get
    parts = me.cloud.gather(
        project=lambda: get("identity", f"/projects/{project_id}", "project"),
        grants=lambda: get(
            "identity",
            "/role_assignments",
            "role_assignments",
            include_names="true",
            **{"scope.project.id": project_id},
        ),
    )
    if parts["project"].problem:
        raise parts["project"].problem
    project = parts["project"].value
    rows = []
    for g in parts["grants"].value or ():
        if g.get("scope", {}).get("project", {}).get("id") != project_id:
            continue
        kind = "user" if "user" in g else "group"
        who = g[kind]
        rows.append(
            Row(
                f"{who['id']}-{g['role']['id']}",
                {"who": who.get("name") or who["id"], "kind": kind, "role": g["role"].get("name")},
                [
                    Action(
                        "Take away",
                        f"/admin/projects/{project_id}/revoke/{kind}s/{who['id']}/{g['role']['id']}",
                        "trash",
                        confirm=f"Take the role {g['role'].get('name')} from {who.get('name')}?",
                        danger=True,
                    )
                ],
            )
        )
    rows.sort(key=lambda r: (r.cells["who"], r.cells["role"]))
    sections = [
        {
            "title": "Project",
            "facts": [
                ("ID", project["id"]),
                ("Domain", project.get("domain_id")),
                ("Enabled", "yes" if project.get("enabled") else "no"),
                ("Description", project.get("description")),
            ],
        },
        {
            "title": "People",
            "facts": None,
            "problem": parts["grants"].problem,
            "actions": [
                Action("Add a person", f"/admin/projects/{project_id}/grant", "plus", post=False)
            ],
            "listing": Listing(
                "",
                [Column("who", "Who"), Column("kind", "Kind"), Column("role", "Role")],
                rows,
                empty="Nobody.",
            ),
        },
    ]
    return render_template(
        "show.html",
        heading=project["name"],
        crumbs=[("Projects", "/admin/projects")],
        sections=sections,
        status=None,
        buttons=[Action("Quotas", f"/admin/projects/{project_id}/quotas", "gauge", post=False)],
    )


class Grant(wtforms.Form):
    "Who, and which role."

    user = forms.choice("User")
    role = forms.choice("Role")


@panel.form("/admin/projects/<project_id>/grant")
def grant(me: Who, project_id: str) -> Any:
    "Give somebody a role."
    project_id = checked(project_id)
    parts = me.cloud.gather(
        users=lambda: me.cloud.get("identity", "/users", "users"),
        roles=lambda: me.cloud.get("identity", "/roles", "roles"),
    )
    form = Grant(request.form)
    form.user.choices = [(u["id"], u["name"]) for u in parts["users"].value or ()]
    form.role.choices = sorted(
        [(r["id"], r["name"]) for r in parts["roles"].value or ()], key=lambda r: r[1] != "member"
    )

    def do(f: Any) -> Any:
        me.cloud.put("identity", f"/projects/{project_id}/users/{f.user.data}/roles/{f.role.data}")
        return done("The role is given.", go=f"/admin/projects/{project_id}")

    return forms.form_page(
        me,
        form,
        "Add a person",
        do,
        submit="Add",
        back=f"/admin/projects/{project_id}",
        crumbs=[("Projects", "/admin/projects")],
    )


@panel.post("/admin/projects/<project_id>/revoke/<any(users,groups):kind>/<who_id>/<role_id>")
def revoke(me: Who, project_id: str, kind: str, who_id: str, role_id: str) -> Any:
    "Take a role away."
    me.cloud.delete(
        "identity",
        f"/projects/{checked(project_id)}/{kind}/{checked(who_id)}/roles/{checked(role_id)}",
    )
    return done("The role is taken away.", go=f"/admin/projects/{project_id}")


@panel.post("/admin/projects/<project_id>/<any(enable,disable,delete):verb>")
def change(me: Who, project_id: str, verb: str) -> Any:
    "Enable, disable, delete."
    path = f"/projects/{checked(project_id)}"
    if verb == "delete":
        me.cloud.delete("identity", path)
    else:
        me.cloud.patch("identity", path, {"project": {"enabled": verb == "enable"}})
    return done(f"The project is {verb}d.")


@panel.form("/admin/projects/<project_id>/quotas")
def quotas(me: Who, project_id: str) -> Any:
    "How much a project may use: one page for all services."
    project_id = checked(project_id)
    parts = me.cloud.gather(
        **{
            service: (lambda s=service, p=path, k=key: me.cloud.get(s, p.format(project_id), k))
            for service, (path, key, _) in SETS.items()
            if me.cloud.has(service)
        }
    )
    if request.method == "POST":
        for service, part in parts.items():
            _change(me, service, project_id, part.value or {})
        return done("The quotas are set.", go=f"/admin/projects/{project_id}/quotas")
    return render_template("quotas.html", parts=parts, sets=SETS, project_id=project_id)


def _change(me: Who, service: str, project_id: str, now: dict[str, Any]) -> None:
    path, key, names = SETS[service]
    wanted = {}
    for name, title in names.items():
        text = request.form.get(f"{service}.{name}", "").strip()
        if not text:
            continue
        if not text.lstrip("-").isdigit() or int(text) < -1:
            raise Problem(service, 400, f"{title} must be a number, or -1 for no limit.")
        if int(text) != now.get(name):
            wanted[name] = int(text)
    if wanted:
        me.cloud.put(service, path.format(project_id), {key: wanted})


def _search(me: Who, text: str) -> list[dict[str, str]]:
    found = me.cloud.get("identity", "/projects", "projects")
    return [
        {"title": p["name"], "href": f"/admin/projects/{p['id']}", "detail": "project"}
        for p in found
        if text.lower() in p["name"].lower()
    ]


panel.search = _search
