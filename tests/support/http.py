"""Clients of WSGI apps in the same process."""

import io
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from werkzeug.test import Client as WerkzeugClient
from werkzeug.wrappers import Response

from tests.support.tokens import token


class Client:
    """Requests to a Flask app as somebody: `c.get("/v3/users")`, with json=, headers=, data=; the
    answer is a werkzeug response. `c.ok("GET", ...)` is its JSON and fails on another status."""

    def __init__(self, app, headers=None, **who):
        self.http = app.test_client()
        self.headers = {
            **({"X-Auth-Token": token(**who)} if who.get("roles") != () else {}),
            **(headers or {}),
        }

    def request(self, method, path, **options):
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        return self.http.open(
            path,
            method=method,
            headers={k: v for k, v in headers.items() if v is not None},
            **options,
        )

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def head(self, path, **options):
        return self.request("HEAD", path, **options)

    def post(self, path, json=None, **options):
        return (
            self.request("POST", path, json=json, **options)
            if "data" not in options
            else self.request("POST", path, **options)
        )

    def put(self, path, json=None, **options):
        return (
            self.request("PUT", path, json=json, **options)
            if json is not None
            else self.request("PUT", path, **options)
        )

    def patch(self, path, json=None, **options):
        return (
            self.request("PATCH", path, json=json, **options)
            if json is not None
            else self.request("PATCH", path, **options)
        )

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def ok(self, method, path, json=None, status=None, **options):
        "The JSON of an answer that must be `status` (any 2xx without)."
        response = getattr(self, method.lower())(
            path, **({"json": json} if json is not None else {}), **options
        )
        good = response.status_code == status if status else 200 <= response.status_code < 300
        assert good, f"{method} {path}: {response.status} {response.get_data(as_text=True)[:2000]}"
        return response.get_json(silent=True)


class _Wsgi(BaseAdapter):
    "requests on top of a WSGI app."

    def __init__(self, app):
        super().__init__()
        self.client = WerkzeugClient(app, Response)

    def send(self, request, **_):
        parts = urlsplit(request.url)
        body = request.body
        if hasattr(body, "read"):
            body = body.read()
        elif body is not None and not isinstance(body, bytes | str):
            body = b"".join(body)
        answer = self.client.open(
            path=parts.path,
            query_string=parts.query,
            method=request.method,
            data=body,
            headers=list(request.headers.items()),
            base_url=f"{parts.scheme}://{parts.netloc}",
        )
        response = requests.Response()
        response.status_code, response.url, response.request = (
            answer.status_code,
            request.url,
            request,
        )
        response.reason = answer.status.partition(" ")[2]
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.get_data())
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        return response

    def close(self):
        pass


def wsgi_session(apps):
    "A requests session in which each URL of `apps` ({url: WSGI app}) is served by its app."
    session = requests.Session()
    for url, app in apps.items():
        session.mount(url, _Wsgi(app))
    return session
