"The network service put together: what it needs is made here, once, and handed down."

from __future__ import annotations

from typing import Any

from flask import Flask
from oslo_config import cfg

from common.bus.events import Events
from common.db import Database
from common.http import make_app
from common.policy import Enforcer
from network.api import ROUTES
from network.config import load
from network.core import Deps
from network.policy import RULES


def make_deps(config: cfg.ConfigOpts, *, events: Events | None = None, **parts: Any) -> Deps:
    "What the use cases work with."
    return Deps(
        db=Database(config.database.url, config.database.pool_size),
        config=config,
        events=events,
        **parts,
    )


def create_app(
    config: cfg.ConfigOpts,
    *,
    authenticate: Any,
    deps: Deps | None = None,
    enforcer: Enforcer | None = None,
) -> Flask:
    "The API as a Flask app. It needs tables: `db upgrade` made them."
    return make_app(
        "network",
        ROUTES,
        dialect="neutron",
        deps=deps or make_deps(config),
        config=config,
        enforcer=enforcer or Enforcer(RULES, config.policy.file),
        authenticate=authenticate,
    )


def application() -> Flask:
    """What the WSGI server loads in each worker process: the API, and the loop that keeps OVN in
    step."""
    from common import log
    from common.auth import authenticator
    from common.service import begin_worker

    begin_worker()
    config = load()
    log.setup(debug=config.debug, log_format=config.log_format)
    events = Events(config.bus.url)
    deps = make_deps(config, events=events)
    if config.ovn.nb_connection:
        from network.ovn.connect import start

        start(deps)
    return create_app(config, authenticate=authenticator(config, "network", events), deps=deps)
