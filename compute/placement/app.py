"The Placement API put together."

from typing import Any

from flask import Flask
from oslo_config import cfg

from common.http import make_app
from common.policy import Enforcer
from compute.core import Deps
from compute.placement.api import ROUTES
from compute.placement.policy import RULES
from compute.placement.versions import RANGE


def create_app(config: cfg.ConfigOpts, *, authenticate: Any, deps: Deps) -> Flask:
    "As a Flask app on the deps of compute."
    return make_app(
        "placement",
        ROUTES,
        dialect="placement",
        deps=deps,
        config=config,
        enforcer=Enforcer(RULES),
        authenticate=authenticate,
        versions=RANGE,
    )
