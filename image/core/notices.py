"""Telling listeners what happened (`image.create`, `image.upload`, ...): in a thread, so that
nobody waits."""

from __future__ import annotations

import queue
import threading
from typing import Any

from common.bus.notify import Notifier
from common.context import Context

_MOST = 1000


class Notices:
    """A queue in front of the notifier. Lossy: when the bus is slower than the service, notices are
    dropped."""

    def __init__(self, notifier: Notifier | None) -> None:
        self._notifier = notifier
        self._queue: queue.Queue[Any] = queue.Queue(_MOST)
        if notifier is not None:
            threading.Thread(target=self._run, name="notices", daemon=True).start()

    def say(self, ctx: Context | None, event: str, payload: dict[str, Any]) -> None:
        "Announce `event`; call it after the commit."
        if self._notifier is None:
            return
        try:
            self._queue.put_nowait((ctx, event, payload))
        except queue.Full:
            pass  # the bus is away or slow; the database has the truth

    def _run(self) -> None:
        assert self._notifier is not None
        while True:
            ctx, event, payload = self._queue.get()
            self._notifier.info(ctx, event, payload)
