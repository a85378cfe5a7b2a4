"""What every request passes before Flask, in one tuple.

The order matters. `RequestId` is outermost: everything inside logs with the id. `AccessLog` sees
the final status and the time of everything below, health checks left out. `Health` answers before
anything that may be broken. `Cors` comes after them since a browser's preflight carries no token.
`Junk` refuses paths that no database stores before a handler sees them. Proxy headers are believed
only as far as the operator said.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg
from werkzeug.middleware.proxy_fix import ProxyFix

from common import log, metrics
from common.context import new_request_id, request_id_var
from common.errors import BadRequest, Error

ACCESS = logging.getLogger("access")
LOG = logging.getLogger(__name__)
_SECRET = re.compile(r"(temp_url_sig|token|signature|\bcode)=[^&]*", re.IGNORECASE)
_GLOBAL_ID = re.compile(r"req-[0-9a-zA-Z-]{1,60}\Z")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestId:
    "Give the request an id; answer with it in the headers that clients of the service know."

    def __init__(self, app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> None:
        self.app = app
        self.extra = {"compute": "X-Compute-Request-Id", "objectstore": "X-Trans-Id"}.get(service)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request_id = environ["altostratus.request_id"] = new_request_id()
        given = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
        environ["altostratus.global_request_id"] = given if _GLOBAL_ID.match(given) else None
        request_id_var.set(request_id)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            names = [name for name, _ in headers]
            if "X-Openstack-Request-Id" not in names:
                headers.append(("X-Openstack-Request-Id", request_id))
            if self.extra and self.extra not in names:
                headers.append((self.extra, self._own_id(request_id)))
            return (
                start_response(status, headers, exc_info)
                if exc_info
                else start_response(status, headers)
            )

        return self.app(environ, start)

    def _own_id(self, request_id: str) -> str:
        if self.extra != "X-Trans-Id":
            return request_id
        return f"tx{request_id[4:].replace('-', '')[:21]}-{int(time.time()):010x}"


class AccessLog:
    "One line, one counter and one duration for each request, when its status is known."

    def __init__(self, app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> None:
        self.app, self.service = app, service

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        began = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            took = time.perf_counter() - began
            code = int(status[:3])
            if environ.get("PATH_INFO") not in ("/healthcheck", "/metrics"):
                metrics.observe_request(
                    self.service,
                    environ.get("REQUEST_METHOD", "-"),
                    environ.get("altostratus.route", "(none)"),
                    code,
                    took,
                )
                log.line(
                    ACCESS,
                    f'{environ.get("REMOTE_ADDR", "-")} "{environ.get("REQUEST_METHOD")} '
                    f'{_quoted(environ)}" {code} {took * 1000:.1f}ms',
                )
            return (
                start_response(status, headers, exc_info)
                if exc_info
                else start_response(status, headers)
            )

        return self.app(environ, start)


def _quoted(environ: dict[str, Any]) -> str:
    query = environ.get("QUERY_STRING", "")
    path: str = environ.get("PATH_INFO", "")
    if not (path.isascii() and path.isprintable()) or "\\" in path:
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        path = path.encode("unicode_escape").decode("ascii")
    if not query:
        return path
    # temporary and presigned URLs carry their signature in the query
    query = _SECRET.sub(r"\1=(hidden)", query)
    return f"{path}?{query}"


class Health:
    "GET /healthcheck and /metrics, whatever the service's own routes are."

    def __init__(self, app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> None:
        self.app, self.served = app, served

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/healthcheck":
            why = metrics.unhealthy()
            status = "503 Service Unavailable" if why else "200 OK"
            body = (why or "OK").encode()
            start_response(
                status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            )
            return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
        if path == "/metrics":
            body, kind = metrics.exposition()
            start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
            return [body]
        return self.app(environ, start_response)


class Cors:
    "Answers for browsers at the origins that the operator listed (W3C CORS)."

    def __init__(self, app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> None:
        # object storage has its own rules for each container
        self.app = app
        self.origins = [] if service == "objectstore" else config.api.cors_origins

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        if not origin or not ("*" in self.origins or origin in self.origins):
            return self.app(environ, start_response)
        allow = [
            ("Access-Control-Allow-Origin", origin),
            ("Vary", "Origin"),
            (
                "Access-Control-Expose-Headers",
                "X-Subject-Token, X-Openstack-Request-Id, Location, OpenStack-API-Version",
            ),
        ]
        if (
            environ.get("REQUEST_METHOD") == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
            start_response(
                "200 OK",
                [
                    *allow,
                    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
                    ("Access-Control-Allow-Headers", asked),
                    ("Access-Control-Max-Age", "3600"),
                    ("Content-Length", "0"),
                ],
            )
            return []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            headers.extend(allow)
            return (
                start_response(status, headers, exc_info)
                if exc_info
                else start_response(status, headers)
            )

        return self.app(environ, start)


class Junk:
    "A 400 for a path or query with NUL, or that is not UTF-8 (object names too must be UTF-8)."

    def __init__(self, app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> None:
        self.app, self.served = app, served
        self.code = 412 if service == "objectstore" else 400

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        bad = "\0" in path or "%00" in query
        if not bad and not path.isascii():
            try:
                path.encode("latin-1").decode("utf-8")
            except UnicodeError:
                bad = True
        if not bad:
            return self.app(environ, start_response)
        error: Error = BadRequest("Invalid UTF8 or contains NULL: the URL.")
        body, kind = self.served.render(error, environ.get("altostratus.request_id", ""))
        data = body.encode()
        line = "412 Precondition Failed" if self.code == 412 else "400 Bad Request"
        start_response(line, [("Content-Type", kind), ("Content-Length", str(len(data)))])
        return [data]


STACK: tuple[type, ...] = (RequestId, AccessLog, Health, Cors, Junk)


def wrap(app: Wsgi, service: str, config: cfg.ConfigOpts, served: Any) -> Wsgi:
    "`app` inside the stack, the first of it outermost."
    for layer in reversed(STACK):
        app = layer(app, service, config, served)
    hops = config.api.trusted_proxies
    return ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops) if hops else app
