"""Making a Flask app of a route table: authentication, policy, validation, errors, health and
metrics around handlers.

The order for each request is: identify the caller, choose the microversion, enforce policy,
validate the input, call the handler, and check that somebody enforced policy. See
docs/conventions.md.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from oslo_config import cfg
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from common import metrics
from common.context import Context, new_request_id
from common.errors import BY_CODE, BadRequest, Error, Internal, NotFound, TooLarge, Unauthorized
from common.http import middleware
from common.http.dialects import DIALECTS
from common.http.route import Api, Reply, Route
from common.http.version import Version, VersionRange
from common.policy import Enforcer
from common.schema import InvalidBody, Schema, Versioned

LOG = logging.getLogger(__name__)
_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
"A dataclass or a time that reaches an answer is a fault of a view, not something to guess at."
Authenticate = Callable[[str | None, str | None], Context]
"""(X-Auth-Token, X-Service-Token) -> Context; raises Unauthorized."""


class MalformedBody(BadRequest):
    "The request body is not valid JSON: {reason}."


class NotEnforced(Internal):
    "The service forgot to check a policy for this request; nothing was returned."


class _Json(DefaultJSONProvider):
    sort_keys = False
    compact = True
    ensure_ascii = True


def make_app(
    service: str,
    routes: Iterable[Api],
    *,
    dialect: str,
    deps: Any,
    config: cfg.ConfigOpts,
    enforcer: Enforcer | None = None,
    authenticate: Authenticate | None = None,
    versions: VersionRange | None = None,
    inner: Callable[[Any, Flask], Any] | None = None,
) -> Flask:
    """A Flask app that serves `routes`. `deps` is handed to handlers that ask for it. Without
    `authenticate` every route must be open. `app.wsgi_app` is wrapped in `middleware.STACK`;
    `inner(wsgi, app)` puts something between the stack and Flask."""
    app = Flask(service, static_folder=None)
    app.json = _Json(app)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    served = _Served(service, dialect, deps, config, enforcer, authenticate, versions)
    methods: dict[str, set[str]] = {}
    table: dict[tuple[str, str], list[Route]] = {}
    for api in routes:
        for route in api.routes:
            table.setdefault((route.method, route.path), []).append(route)
            methods.setdefault(route.path, set()).add(route.method)
    for (method, path), choices in table.items():
        app.add_url_rule(
            path,
            f"{method} {path}",
            served.view(choices),
            methods=[method],
            provide_automatic_options=False,
        )
    app.extensions["altostratus"] = served
    app.extensions["routes"] = [r for choices in table.values() for r in choices]
    app.register_error_handler(Exception, served.on_error)
    app.after_request(served.finish)
    if inner is not None:
        app.wsgi_app = inner(app.wsgi_app, app)  # type: ignore[method-assign]
    app.wsgi_app = middleware.wrap(app.wsgi_app, service, config, served)  # type: ignore[method-assign,assignment]
    return app


def token_of(environ: Mapping[str, Any]) -> str | None:
    "The caller's token: X-Auth-Token, X-Storage-Token, or a bearer's (RFC 6750 section 2.1)."
    token = environ.get("HTTP_X_AUTH_TOKEN") or environ.get("HTTP_X_STORAGE_TOKEN")
    if not token:
        kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = value.strip() if kind.lower() == "bearer" else None
    return token or None


class _Served:
    "What the views of one app share."

    def __init__(
        self,
        service: str,
        dialect: str,
        deps: Any,
        config: cfg.ConfigOpts,
        enforcer: Enforcer | None,
        authenticate: Authenticate | None,
        versions: VersionRange | None,
    ) -> None:
        self.service, self.deps, self.config = service, deps, config
        self.render = DIALECTS[dialect]
        self.dialect = dialect
        self.enforcer, self.authenticate, self.versions = enforcer, authenticate, versions
        self.max_body = config.api.max_body_kib * 1024

    def view(self, choices: list[Route]) -> Callable[..., Response]:
        "The Flask view for the routes of one method and path (several differ by microversion)."

        def view(**path: Any) -> Response:
            version = g.version = self._version()
            route = self._choose(choices, version)
            ctx = self._context(route)
            if route.policy is not None:
                ctx.enforce(
                    route.policy, {"project_id": ctx.project_id, "user_id": ctx.user_id, **path}
                )
            given = self._inputs(route, ctx, version)
            response = _respond(route.handler(**{n: given[n] for n in route.wants}, **path), route)
            if not (route.open or ctx.enforced or response.status_code >= 400):
                LOG.error("no policy was enforced for %s %s", route.method, route.path)
                response.close()
                raise NotEnforced()
            return response

        return view

    def _version(self) -> Version | None:
        return self.versions.negotiate(request.headers) if self.versions else None

    def _choose(self, choices: list[Route], version: Version | None) -> Route:
        for route in choices:
            if version is None or (
                (route.since is None or version >= route.since)
                and (route.until is None or version <= route.until)
            ):
                return route
        raise NotFound()

    def _context(self, route: Route) -> Context:
        token = token_of(request.environ)
        if route.open and (not token or self.authenticate is None):
            ctx = Context()
        else:
            try:
                assert self.authenticate is not None
                ctx = self.authenticate(token, request.headers.get("X-Service-Token"))
            except Unauthorized:
                if not route.open:
                    raise
                ctx = Context()
        ctx.request_id = request.environ.get("altostratus.request_id") or new_request_id()
        ctx.global_request_id = request.environ.get("altostratus.global_request_id")
        ctx.remote_addr = request.remote_addr
        ctx.enforcer = self.enforcer
        g.ctx = ctx
        return ctx

    def _inputs(self, route: Route, ctx: Context, version: Version | None) -> dict[str, Any]:
        args = request.args
        if route.query is not None:
            _at(route.query, version).check(args.to_dict(flat=False))
        body = None
        if route.body is not None:
            body = self._json_body()
            _at(route.body, version).check(body)
        return {
            "ctx": ctx,
            "deps": self.deps,
            "body": body,
            "args": args,
            "version": version,
            "request": request,
        }

    def _json_body(self) -> Any:
        length = request.content_length
        if length is not None and length > self.max_body:
            raise TooLarge("Request body is too large.")
        request.max_content_length = self.max_body
        return parse_json(request.get_data(cache=False))

    def on_error(self, error: Exception) -> Response:
        "Any exception as the answer that the service's clients understand."
        if isinstance(error, RequestRedirect):
            return error.get_response()  # type: ignore[return-value]
        known = self._known(error)
        if known.code >= 500:
            LOG.error(
                "%s %s: %s",
                request.method,
                request.path,
                known.message,
                exc_info=error if not isinstance(error, Error) else None,
            )
        body, kind = self.render(known, request.environ.get("altostratus.request_id", ""))
        response = Response(body, known.code, dict(known.headers), content_type=kind)
        if known.code == 401:
            response.headers.setdefault(
                "WWW-Authenticate", f'Keystone uri="{self.config.identity.url}"'
            )
        return response

    def _known(self, error: Exception) -> Error:
        if isinstance(error, Error):
            return error
        if isinstance(error, RequestEntityTooLarge):
            return TooLarge("Request body is too large.")
        if isinstance(error, HTTPException) and error.code:
            cls = BY_CODE.get(error.code, BadRequest if error.code < 500 else Internal)
            allow = dict(error.get_headers()).get("Allow")
            return cls(headers={"Allow": allow} if allow else None)
        return Internal()

    def finish(self, response: Response) -> Response:
        "Headers that every answer carries."
        version = g.get("version")
        if self.versions and version is not None:
            for name, value in self.versions.answer(version).items():
                response.headers[name] = value
        rule = request.url_rule
        request.environ["altostratus.route"] = rule.rule if rule else "(none)"
        return response


def parse_json(data: bytes) -> Any:
    """The JSON value in `data`. Raises MalformedBody for what is no JSON in UTF-8, for NaN, and for
    text that no database stores (NUL, lone surrogates)."""
    if not data:
        raise InvalidBody(reason="it is empty, a JSON object is expected.")
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
        if b"\\u" in data:
            text = json.dumps(value, ensure_ascii=False)
            text.encode()
            if "\\u0000" in text:
                raise ValueError("the character NUL is not allowed")
    except (ValueError, RecursionError) as error:
        raise MalformedBody(reason=str(error)[:200] or "it is nested too deeply") from None
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _at(schema: Schema | Versioned, version: Version | None) -> Schema:
    return schema.at(version) if isinstance(schema, Versioned) else schema


def _respond(result: Any, route: Route) -> Response:
    if isinstance(result, Response):
        return result
    headers: Mapping[str, str] = {}
    status = route.status
    if isinstance(result, Reply):
        result, status, headers = result.body, result.status, result.headers
    elif result is None and status == 200:
        status = 204
    if result is None:
        return Response(b"", status, dict(headers), content_type=None)
    if isinstance(result, bytes | str):
        return Response(result, status, dict(headers))
    return Response(to_json(result), status, dict(headers), content_type="application/json")


def to_json(value: Any) -> bytes:
    """`value` as JSON in UTF-8. orjson takes a tenth of the time of the standard library, which
    writes what orjson refuses: integers beyond 64 bits, keys that are no text."""
    try:
        return orjson.dumps(value, option=_PLAIN)
    except TypeError:
        return json.dumps(value).encode()


__all__ = ["make_app", "metrics", "parse_json", "to_json"]
