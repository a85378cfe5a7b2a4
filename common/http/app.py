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

from flask import Flask, Response
from oslo_config import cfg
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import MapAdapter, RequestRedirect

from common.context import Context, new_request_id
from common.errors import BY_CODE, BadRequest, Error, Internal, NotFound, TooLarge, Unauthorized
from common.http import middleware
from common.http.answer import Answer, answer_of
from common.http.dialects import DIALECTS
from common.http.route import Api, Route
from common.http.serving import Request, Serving, current
from common.http.version import Version, VersionRange
from common.policy import Enforcer
from common.schema import InvalidBody, Schema, Versioned

LOG = logging.getLogger(__name__)
Authenticate = Callable[[str | None, str | None], Context]
"""(X-Auth-Token, X-Service-Token) -> Context; raises Unauthorized."""


class MalformedBody(BadRequest):
    "The request body is not valid JSON: {reason}."


class NotEnforced(Internal):
    "The service forgot to check a policy for this request; nothing was returned."


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
    inner: Callable[[middleware.Wsgi], middleware.Wsgi] | None = None,
    strict_slashes: bool = True,
) -> Flask:
    """A Flask app that serves `routes`. `deps` is handed to handlers that ask for it. Without
    `authenticate` every route must be open. `app.wsgi_app` is wrapped in `middleware.STACK`;
    `inner(wsgi)` puts something between the stack and the routes. Without `strict_slashes` a slash
    at the end of an address says nothing.

    Flask holds the route table and the test client; a request goes past its contexts and signals
    (see `common.http.serving`)."""
    app = Flask(service, static_folder=None)
    app.url_map.strict_slashes = strict_slashes
    app.url_map.merge_slashes = False
    served = _Served(service, dialect, deps, config, enforcer, authenticate, versions, app)
    for api in routes:
        for route in api.routes:
            served.table.setdefault(f"{route.method} {route.path}", []).append(route)
    # a rule for GET takes HEAD too, and the first one that takes it wins
    for endpoint, choices in sorted(served.table.items(), key=lambda e: e[1][0].method != "HEAD"):
        app.add_url_rule(
            choices[0].path,
            endpoint,
            methods=[choices[0].method],
            provide_automatic_options=False,
        )
    app.extensions["altostratus"] = served
    app.extensions["routes"] = [r for choices in served.table.values() for r in choices]
    wsgi: middleware.Wsgi = served if inner is None else inner(served)
    app.wsgi_app = middleware.wrap(wsgi, service, config, served)  # type: ignore[method-assign,assignment]
    return app


def token_of(environ: Mapping[str, Any]) -> str | None:
    "The caller's token: X-Auth-Token, X-Storage-Token, or a bearer's (RFC 6750 section 2.1)."
    token = environ.get("HTTP_X_AUTH_TOKEN") or environ.get("HTTP_X_STORAGE_TOKEN")
    if not token:
        kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = value.strip() if kind.lower() == "bearer" else None
    return token or None


