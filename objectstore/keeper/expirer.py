"""Objects whose X-Delete-At has passed, and multipart uploads that nobody goes on with."""

from __future__ import annotations

import logging
import time

from objectstore.core import Deps, clock, entries, objects
from objectstore.errors import ContainerNotFound, ObjectNotFound
from objectstore.store import objects as rows
from objectstore.store import parts

LOG = logging.getLogger(__name__)
_PAGE = 500


def expire(deps: Deps) -> int:
    "Remove them; one that was replaced meanwhile stays. How many went."
    gone = 0
    while True:
        with deps.db.read() as session:
            due = rows.expired(session, int(time.time()), _PAGE)
        for account, container, name, ts in due:
            try:
                place, _ = entries.find(deps, account, container, name)
                objects.delete(deps, place, name, only_if_ts=ts)
                gone += 1
            except (ContainerNotFound, ObjectNotFound):
                continue
        if len(due) < _PAGE:
            return gone


def abort_stale(deps: Deps) -> int:
    "Abort uploads whose last part is older than `[s3] stale_upload_days`. How many went."
    days = deps.config.s3.stale_upload_days
    if not days:
        return 0
    before = clock.now() - days * 86_400 * clock.UNIT
    gone = 0
    while True:
        with deps.db.read() as session:
            stale = parts.stale_uploads(session, before, _PAGE)
        for upload_id in stale:
            with deps.db.write() as session:
                gone += parts.end_stale(session, upload_id, before, clock.now())
        if len(stale) < _PAGE:
            break
    if gone:
        LOG.info("%d multipart uploads were aborted: no part for %d days", gone, days)
    return gone
