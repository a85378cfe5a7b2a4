"""What a handler returned, as the answer of a WSGI application.

Most answers are a status, a few headers and some JSON: `Answer`, written without the general
response class, which costs four times as much. Streams and the like are werkzeug responses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from werkzeug.urls import iri_to_uri

from common.http.route import Reply, Route

_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
"A dataclass or a time that reaches an answer is a fault of a view, not something to guess at."
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Answer:
    "A status, headers and a body that is there as a whole."

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        body: bytes,
        status: int,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Headers become text; raises ValueError for one with a line break in it (a response must
        not be split, RFC 9110 section 5.5)."""
        self.body, self.status = body, status
        self.headers: list[tuple[str, str]] = []
        for name, value in (headers or {}).items():
            if name.lower() == "content-type":
                content_type = None
            elif name.lower() == "location":
                value = iri_to_uri(str(value))
            self.add(name, value)
        if content_type is not None:
            self.headers.append(("Content-Type", content_type))

    def add(self, name: str, value: Any) -> None:
        "One more header."
        text = value if type(value) is str else str(value)
        if "\n" in text or "\r" in text:
            raise ValueError(f"a line break in the header {name}")
        self.headers.append((name, text))

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        "Send it. A HEAD has the headers of a GET; 204 and 304 have no body (RFC 9110)."
        status = self.status
        bare = status in (204, 304)
        if not bare:
            self.headers.append(("Content-Length", str(len(self.body))))
        start_response(_LINES.get(status) or f"{status} Unknown", self.headers)
        return () if bare or environ["REQUEST_METHOD"] == "HEAD" else (self.body,)


def answer_of(result: Any, route: Route) -> Answer | Response:
    "The answer that a handler's result stands for (see `Route`)."
    if isinstance(result, Response):
        return result
    headers: Mapping[str, Any] | None = None
    status = route.status
    if isinstance(result, Reply):
        result, status, headers = result.body, result.status, result.headers
    elif result is None and status == 200:
        status = 204
    if result is None:
        return Answer(b"", status, headers)
    if isinstance(result, bytes):
        return Answer(result, status, headers, "text/html; charset=utf-8")
    if isinstance(result, str):
        return Answer(result.encode(), status, headers, "text/html; charset=utf-8")
    return Answer(to_json(result), status, headers, "application/json")


def to_json(value: Any) -> bytes:
    """`value` as JSON in UTF-8. orjson takes a tenth of the time of the standard library, which
    writes what orjson refuses: integers beyond 64 bits, keys that are no text."""
    try:
        return orjson.dumps(value, option=_PLAIN)
    except TypeError:
        return json.dumps(value).encode()
