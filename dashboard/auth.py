"""Log-in, log-out, and the choice of project and region. The password is only passed on to
identity, and kept nowhere."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, session

from dashboard.cloud import sentence
from dashboard.errors import Problem, SessionEnded
from dashboard.security import local_path
from dashboard.who import ask_identity, look_up, remember, state, who

auth = Blueprint("auth", __name__)
REASONS = {
    "idle": "You were away for a while. Please log in again.",
    "expired": "Your session has ended. Please log in again.",
    "out": "You are logged out.",
}


@auth.get("/login")
def login_page() -> Any:
    "The form; `next` is where to go afterwards."
    return form_page(reason=REASONS.get(request.args.get("why", ""), ""))


@auth.post("/login")
def login() -> Any:
    "Try what the form says."
    try:
        token = _authenticate(request.form)
    except Problem as problem:
        return form_page(error=problem.message), 503 if problem.status >= 500 else 401
    if token is None:
        return form_page(ask_totp=True)
    destination = local_path(request.form.get("next"))
    begin(token)
    return redirect(destination, 303)


def begin(token: str) -> None:
    """Start a new session with this token, in a project when the token has none. Whatever the old
    session held is gone."""
    ref = state().known.get(token) or look_up(token)
    if not ref.project_id and not ref.domain_id:
        found = _projects(token)
        if found:
            unscoped, token = token, _rescope(token, found[0]["id"])
            _revoke(unscoped)
    region = session.get("region")
    session.clear()
    session["token"] = token
    session["seen"] = int(time.time())
    if region:
        session["region"] = region


def _authenticate(form: Any) -> str | None:
    """A token for what was typed; None when identity wants a one-time code as well. Raises
    Problem with a sentence."""
    receipt = session.get("receipt") if form.get("passcode") else None
    if receipt:
        user = session["receipt_user"]
        identity = {
            "methods": ["totp"],
            "totp": {"user": user | {"passcode": form["passcode"].strip()}},
        }
    elif form.get("kind") == "credential":
        identity = {
            "methods": ["application_credential"],
            "application_credential": {
                "id": form.get("credential_id", "").strip(),
                "secret": form.get("secret", ""),
            },
        }
    else:
        user = {
            "name": form.get("username", ""),
            "domain": {"name": form.get("domain") or "Default"},
        }
        identity = {
            "methods": ["password"],
            "password": {"user": user | {"password": form.get("password", "")}},
        }
        if form.get("passcode"):
            identity["methods"] = ["password", "totp"]
            identity["totp"] = {"user": user | {"passcode": form["passcode"].strip()}}
    answer = ask_identity(
        "POST",
        "/auth/tokens",
        body={"auth": {"identity": identity}},
        headers={"Openstack-Auth-Receipt": receipt} if receipt else None,
    )
    if answer.status_code == 401 and answer.headers.get("Openstack-Auth-Receipt"):
        session["receipt"] = answer.headers["Openstack-Auth-Receipt"]
        session["receipt_user"] = {"name": user["name"], "domain": user["domain"]}
        return None
    if answer.status_code == 401:
        said = sentence("identity", 401, answer.text)
        if "expired" in said.lower() and "password" in said.lower():
            raise Problem("identity", 401, said)
        raise Problem("identity", 401, "This user, domain and password do not match.")
    if answer.status_code != 201:
        raise Problem(
            "identity", answer.status_code, sentence("identity", answer.status_code, answer.text)
        )
    token: str = answer.headers["X-Subject-Token"]
    remember(token, answer.json())
    return token


def form_page(**values: Any) -> str:
    "The login page; `error`, `reason` and `ask_totp` say what has happened so far."
    target = local_path(request.values.get("next"))
    return render_template(
        "login.html",
        next=target,
        form=request.form,
        me=None,
        domain=state().config.cloud.default_domain,
        websso=state().config.login.websso,
        **values,
    )


def _projects(token: str) -> list[dict[str, Any]]:
    answer = ask_identity("GET", "/auth/projects", headers={"X-Auth-Token": token})
    found = answer.json().get("projects", []) if answer.status_code == 200 else []
    return sorted((p for p in found if p.get("enabled", True)), key=lambda p: p["name"].lower())


def _rescope(token: str, project_id: str) -> str:
    answer = ask_identity(
        "POST",
        "/auth/tokens",
        body={
            "auth": {
                "identity": {"methods": ["token"], "token": {"id": token}},
                "scope": {"project": {"id": project_id}},
            }
        },
    )
    if answer.status_code == 401:
        raise Problem("identity", 401, "You have no role in this project.")
    if answer.status_code != 201:
        raise Problem(
            "identity", answer.status_code, sentence("identity", answer.status_code, answer.text)
        )
    fresh: str = answer.headers["X-Subject-Token"]
    remember(fresh, answer.json())
    return fresh


def _revoke(token: str) -> None:
    state().known.forget(token)
    ask_identity(
        "DELETE", "/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}
    )


@auth.post("/logout")
def logout() -> Response:
    "Revoke the token, so that no copy of the cookie is worth anything, and forget the session."
    token = session.get("token")
    session.clear()
    if token:
        try:
            _revoke(token)
        except Problem:
            # identity is away: the cookie is gone here, and the token ends when it expires
            pass
    return redirect("/login?why=out", 303)  # type: ignore[return-value]


@auth.get("/projects-menu")
def projects_menu() -> Any:
    "The projects to switch to, loaded when the menu opens."
    me = who()
    return render_template(
        "components/projects_menu.html",
        projects=_projects(me.token),
        me=me,
        next=local_path(request.args.get("next")),
    )


@auth.post("/switch")
def switch() -> Any:
    "Another project, another region, or both."
    me = who()
    region = request.form.get("region")
    if region in me.regions:
        session["region"] = region
    project = request.form.get("project")
    if project and project != me.project_id:
        if "application_credential" in me.methods:
            raise Problem("identity", 403, "An application credential is bound to its project.")
        session["token"] = _rescope(me.token, project)
        _revoke(me.token)
    return redirect("/", 303)


def to_login(ended: SessionEnded) -> Response:
    "Send the browser to the login page, and back to this page afterwards."
    from urllib.parse import quote

    session.clear()
    htmx = request.headers.get("HX-Request")
    here = request.headers.get("HX-Current-URL", "") if htmx else request.full_path.rstrip("?")
    if htmx:
        from urllib.parse import urlsplit

        parts = urlsplit(here)
        here = parts.path + (f"?{parts.query}" if parts.query else "")
    elif request.method != "GET":
        here = "/"
    target = f"/login?next={quote(local_path(here))}" + (
        f"&why={ended.reason}" if ended.reason in REASONS else ""
    )
    if htmx or request.accept_mimetypes.best == "application/json":
        return Response("", 401, {"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]
