"The API processes put together."

from __future__ import annotations

from typing import Any

from flask import Flask
from oslo_config import cfg
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from common.bus.events import Events
from common.http import make_app
from common.policy import Enforcer
from compute.api import ROUTES
from compute.api.paths import ProjectInPath
from compute.config import load
from compute.core import Deps
from compute.deps import make_deps
from compute.microversions import RANGE
from compute.placement.app import create_app as create_placement
from compute.policy import RULES


def create_app(
    config: cfg.ConfigOpts,
    *,
    authenticate: Any,
    deps: Deps | None = None,
    enforcer: Enforcer | None = None,
) -> Flask:
    "The Compute API as a Flask app, with placement below /placement. The tables must be there."
    deps = deps or make_deps(config)
    app = make_app(
        "compute",
        ROUTES,
        dialect="nova",
        deps=deps,
        config=config,
        enforcer=enforcer or Enforcer(RULES, config.policy.file),
        authenticate=authenticate,
        versions=RANGE,
    )
    placement = create_placement(config, authenticate=authenticate, deps=deps)
    inner: Any = ProjectInPath(app.wsgi_app)
    app.wsgi_app = DispatcherMiddleware(inner, {"/placement": _rooted(placement.wsgi_app)})  # type: ignore[method-assign]
    app.extensions["placement"] = placement
    return app


def _rooted(app: Any) -> Any:
    "Clients ask for the version document at /placement, without a slash."

    def rooted(environ: dict[str, Any], start_response: Any) -> Any:
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return app(environ, start_response)

    return rooted


def application() -> Flask:
    "What the WSGI server loads in each worker process."
    from common import log
    from common.auth import authenticator
    from common.service import begin_worker

    begin_worker()
    config = load()
    log.setup(debug=config.debug, log_format=config.log_format)
    events = Events(config.bus.url)
    deps = make_deps(config, events=events)
    return create_app(config, authenticate=authenticator(config, "compute", events), deps=deps)
