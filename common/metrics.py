"""Prometheus figures and the health of a process."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

REQUESTS = Histogram(
    "altostratus_http_request_seconds",
    "Time until the status of an answer was known.",
    ["service", "method", "route", "code"],
    buckets=(0.005, 0.025, 0.1, 0.5, 2, 10, 60),
)
LOOP_ERRORS = Counter(
    "altostratus_loop_errors_total", "Passes of a background loop that failed.", ["loop"]
)
LOOP_LAST = Gauge(
    "altostratus_loop_last_success_seconds", "When a loop last ended well (Unix time).", ["loop"]
)

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY"))
_checks: dict[str, Callable[[], str | None]] = {}
_started = time.time()


def observe_request(service: str, method: str, route: str, code: int, seconds: float) -> None:
    "Count one answered request."
    if method not in _METHODS:
        method = "other"
    _series(service, method, route, code).observe(seconds)


@functools.lru_cache(4096)
def _series(service: str, method: str, route: str, code: int) -> Histogram:
    # labels() makes text of its values and takes a lock each time
    return REQUESTS.labels(service, method, route, str(code))


def add_health_check(name: str, check: Callable[[], str | None]) -> None:
    "`check` returns None when well, else a sentence; it must not block."
    _checks[name] = check


def unhealthy() -> str | None:
    "The first thing that is wrong, or None."
    for name, check in _checks.items():
        why = check()
        if why:
            return f"{name}: {why}"
    return None


def exposition() -> tuple[bytes, str]:
    "The body and content type of /metrics."
    return generate_latest(), CONTENT_TYPE_LATEST
