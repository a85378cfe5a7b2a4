"""The metadata service put together: who asks is known by a signed header, or by its address on a
trusted proxy."""

from __future__ import annotations

from typing import Any

from flask import Flask
from oslo_config import cfg

from common.http import make_app
from compute.core import Deps
from compute.metadata.api import api


def create_app(config: cfg.ConfigOpts, *, deps: Deps) -> Flask:
    "The metadata service as a Flask app; all of it is open: guests have no tokens."
    return make_app("metadata", (api,), dialect="nova", deps=deps, config=config)


def application() -> Any:
    "What the WSGI server loads."
    from common import log
    from common.service import begin_worker
    from compute.config import load
    from compute.deps import make_deps

    begin_worker()
    config = load()
    log.setup(debug=config.debug, log_format=config.log_format)
    return create_app(config, deps=make_deps(config))