class _Served:
    "The WSGI application of one service's routes."

    def __init__(
        self,
        service: str,
        dialect: str,
        deps: Any,
        config: cfg.ConfigOpts,
        enforcer: Enforcer | None,
        authenticate: Authenticate | None,
        versions: VersionRange | None,
        app: Flask,
    ) -> None:
        self.service, self.deps, self.config = service, deps, config
        self.render = DIALECTS[dialect]
        self.dialect = dialect
        self.enforcer, self.authenticate, self.versions = enforcer, authenticate, versions
        self.max_body = config.api.max_body_kib * 1024
        self.table: dict[str, list[Route]] = {}
        self._app = app
        self._paths: MapAdapter | None = None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        "Answer one request (PEP 3333)."
        serving = Serving(Request(environ), self.config)
        before = current.set(serving)
        try:
            try:
                answer = self._answer(serving)
                self._finish(serving, answer)
            except Exception as error:
                answer = self._on_error(serving.request, error)
                self._finish(serving, answer)
            return answer(environ, start_response)
        finally:
            current.reset(before)

    def _answer(self, serving: Serving) -> Answer | Response:
        request = serving.request
        choices, path = self._match(request)
        version = serving.version = self._version(request)
        route = self._choose(choices, version)
        ctx = self._context(route, request)
        if route.policy is not None:
            ctx.enforce(
                route.policy, {"project_id": ctx.project_id, "user_id": ctx.user_id, **path}
            )
        given = self._inputs(route, ctx, version, request)
        answer = answer_of(route.handler(**given, **path), route)
        if not (route.open or ctx.enforced or _status(answer) >= 400):
            LOG.error("no policy was enforced for %s %s", route.method, route.path)
            if isinstance(answer, Response):
                answer.close()
            raise NotEnforced()
        return answer

    def _match(self, request: Request) -> tuple[list[Route], Mapping[str, Any]]:
        "The routes of this method and path, and the path's variables."
        if self._paths is None:  # the table is complete once somebody asks
            self._paths = self._app.url_map.bind("localhost")
        try:
            rule, path = self._paths.match(request.path, request.method, return_rule=True)
        except RequestRedirect:
            # where to: depends on the address that was asked
            self._app.url_map.bind_to_environ(request.environ).match()
            raise
        request.environ["altostratus.route"] = rule.rule
        return self.table[rule.endpoint], path

    def _version(self, request: Request) -> Version | None:
        return self.versions.negotiate(request.headers) if self.versions else None

    def _choose(self, choices: list[Route], version: Version | None) -> Route:
        for route in choices:
            if version is None or (
                (route.since is None or version >= route.since)
                and (route.until is None or version <= route.until)
            ):
                return route
        raise NotFound()

    def _context(self, route: Route, request: Request) -> Context:
        environ = request.environ
        token = token_of(environ)
        if route.open and (not token or self.authenticate is None):
            ctx = Context()
        else:
            try:
                assert self.authenticate is not None
                ctx = self.authenticate(token, environ.get("HTTP_X_SERVICE_TOKEN"))
            except Unauthorized:
                if not route.open:
                    raise
                ctx = Context()
        ctx.request_id = environ.get("altostratus.request_id") or new_request_id()
        ctx.global_request_id = environ.get("altostratus.global_request_id")
        ctx.remote_addr = request.remote_addr
        ctx.enforcer = self.enforcer
        return ctx

    def _inputs(
        self, route: Route, ctx: Context, version: Version | None, request: Request
    ) -> dict[str, Any]:
        "What the handler asked for by its parameters' names, looked at before it sees it."
        if route.query is not None:
            _at(route.query, version).check(request.args.to_dict(flat=False))
        body = None
        if route.body is not None:
            body = self._json_body(request)
            _at(route.body, version).check(body)
        given: dict[str, Any] = {}
        for name in route.wants:
            if name == "ctx":
                given[name] = ctx
            elif name == "deps":
                given[name] = self.deps
            elif name == "body":
                given[name] = body
            elif name == "args":
                given[name] = request.args
            elif name == "version":
                given[name] = version
            else:
                given[name] = request
        return given

    def _json_body(self, request: Request) -> Any:
        length = request.content_length
        if length is not None and length > self.max_body:
            raise TooLarge("Request body is too large.")
        request.max_content_length = self.max_body
        return parse_json(request.get_data(cache=False))

    def _on_error(self, request: Request, error: Exception) -> Answer | Response:
        "Any exception as the answer that the service's clients understand."
        if isinstance(error, RequestRedirect):
            return Answer(b"", error.code, {"Location": error.new_url})
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
        answer = Answer(body.encode(), known.code, known.headers, kind)
        if known.code == 401 and "WWW-Authenticate" not in known.headers:
            answer.add("WWW-Authenticate", f'Keystone uri="{self.config.identity.url}"')
        return answer

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

    def _finish(self, serving: Serving, answer: Answer | Response) -> None:
        "Headers that every answer carries."
        if self.versions is not None and serving.version is not None:
            for name, value in self.versions.answer(serving.version).items():
                if isinstance(answer, Answer):
                    answer.add(name, value)
                else:
                    answer.headers[name] = value


def _status(answer: Answer | Response) -> int:
    return answer.status if isinstance(answer, Answer) else answer.status_code


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


__all__ = ["make_app", "parse_json"]
