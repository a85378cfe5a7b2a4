"The composition root: makes the parts of an identity process and the WSGI application."

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from flask import Flask
from oslo_config import cfg

from common import metrics
from common.auth import Authenticator
from common.bus import Events, Notifier
from common.config import state_path
from common.db import Database
from common.http import make_app
from common.policy import Enforcer
from common.service import Loop
from identity import policy
from identity.api import ROUTES
from identity.core import Deps, revocation
from identity.core.directory import Directories
from identity.core.hashing import Hasher
from identity.core.keys import KeyRing
from identity.core.memory import REFRESH_S, Memory
from identity.core.outbox import Outbox
from identity.core.secrets import Vault
from identity.core.tokens import Verified

BEAT_S = 10.0


def make_deps(config: cfg.ConfigOpts, events: Events | None = None) -> Deps:
    "The parts, without threads. Tests and commands use it too."
    state = state_path(config)
    db = Database(config.database.url, config.database.pool_size)
    keep = config.token.expiration_s + config.token.allow_expired_window_s
    return Deps(
        config=config,
        db=db,
        keys=KeyRing(Path(config.token.key_dir or state / "keys"), keep),
        vault=Vault(Path(config.credential.key_dir or state / "credential-keys")),
        hasher=Hasher(config.password),
        memory=Memory(db),
        verified=Verified(config.token.remembered),
        directories=Directories(),
        events=events,
        notifier=Notifier(events, f"identity.{config.host}") if events else None,
    )


class _Fresh:
    "Revocations as `common.auth` wants them, from this service's own table."

    def __init__(self, memory: Memory) -> None:
        self.revocations, self.ensure = memory.revocations, memory.ensure


def create_app(
    config: cfg.ConfigOpts, deps: Deps | None = None, events: Events | None = None
) -> Flask:
    "The application on these parts; starts no thread."
    deps = deps or make_deps(config, events)
    authenticate = Authenticator(deps.keys.verifier, _Fresh(deps.memory), "identity")  # type: ignore[arg-type]
    return make_app(
        "identity",
        ROUTES,
        dialect="keystone",
        deps=deps,
        config=config,
        enforcer=Enforcer(policy.RULES, config.policy.file),
        authenticate=authenticate,
        strict_slashes=False,
    )


def application() -> Any:
    "What the WSGI server loads: the application with its background work."
    from common import log
    from common.service import begin_worker
    from identity.config import load

    begin_worker()
    config = load()
    log.setup(debug=config.debug, log_format=config.log_format)
    events = Events(config.bus.url)
    deps = make_deps(config, events)
    deps.notifier = Outbox(deps.notifier)
    app = create_app(config, deps)
    deps.memory.refresh()
    Loop("refresh", REFRESH_S * 0.8, deps.memory.refresh).start()
    Loop("beat", BEAT_S, lambda: revocation.beat(deps)).start()
    Loop("purge", 3600, lambda: revocation.purge(deps), at_start=False).start()
    metrics.add_health_check(
        "threads", lambda: None if threading.active_count() < 1000 else "too many threads"
    )
    return app
