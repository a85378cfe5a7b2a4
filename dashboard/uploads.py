"""Bytes on their way from a browser to an API through the dashboard: handed on as they come,
never kept."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from dashboard.errors import Problem
from dashboard.security import checks_itself
from dashboard.who import Who

CHUNK = 256 * 1024


def raw_body(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view whose body is a file: the usual CSRF check would read it as a form, so that
    the token is looked for in the header only, and the limit on the size of forms does not
    hold."""

    @functools.wraps(view)
    def checked(*args: Any, **path: Any) -> Any:
        request.max_content_length = 2**62
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError:
            raise Problem(
                "", 400, "The upload was not started from here. Nothing was changed."
            ) from None
        return view(*args, **path)

    return checks_itself(checked)


def _pieces(length: int) -> Iterator[bytes]:
    left = length
    while left > 0:
        piece = request.stream.read(min(CHUNK, left))
        if not piece:
            raise Problem("", 400, "The browser stopped sending.")
        left -= len(piece)
        yield piece


class _Body:
    """A body of known length for requests: it sends Content-Length for what has a length, and
    chunks for what has none."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return _pieces(self.length)


def send_on(
    me: Who, service: str, method: str, path: str, headers: dict[str, str], params: Any = None
) -> Any:
    "Give the body of this request to an API. Returns its answer."
    if request.content_length is None:
        raise Problem(service, 411, "The browser did not say how long the file is.")
    body: Any = _Body(request.content_length) if request.content_length else b""
    return me.cloud.request(service, method, path, data=body, headers=headers, params=params)


def json_text(value: Any) -> bytes:
    "JSON as bytes, for bodies with a content type of their own."
    return json.dumps(value).encode()
