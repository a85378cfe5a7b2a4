"""Rates of writes: tokens that fill a bucket, for each account and container, in this process."""

from __future__ import annotations

import threading
import time

from common.errors import Error

_MAX_WAIT_S = 5.0
_BURST_S = 5.0


class SlowDown(Error):
    "Slow down: too many requests for this account or container."

    code, title = 498, "Rate Limited"


class Limiter:
    """Lets at most `per_s` requests a second through for each key; those a little early wait,
    others are refused."""

    def __init__(self) -> None:
        self._ready: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, key: str, per_s: float) -> None:
        "Wait for the turn of `key`. Raises SlowDown when that is too far away. 0 is no limit."
        if per_s <= 0:
            return
        with self._lock:
            now = time.monotonic()
            ready = max(self._ready.get(key, 0.0), now - _BURST_S)
            wait = ready - now
            if wait > _MAX_WAIT_S:
                raise SlowDown(headers={"Retry-After": str(int(wait) + 1)})
            self._ready[key] = ready + 1.0 / per_s
            if len(self._ready) > 10_000:
                self._ready = {k: v for k, v in self._ready.items() if v > now - _BURST_S}
        if wait > 0:
            time.sleep(wait)
