"""Finishing or undoing what dead processes left: run at start and every minute, by every process,
safely in parallel.

For each blob a dead worker was writing: remove the bytes, give back the quota, and put the image
back where it was before (`saving` to `queued`, `importing` to `queued` or `uploading`). For each
blob that was being removed: remove it.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence

from common.db import utcnow
from image.core import Deps, images, removal, transfer
from image.store import blobs, tasks
from image.store import images as table
from image.store.models import Task

LOG = logging.getLogger(__name__)
FETCHING = ("web-download", "glance-download", "location")
"""Imports that stage what they fetch: it is theirs, and goes when they fail."""


def run(deps: Deps) -> None:
    "One pass."
    deps.worker.beat()
    dead = deps.worker.dead()
    undo(deps, dead)
    erase_doomed(deps)
    with deps.db.read() as session:
        unsettled = blobs.unsettled(session)
    for image_id in unsettled:
        restore_status(deps, image_id)
    lifetime = datetime.timedelta(hours=deps.config.imports.task_lifetime_h)
    with deps.db.write() as session:
        tasks.forget_old(session, utcnow() - lifetime)


def erase_doomed(deps: Deps) -> None:
    """Remove all data that waits for it, then the images that were only waiting for that. What
    cannot go now, a block image with clones say, does not stand in the way of the rest."""
    after = ""
    while True:
        with deps.db.read() as session:
            doomed = blobs.deleting(session, after)
        if not doomed:
            break
        removal.erase(deps, doomed)
        after = doomed[-1].id
    with deps.db.read() as session:
        empty = blobs.removable(session)
    for image_id in empty:
        removal.drop_if_empty(deps, image_id)


def undo(deps: Deps, dead: Sequence[str]) -> None:
    "Take back what these workers had begun."
    with deps.db.read() as session:
        orphans = blobs.abandoned(session, dead)
        broken = tasks.of_workers(session, dead)
    for blob in orphans:
        LOG.warning(
            "undoing an unfinished write of image %s in store %s", blob.image_id, blob.store
        )
        transfer.discard(deps, blob)
        restore_status(deps, blob.image_id)
    for task in broken:
        _end(deps, task)
    for worker_id in dead:
        deps.worker.bury(worker_id)


def _end(deps: Deps, task: Task) -> None:
    "End a task of a dead worker, and take away what it had staged for itself."
    with deps.db.write() as session:
        tasks.finish(session, task.id, "failure", "The process that ran it ended.", utcnow())
        if task.image_id is None:
            return
        image = table.get(session, task.image_id, lock=True)
        if image is not None:
            table.set_property(session, image.id, images.IMPORTING_TO, None)
            images.mark_changed(image)
        method = (task.input or {}).get("import_req", {}).get("method", {}).get("name")
        # what a client staged is kept for another try, unless the image came to be all the same
        if method in FETCHING or (image is not None and image.status in ("active", "deactivated")):
            blobs.doom(session, task.image_id, store=blobs.STAGING)
    removal.clear(deps, task.image_id)
    restore_status(deps, task.image_id)


def restore_status(deps: Deps, image_id: str) -> None:
    "Put an image that nobody works on any more back to the last state that was whole."
    with deps.db.write() as session:
        image = table.row(session, image_id)
        if image is not None and image.status in ("saving", "uploading", "importing"):
            rest = blobs.of_image(session, image_id)
            if not any(b.state == "writing" for b in rest):
                staged = any(b.store == blobs.STAGING and b.state == "ready" for b in rest)
                image.status = "uploading" if staged else "queued"
                if not staged:
                    image.size = None
                images.mark_changed(image)
    removal.drop_if_empty(deps, image_id)


def strays(deps: Deps) -> dict[str, list[str]]:
    "Data in each store that no row knows: none, unless somebody put it there."
    found = {}
    places = {name: shelf.store for name, shelf in deps.shelves.by_name.items()}
    for name, store in {**places, blobs.STAGING: deps.staging}.items():
        lying = set(store.keys())  # before the rows: a row comes before its data
        with deps.db.read() as session:
            known = blobs.known(session, name)
        extra = sorted(lying - known)
        if extra:
            found[name] = extra
    return found
