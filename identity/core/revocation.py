"Revoking: a record in the same transaction as its cause, told to everybody after the commit."

from __future__ import annotations

import time
from typing import Any

from common.tokens import Revocation as Record
from identity.core import Deps
from identity.store import Session, after_commit
from identity.store import revocations as store


def revoke(deps: Deps, session: Session, *keys: str) -> None:
    """Refuse every token with one of `keys` (see `common.tokens.Claims.revocation_keys`) issued
    until now."""
    if not keys:
        return
    options = deps.config.token
    records = store.add(
        session, keys, options.expiration_s + options.allow_expired_window_s, time.time()
    )
    told: list[dict[str, Any]] = [
        {"seq": r.seq, "key": r.key, "issued_before": r.issued_before, "expires_at": r.expires_at}
        for r in records
    ]

    def tell() -> None:
        deps.memory.revocations.add(Record(**r) for r in told)
        if deps.events is not None:
            deps.events.publish("identity.revoked", {"revocations": told})

    after_commit(session, tell)


def beat(deps: Deps) -> None:
    "Tell verifiers how many records there are, so that one who missed some knows."
    if deps.events is not None:
        deps.memory.ensure()
        deps.events.publish(
            "identity.beat", {"latest": deps.memory.revocations.latest}, expires_s=10
        )


def listed(deps: Deps, since: int) -> dict[str, Any]:
    "Records after sequence number `since`, and the latest number."
    with deps.db.read() as session:
        latest = store.latest(session)
        records = [
            {
                "seq": r.seq,
                "key": r.key,
                "issued_before": r.issued_before,
                "expires_at": r.expires_at,
            }
            for r in store.since(session, since)
        ]
    return {"revocations": records, "latest": latest}


def purge(deps: Deps) -> None:
    "Forget records of tokens that cannot be alive any more."
    with deps.db.write() as session:
        store.purge(session)
