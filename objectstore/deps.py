"""What the use cases need, made once and handed down: by the API processes and by the keeper,
which has no HTTP and does not load it."""

from __future__ import annotations

import base64
import functools
from typing import Any

from common.client import Services
from common.config import state_path
from common.db import Database
from common.policy import Enforcer
from objectstore import policy
from objectstore.core import Deps, damage, parse_policies
from objectstore.core.encryption import Keymaster
from objectstore.core.ratelimit import Limiter
from objectstore.core.s3.signers import Answer, Signers
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


def _signers(conf: Any, authenticate: Any, services: Services | None) -> Signers | None:
    if not conf.s3.enabled or authenticate is None:
        return None
    services = services or Services(conf)

    def ask(access: str, text: str, signature: str) -> Answer | None:
        signed = {
            "access": access,
            "token": base64.urlsafe_b64encode(text.encode()).decode(),
            "signature": signature,
        }
        response = services.identity.post(
            "/v3/s3tokens", json={"credentials": signed}, raise_exc=False
        )
        if response.status_code in (400, 401, 403, 404):
            return None
        response.raise_for_status()
        key = response.json().get("signing_key")
        return Answer(response.headers["X-Subject-Token"], bytes.fromhex(key) if key else None)

    return Signers(ask, authenticate, conf.s3.key_remembered_s)


def make_deps(conf: Any, authenticate: Any = None, services: Services | None = None) -> Deps:
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
        _signers(conf, authenticate, services),
        conf.storage.reseller_prefix,
        tuple(conf.s3.domains),
    )
