"""The request that this thread serves, for code far below a handler: links, access rules.

A context variable of our own instead of Flask's contexts: making, pushing and popping those two
for each request cost more than everything else that a small request needs (docs/design.md).
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Request as _Request

from common.http.version import Version


class Request(_Request):
    "A request. Forms of any size are read; what limits a body is `[api] max_body_kib`."

    max_form_memory_size = None


class Serving:
    """One request while it is served.

    `request` is what came, `config` the service's options, `version` the microversion once it is
    known, `memo` a place for what is worked out once for each request (URLs of a list's rows).
    """

    __slots__ = ("config", "memo", "request", "version")

    def __init__(self, request: Request, config: Any) -> None:
        self.request, self.config = request, config
        self.version: Version | None = None
        self.memo: dict[str, Any] = {}

    @property
    def public_url(self) -> str:
        "The service's address: the one that the operator named, else the one that was asked."
        return str(self.config.api.public_url or self.request.host_url)


current: contextvars.ContextVar[Serving | None] = contextvars.ContextVar("serving", default=None)
"The request being served; None in a background thread. `common.http.app` sets it, or `during`."


@contextlib.contextmanager
def during(environ: dict[str, Any], config: Any) -> Iterator[None]:
    "Serve this request in the block, for who does not come by the routes of `common.http.app`."
    before = current.set(Serving(Request(environ), config))
    try:
        yield
    finally:
        current.reset(before)


def serving() -> Serving:
    "The request being served. Raises LookupError where none is."
    known = current.get()
    if known is None:
        raise LookupError("no request is being served here")
    return known
