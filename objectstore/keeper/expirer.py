"""Objects whose X-Delete-At has passed."""

from __future__ import annotations

import logging
import time

from objectstore.core import Deps, entries, objects
from objectstore.errors import ContainerNotFound, ObjectNotFound
from objectstore.store import objects as rows

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
