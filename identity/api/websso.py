"Web SSO: what a browser is sent to when somebody logs in at an identity provider."

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from common.context import Context, this_request_id
from common.errors import Error
from common.http import Api, Reply, Request
from identity.core import Deps, websso
from identity.views import links
from identity.views import websso as views

LOG = logging.getLogger(__name__)
api = Api()
_AUTH = "/v3/auth/OS-FEDERATION"
_END = f"{_AUTH}/redirect_uri"


def _redirect_uri() -> str:
    return f"{links.root()}{_END}"


def _cookie(name: str, value: str, lasts_s: int) -> str:
    """A cookie that comes along when the provider sends the browser back (SameSite=Lax), and to
    nothing but the end of the login."""
    where = urlsplit(_redirect_uri())
    secure = "; Secure" if where.scheme == "https" else ""
    return f"{name}={value}; Path={where.path}; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}"


def _sorry(error: Error, request: Request) -> Reply:
    "A page for browsers; whoever does not ask for one gets the error as everywhere else."
    # what refuses a login says nothing to who was refused, and all to the operator
    LOG.warning("login by browser: %s", getattr(error, "why", "") or error.message)
    if "text/html" not in request.headers.get("Accept", ""):
        raise error
    html, headers = views.sorry(error.message, this_request_id())
    return Reply(html, error.code, headers)


def _begin(deps: Deps, request: Request, idp_id: str | None, protocol_id: str) -> Reply:
    try:
        idp_id = idp_id or websso.only_provider(deps, protocol_id)
        origin = request.args.get("origin", "")
        begun = websso.begin(deps, idp_id, protocol_id, origin, _redirect_uri())
    except Error as error:
        return _sorry(error, request)
    headers = {
        "Location": begun.url,
        "Set-Cookie": _cookie(begun.cookie, begun.value, websso.LASTS_S),
        "Cache-Control": "no-store",
    }
    return Reply(None, 302, headers)


def _begin_here(deps: Deps, request: Request, idp_id: str, protocol_id: str) -> Reply:
    return _begin(deps, request, idp_id, protocol_id)


def _begin_anywhere(deps: Deps, request: Request, protocol_id: str) -> Reply:
    return _begin(deps, request, None, protocol_id)


_HERE = f"{_AUTH}/identity_providers/<idp_id>/protocols/<protocol_id>/websso"
for _method in (api.get, api.post):
    _method(_HERE, open=True)(_begin_here)
    _method(f"{_AUTH}/websso/<protocol_id>", open=True)(_begin_anywhere)


@api.get(_END, open=True)
def end(ctx: Context, deps: Deps, args: Any, request: Request) -> Reply:
    try:
        origin, token = websso.finish(deps, ctx, args, request.cookies)
    except Error as error:
        return _sorry(error, request)
    html, headers = views.handover(origin, token)
    gone = _cookie(websso.cookie_of(args.get("state", "")), "", 0)
    return Reply(html, 200, {**headers, "Set-Cookie": gone})
