"""Tokens by OAuth 2.0's client credentials grant: the client is an application credential.

Source: Identity API v3 extensions, "OS-OAUTH2"; RFC 6749 section 4.4 and 5.
"""

from __future__ import annotations

import time
from typing import Any

from common.context import Context
from common.errors import Error
from common.http import Api, Reply, Request
from identity.core import Deps, issue
from identity.errors import Busy, NeedsReceipt

api = Api()
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_LONGEST = 8192


def _refused(status: int, error: str, why: str, **headers: str) -> Reply:
    body = {"error": error, "error_description": why}
    return Reply(body, status, {**_NOT_KEPT, **headers})


def _client(request: Request, form: Any) -> tuple[str, str]:
    "(id, secret), by HTTP Basic or in the form; empty where there are none."
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return basic.username or "", basic.password or ""
    return form.get("client_id", ""), form.get("client_secret", "")


@api.post("/v3/OS-OAUTH2/token", open=True)
def token(ctx: Context, deps: Deps, request: Request) -> Reply:
    if (request.content_length or 0) > _LONGEST or request.mimetype != (
        "application/x-www-form-urlencoded"
    ):
        return _refused(400, "invalid_request", "A form with grant_type is expected.")
    form = request.form
    grant = form.get("grant_type")
    if not grant:
        return _refused(400, "invalid_request", "The parameter grant_type is required.")
    if grant != "client_credentials":
        return _refused(400, "unsupported_grant_type", "The grant_type must be client_credentials.")
    client_id, secret = _client(request, form)
    credential = {"id": client_id, "secret": secret}
    identity = {"methods": ["application_credential"], "application_credential": credential}
    try:
        made, claims = issue.authenticate(deps, ctx, {"identity": identity}, None)
    except (Busy, NeedsReceipt):
        raise
    except Error as error:
        if error.code >= 500:
            raise
        challenge = f'Keystone uri="{request.url}"'
        why = "Client authentication failed."
        return _refused(401, "invalid_client", why, **{"WWW-Authenticate": challenge})
    body = {
        "access_token": made,
        "token_type": "Bearer",
        "expires_in": max(int(claims.expires_at - time.time()), 0),
    }
    return Reply(body, 200, _NOT_KEPT)
