"""Notifications leave from a thread of their own: no request waits for the broker. A full queue
drops the oldest."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

LOG = logging.getLogger(__name__)


class Outbox:
    "Stands where a Notifier would; `info` returns at once."

    def __init__(self, notifier: Any, most: int = 2000) -> None:
        self._notifier = notifier
        self._queue: deque[tuple[Any, str, dict[str, Any]]] = deque(maxlen=most)
        self._wake = threading.Event()
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    def info(self, ctx: Any, event_type: str, payload: dict[str, Any]) -> None:
        "Send later, in order."
        self._queue.append((ctx, event_type, payload))
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._queue:
                try:
                    self._notifier.info(*self._queue.popleft())
                except Exception:  # a notification is never worth the thread
                    LOG.exception("a notification was not sent")
