"""What protects the browser: headers, and the only places that a redirect may go to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

_BASE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}


def allow(directive: str, *sources: str) -> None:
    """Let this one page do more: `allow("connect-src", "https://image.example")`. Sources with a
    space or semicolon are ignored: they would be other directives."""
    extra = g.setdefault("csp", {})
    extra.setdefault(directive, []).extend(s for s in sources if s and not set(s) & set(" ;,\r\n"))


def origin(url: str | None) -> str:
    "scheme://host:port of a URL, or nothing."
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def policy() -> str:
    "The Content-Security-Policy of this answer."
    extra = g.get("csp", {})
    merged = {}
    for name, value in _BASE.items():
        more = " ".join(dict.fromkeys(extra.get(name, ())))
        merged[name] = more if value == "'none'" and more else f"{value} {more}".strip()
    return "; ".join(f"{name} {value}" for name, value in merged.items())


def checks_itself(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view that finds out in its own way whether a request was forged: the usual check, for
    a token in the form, passes over it."""
    # functions take attributes; mypy knows of none
    view.checks_itself = True  # type: ignore[attr-defined]
    return view


def local_path(target: str | None) -> str:
    """`target` when it is a path of this site, else "/". A browser reads `//host`, `/\\host` and
    tabs in between as other sites, so that only one leading slash and printable ASCII
    pass."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    if any(not " " < c <= "~" for c in target) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def install(app: Flask) -> None:
    "Headers on every answer, and how long it took."

    @app.before_request
    def began() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = (
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
        )
        if "frame-ancestors" not in g.get("csp", {}):
            response.headers["X-Frame-Options"] = "DENY"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers["Server-Timing"] = _timing()
        return response


def _timing() -> str:
    total = (time.perf_counter() - g.began) * 1000 if "began" in g else 0.0
    calls = g.who.cloud.calls if "who" in g else []
    waited = sum(c[3] for c in calls) * 1000
    return f'total;dur={total:.1f}, api;dur={waited:.1f};desc="{len(calls)} calls"'
