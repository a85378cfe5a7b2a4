"""The Swift API's own dispatcher: /v1/... goes past Flask, inside the same middleware.

Object names may hold any bytes (double slashes, dots, `%2F`), which URL rules do not carry, and a
small object's request costs
less than Flask's routing alone. The order for each request: temporary URL or form or token, then
the handler, which asks
`core.access`; an answer under 400 that nobody decided about is a 500.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from common.context import Context
from common.errors import Error, Internal, MethodNotAllowed, Unauthorized
from common.http.app import token_of
from common.http.dialects import swift
from common.http.serving import during
from objectstore.api import (
    accounts,
    bulk,
    containers,
    cors,
    formpost,
    objects,
    staticweb,
    sync_auth,
    tempurl,
    uploads,
)
from objectstore.api.request import Answer, Request, split_path
from objectstore.api.s3 import dispatch as s3
from objectstore.api.s3 import request as s3_request
from objectstore.core import Deps, clock
from objectstore.core.access import Caller
from objectstore.errors import (
    BadLinkTarget,
    BadManifest,
    InvalidHeader,
    LinkConflict,
    LinkLoop,
    PartFault,
    PartNotThere,
)
from objectstore.views import listings

LOG = logging.getLogger(__name__)
Handler = Callable[[Request], Answer]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ROUTES: dict[str, dict[str, Handler]] = {
    "/v1/{account}": {
        "GET": accounts.get,
        "HEAD": accounts.head,
        "PUT": accounts.put,
        "POST": accounts.post,
        "DELETE": accounts.delete,
    },
    "/v1/{account}/{container}": {
        "GET": containers.get,
        "HEAD": containers.head,
        "PUT": containers.put,
        "POST": containers.post,
        "DELETE": containers.delete,
    },
    "/v1/{account}/{container}/{object}": {
        "GET": objects.get,
        "HEAD": objects.get,
        "PUT": uploads.put,
        "POST": objects.post,
        "DELETE": objects.delete,
        "COPY": uploads.copy,
    },
}


class NotDecided(Internal):
    "The service forgot to check access for this request; nothing was returned."


class Dispatcher:
    "WSGI: serves /v1/... and whatever is signed as S3 does, leaves the rest to `app`."

    def __init__(self, app: Wsgi, deps: Deps) -> None:
        self.app, self.deps = app, deps

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        is_s3 = s3_request.is_one(environ, self.deps)
        if not is_s3 and not path.startswith("/v1/"):
            return self.app(environ, start_response)
        request_id = environ.get("altostratus.request_id", "req-")
        trans_id = f"tx{request_id[4:].replace('-', '')[:21]}-{clock.now() // clock.UNIT:010x}"
        answer = (
            s3.serve(environ, self.deps, trans_id) if is_s3 else self._safely(environ, trans_id)
        )
        headers = answer.headers
        body = answer.body
        if isinstance(body, bytes):
            if answer.status != 204:
                headers.append(
                    ("Content-Length", str(len(body) if answer.length is None else answer.length))
                )
        elif answer.length is not None:
            headers.append(("Content-Length", str(answer.length)))
        headers += [
            ("X-Trans-Id", trans_id),
            ("X-Openstack-Request-Id", trans_id),
            ("Date", _date()),
        ]
        start_response(answer.line, headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [body] if isinstance(body, bytes) else body

    def _safely(self, environ: dict[str, Any], trans_id: str) -> Answer:
        try:
            answer = self._serve(environ, trans_id)
        except Error as error:
            answer = _error(environ, error, trans_id)
        except Exception as error:
            LOG.exception("%s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
            answer = _error(
                environ, Internal() if not isinstance(error, Error) else error, trans_id
            )
        if "HTTP_ORIGIN" in environ:
            cors.decorate(environ, self.deps, answer)
        return answer

    def _serve(self, environ: dict[str, Any], trans_id: str) -> Answer:
        account, container, name = split_path(environ["PATH_INFO"])
        route = (
            "/v1/{account}"
            if not container
            else "/v1/{account}/{container}" + ("/{object}" if name else "")
        )
        environ["altostratus.route"] = route
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return cors.preflight(environ, self.deps, account, container)
        caller = Caller(referer=environ.get("HTTP_REFERER", ""))
        req = Request(environ, self.deps, caller, trans_id)
        query = environ.get("QUERY_STRING")
        if query and tempurl.is_one(req):
            req.caller = tempurl.caller(req)
            return tempurl.finish(req, self._checked(self._handler(route, method), req))
        if method == "POST" and formpost.is_one(environ) and container:
            return self._checked(formpost.post, req)
        if "HTTP_X_AUTH_TOKEN" not in environ and sync_auth.is_one(environ):
            req.caller = sync_auth.caller(req)
            return self._checked(self._handler(route, method), req)
        req.caller = self._caller(req)
        if query:
            special = _bulk(req)
            if special is not None:
                return self._checked(special, req)
        if container and staticweb.applies(req):
            return self._checked(staticweb.serve, req)
        return self._checked(self._handler(route, method), req)

    def _handler(self, route: str, method: str) -> Handler:
        handler = ROUTES[route].get(method)
        if handler is None:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(ROUTES[route]))})
        return handler

    def _checked(self, handler: Handler, req: Request) -> Answer:
        answer = handler(req)
        if answer.status < 400 and not req.caller.decided:
            LOG.error("nobody decided about access for %s %s", req.method, req.environ["PATH_INFO"])
            raise NotDecided()
        return answer

    def _caller(self, req: Request) -> Caller:
        return Caller(self.context(req.environ), req.environ.get("HTTP_REFERER", ""))

    def context(self, environ: dict[str, Any]) -> Context | None:
        "The caller by token; None without one. Raises Unauthorized for a token that is not good."
        token = token_of(environ)
        if not token:
            return None
        service_token = environ.get("HTTP_X_SERVICE_TOKEN")
        ctx = self.deps.authenticate(token, service_token)
        if ctx.application_credential_id:
            # access rules of an application credential are matched against the request
            with during(environ, self.deps.config):
                ctx = self.deps.authenticate(token, service_token)
        ctx.remote_addr = environ.get("REMOTE_ADDR")
        return ctx


def _bulk(req: Request) -> Handler | None:
    if req.method == "PUT" and "extract-archive" in req.query:
        return bulk.extract
    if req.method in ("POST", "DELETE") and "bulk-delete" in req.query:
        return bulk.delete
    return None


_IN_PLAIN_WORDS = (
    InvalidHeader,
    BadManifest,
    BadLinkTarget,
    LinkLoop,
    LinkConflict,
    PartFault,
    PartNotThere,
)
"""What Swift's own middleware says without a page around it; clients compare the words."""


def _error(environ: dict[str, Any], error: Error, trans_id: str) -> Answer:
    if error.code >= 500:
        LOG.error(
            "%s %s: %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"), error.message
        )
    text, kind = swift(error, trans_id)
    if isinstance(error, _IN_PLAIN_WORDS):
        text, kind = error.message, listings.TYPES["plain"]
    headers = list(error.headers.items())
    if "Content-Type" not in error.headers:
        headers.append(("Content-Type", kind))
    if isinstance(error, Unauthorized):
        headers.append(("WWW-Authenticate", 'Swift realm="unknown"'))
    return Answer(error.code, headers, text.encode())


def _date() -> str:
    return clock.http_date(clock.now() // clock.UNIT * clock.UNIT)
