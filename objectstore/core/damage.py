"""Bad copies that readers meet: written down for the keeper, off the reader's path."""

from __future__ import annotations

import logging
import threading

from objectstore.core import Deps, clock
from objectstore.store import Session, blobs
from objectstore.store.committer import Committer

LOG = logging.getLogger(__name__)


def note(committer: Committer, blob_id: str) -> None:
    "Have the keeper look at a blob soon. Never raises: the reader goes on with another copy."

    def work(session: Session) -> None:
        blobs.note_damage(session, blob_id, clock.now())

    def run() -> None:
        try:
            committer.run(work)
        except Exception:
            LOG.exception("the damage of blob %s could not be written down", blob_id)

    threading.Thread(target=run, name="damage", daemon=True).start()


def unhealthy(deps: Deps) -> str | None:
    "A sentence when too few devices are there for a write."
    devices = getattr(deps.engine, "devices", None)
    if devices is None:
        return None
    able = [d for d in devices.values() if d.weight > 0 and d.present()]
    need = deps.policies[0].copies // 2 + 1
    return f"only {len(able)} devices are there, writes need {need}" if len(able) < need else None
