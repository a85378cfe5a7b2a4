"""Declaring routes: what is served, who may, what it takes. `Api` collects them; `common.http.app`
serves them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.schema import Schema, Versioned

Handler = Callable[..., Any]
INJECTED = ("ctx", "deps", "body", "args", "version", "request")


@dataclass(slots=True)
class Reply:
    "An answer with its status and headers said: body None is an empty body."

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    "One method of one path and how to answer it."

    method: str
    path: str
    handler: Handler
    policy: str | None = None
    open: bool = False
    body: Schema | Versioned | None = None
    query: Schema | Versioned | None = None
    status: int = 200
    wants: tuple[str, ...] = ()
    since: str | None = None
    """First microversion that has it; an older one gets 404."""
    until: str | None = None
    """Last microversion that has it."""


class Api:
    """The routes of one noun:

    `@api.get("/v3/projects", policy="identity:list_projects")`. The handler's parameter names say
    what it is given.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        *,
        policy: str | None = None,
        open: bool = False,
        body: Any = None,
        query: Any = None,
        status: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a route; see `Route` for the fields. `body` and `query` may be a plain dict (a
        JSON Schema)."""

        def declare(handler: Handler) -> Handler:
            names = inspect.signature(handler).parameters
            self.routes.append(
                Route(
                    method,
                    self.prefix + path,
                    handler,
                    policy,
                    open,
                    _schema(body),
                    _schema(query),
                    status or 200,
                    tuple(n for n in INJECTED if n in names),
                    since,
                    until,
                )
            )
            return handler

        return declare

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "GET (HEAD is answered from it unless declared too)."
        return self.route("GET", path, **options)

    def head(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "HEAD, where it is not simply GET without the body."
        return self.route("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "POST."
        return self.route("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "PUT."
        return self.route("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "PATCH."
        return self.route("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        "DELETE; 204 unless said otherwise."
        options.setdefault("status", 204)
        return self.route("DELETE", path, **options)


def _schema(value: Any) -> Schema | Versioned | None:
    if value is None or isinstance(value, Schema | Versioned):
        return value
    return Schema(value)
