"""What the use cases need, made once and handed down: by the API processes, the metadata service
and the conductor, which has no HTTP and does not load it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslo_config import cfg

from common.bus import open_bus
from common.bus.events import Events
from common.client import Services
from common.db import Database
from compute.core import Deps


def make_deps(
    config: cfg.ConfigOpts,
    *,
    services: Services | None = None,
    events: Events | None = None,
    bus: Callable[[], Any] | None = None,
) -> Deps:
    "Everything that use cases need."
    return Deps(
        config=config,
        db=Database(config.database.url, config.database.pool_size),
        services=services or Services(config),
        open_bus=bus or (lambda: open_bus(config.bus.url)),
        events=events,
    )
