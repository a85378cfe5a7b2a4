"""Every answer of the API in a test is checked against its schema: an answer that does not fit
fails the test that asked, as an error of the app would."""

import io
import json

from werkzeug.wrappers import Response

from common.http import Version
from compute.schemas.responses import ERROR, schema_of

SEEN = set()
"""(method, path of the route, version or None, status) of every answer so far"""


class WrongAnswer(AssertionError):
    "An answer that does not fit its schema."


def watch(app):
    "Check what `app` answers from now on."
    app.wsgi_app = _Watch(app.wsgi_app)


class _Watch:
    def __init__(self, wsgi):
        self.wsgi = wsgi

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].startswith("/placement"):
            return self.wsgi(environ, start_response)
        given = _body(environ)  # which action was asked for is looked at after the handler
        told = []
        blocks = self.wsgi(environ, lambda *status_and_headers: told.append(status_and_headers))
        answer = Response(b"".join(blocks), *told[-1])
        route = environ.get("altostratus.route")
        if environ["REQUEST_METHOD"] != "HEAD" and route is not None:
            _check(environ["REQUEST_METHOD"], route, given, answer)
        return answer(environ, start_response)


def _body(environ):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _check(method, route, given, answer):
    version = answer.headers.get("OpenStack-API-Version", "").removeprefix("compute ")
    version = Version.parse(version) if version else None
    SEEN.add((method, route, version, answer.status_code))
    data = answer.get_data()
    body = json.loads(data) if data else None
    if answer.status_code >= 400:
        schema = ERROR
    else:
        action = next(iter(json.loads(given or b"{}")), None) if route.endswith("/action") else None
        schema = schema_of(method, route, version, action)
    if not schema.is_valid(body):
        found = sorted(schema._exact.iter_errors(body), key=lambda e: len(e.absolute_path))
        text = "; ".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in found)
        what = f"{method} {route} {version} -> {answer.status_code}"
        raise WrongAnswer(f"{what}: {text[:1500]}")
