"""Log-in at an identity provider (web SSO): the browser goes to identity, from there to the
provider and back, and identity sends it here with a token.

Source: Identity API v3 extensions, "Web Single Sign On authentication"; the path is Horizon's, so
that what operators have entered as trusted dashboard stays.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, request, session, url_for

from dashboard.auth import begin as begin_session
from dashboard.auth import form_page
from dashboard.errors import NoSuchPage, Problem, SessionEnded
from dashboard.security import checks_itself, local_path, origin
from dashboard.who import state

websso = Blueprint("websso", __name__)


def _identity_url() -> str:
    url = state().config.login.identity_url or state().transport.identity_url
    return str(url).rstrip("/").removesuffix("/v3") + "/v3"


@websso.get("/login/websso/<path:choice>")
def begin(choice: str) -> Any:
    "Go to identity; `next` is where to go afterwards. Raises NoSuchPage for what is not offered."
    if choice not in state().config.login.websso:
        raise NoSuchPage
    idp, _, protocol = choice.partition("/")
    session["websso_next"] = local_path(request.args.get("next"))
    here = url_for("websso.end", _external=True)
    path = f"identity_providers/{quote(idp, '')}/protocols/{quote(protocol, '')}/websso"
    return redirect(f"{_identity_url()}/auth/OS-FEDERATION/{path}?{urlencode({'origin': here})}")


@websso.post("/auth/websso/")
@checks_itself
def end() -> Any:
    """Come back with a token. Only a page of identity may send one: anybody else's would log
    people in as somebody they are not."""
    if request.headers.get("Origin") != origin(_identity_url()):
        return form_page(error="This login was not sent by the identity service."), 403
    destination = local_path(session.pop("websso_next", None))
    try:
        begin_session(request.form.get("token", ""))
    except SessionEnded:
        return form_page(error="The identity service does not know this login."), 401
    except Problem as problem:
        return form_page(error=problem.message), 503 if problem.status >= 500 else 401
    return redirect(destination, 303)
