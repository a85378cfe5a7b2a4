"""The composition root of object storage."""

from __future__ import annotations

import functools
from typing import Any

from flask import Flask

from common import log, metrics
from common.http import make_app
from objectstore import api, config
from objectstore.api.dispatch import Dispatcher
from objectstore.core import Deps, damage
from objectstore.deps import make_deps


def create_app(conf: Any, authenticate: Any = None, deps: Deps | None = None) -> Flask:
    "The WSGI application: Flask with the Swift dispatcher inside its middleware."
    if authenticate is None:
        from common.auth import authenticator
        from common.bus.events import Events

        authenticate = authenticator(conf, "object-store", Events(conf.bus.url))
    deps = deps or make_deps(conf, authenticate)
    app = make_app(
        "objectstore",
        api.ROUTES,
        dialect="swift",
        deps=deps,
        config=conf,
        enforcer=deps.enforcer,
        authenticate=authenticate,
        inner=lambda wsgi: Dispatcher(wsgi, deps),
    )
    metrics.add_health_check("devices", functools.partial(damage.unhealthy, deps))
    app.extensions["deps"] = deps
    return app


def application() -> Flask:
    "What the WSGI server loads."
    from common.service import begin_worker

    begin_worker()
    conf = config.load()
    log.setup(debug=conf.debug, log_format=conf.log_format)
    return create_app(conf)
