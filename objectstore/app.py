"""The composition root of object storage."""

from __future__ import annotations

import functools
from typing import Any

from flask import Flask

from common import log, metrics
from common.config import state_path
from common.db import Database
from common.http import make_app
from common.policy import Enforcer
from objectstore import api, config, policy
from objectstore.api.dispatch import Dispatcher
from objectstore.core import Deps, damage, parse_policies
from objectstore.core.encryption import Keymaster
from objectstore.core.ratelimit import Limiter
from objectstore.core.sync import Realms
from objectstore.engine import Engine
from objectstore.store.committer import Committer


def make_engine(conf: Any, db: Database, committer: Committer) -> Engine:
    "The engine that the configuration names."
    on_damage = functools.partial(damage.note, committer)
    if conf.storage.engine == "rados":
        from objectstore.engine.rados import Rados

        return Rados(conf.rados.conf, conf.rados.client, conf.rados.pool)
    from objectstore.engine.disks import Disks
    from objectstore.engine.disks.devices import Device

    texts = conf.disks.devices or [f"d{i}={state_path(conf)}/disks/d{i}" for i in range(1, 5)]
    return Disks([Device.parse(t, conf.disks.mount_check) for t in texts], on_damage)


def make_deps(conf: Any, authenticate: Any = None) -> Deps:
    "Everything that use cases need."
    db = Database(conf.database.url, conf.database.pool_size)
    committer = Committer(db)
    sync = conf.sync
    return Deps(
        conf,
        db,
        committer,
        make_engine(conf, db, committer),
        parse_policies(conf.storage.policies),
        Enforcer(policy.RULES, conf.policy.file),
        authenticate,
        Keymaster(
            conf.encryption.root_secret,
            conf.encryption.root_secret_id,
            conf.encryption.old_root_secrets,
        ),
        Limiter(),
        Realms.parse(sync.realms, sync.clusters, sync.current, sync.allowed_hosts),
        conf.storage.reseller_prefix,
    )


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
        inner=lambda flask_wsgi, flask_app: Dispatcher(flask_wsgi, deps, flask_app),
    )
    metrics.add_health_check("devices", functools.partial(damage.unhealthy, deps))
    app.extensions["deps"] = deps
    return app


def application() -> Flask:
    "What the WSGI server loads."
    from common.service import end_with_parent

    end_with_parent()
    conf = config.load()
    log.setup(debug=conf.debug, log_format=conf.log_format)
    return create_app(conf)
