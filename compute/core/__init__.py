"""What compute decides and does: use cases `verb(deps, ctx, ...)`, no Flask, no SQL text, no
sockets of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from oslo_config import cfg

from common.client import Services
from common.db import Database


@dataclass
class Deps:
    """What use cases stand on. `open_bus` connects at first use, so that a process that never
    sends stays small."""

    config: cfg.ConfigOpts
    db: Database
    services: Services
    open_bus: Callable[[], Any]
    events: Any = None
    _bus: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    cache: dict[str, Any] = field(default_factory=dict)
    """Small things that may be some seconds old: (until, value) by name."""

    @property
    def bus(self) -> Any:
        "The message bus."
        with self._lock:
            if self._bus is None:
                self._bus = self.open_bus()
            return self._bus
