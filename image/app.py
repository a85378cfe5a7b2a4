"""The image service put together: what it needs is made here, once, and handed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from oslo_config import cfg

from common.bus.events import Events
from common.bus.notify import Notifier
from common.client import Services
from common.config import state_path
from common.db import Database
from common.http import make_app
from common.policy import Enforcer
from common.service import Loop
from image.api import ROUTES
from image.config import load, store_kinds
from image.core import Deps, metadefs, sweep
from image.core.blobs import Shelf, Shelves, Store
from image.core.blobs.file import FileStore
from image.core.cache import Cache
from image.core.catalogue import NAMESPACES
from image.core.jobs import Jobs
from image.core.notices import Notices
from image.core.protections import Protections
from image.core.quota import Limits
from image.core.workers import LocalWorker
from image.outside.convert import Convert
from image.outside.fetch import Fetch
from image.outside.guard import Guard
from image.outside.remote import Remote
from image.policy import RULES
from image.schemas.images import input_schema


def make_store(config: cfg.ConfigOpts, name: str, kind: str, services: Services) -> Store:
    "The store `name` as its section of the configuration says."
    options = config[name]
    if kind == "objectstore":
        from image.outside.objectstore import ObjectStore

        return ObjectStore(services, name, options)
    if kind == "rbd":
        from image.outside.rbd import RbdStore

        return RbdStore(name, options)
    path = options.path or state_path(config) / "stores" / name
    return FileStore(path, name=name, durable=config.file.durable)


def make_deps(
    config: cfg.ConfigOpts,
    *,
    services: Services | None = None,
    events: Events | None = None,
    **parts: Any,
) -> Deps:
    "Everything that use cases need."
    services = services or Services(config)
    shelves = Shelves(
        [
            Shelf(
                name,
                make_store(config, name, kind, services),
                config[name].description,
                config[name].weight,
            )
            for name, kind in store_kinds(config).items()
        ],
        config.stores.default,
    )
    state = state_path(config)
    db = Database(config.database.url, config.database.pool_size)
    staging = FileStore(
        config.stores.staging_dir or state / "staging", name="staging", durable=config.file.durable
    )
    fetch = Fetch(Guard.of(config), config.imports.timeout_s)
    cache = Cache(db, state / "cache", config.host, config.cache.limit_mib)
    return Deps(
        config=config,
        db=db,
        shelves=shelves,
        staging=staging,
        worker=LocalWorker(db, Path(state) / "workers", config.host, config.image.worker_lost_s),
        limits=Limits(config, services),
        services=services,
        notices=Notices(Notifier(events, f"image.{config.host}") if events else None),
        schema=input_schema(config),
        protections=Protections(config.image.protections_file),
        jobs=Jobs(config.imports.parallel),
        fetch=fetch,
        remote=Remote(fetch),
        convert=Convert(config),
        cache=cache if config.cache.limit_mib else None,
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
    deps = deps or make_deps(config)
    return make_app(
        "image",
        ROUTES,
        dialect="glance",
        deps=deps,
        config=config,
        enforcer=enforcer or Enforcer(RULES, config.policy.file),
        authenticate=authenticate,
    )


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
    metadefs.load(deps, NAMESPACES, only_if_empty=True)
    if deps.cache is not None:
        deps.cache.recover()
    Loop("sweep", config.image.sweep_interval_s, lambda: sweep.run(deps)).start()
    return create_app(config, authenticate=authenticator(config, "image", events), deps=deps)
