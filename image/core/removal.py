"""Removing data that is doomed: first in the journal, then in the store, then out of the
journal."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from common.errors import Error
from image.core import Deps
from image.store import blobs
from image.store import images as table
from image.store.models import Blob

LOG = logging.getLogger(__name__)


def clear(deps: Deps, image_id: str) -> None:
    "Remove the doomed data of one image, then its row if it is to go and nothing is left."
    with deps.db.read() as session:
        doomed = blobs.of_image(session, image_id, state="deleting")
    erase(deps, doomed)
    drop_if_empty(deps, image_id)


def erase(deps: Deps, doomed: Sequence[Blob]) -> int:
    "Remove data; what a store refuses now is tried again by the sweeper. Returns how much is gone."
    gone = []
    for blob in doomed:
        store = deps.staging if blob.store == blobs.STAGING else deps.shelves.get(blob.store)
        if store is None:
            LOG.warning("store %s is not enabled: blob %s stays", blob.store, blob.id)
            continue
        try:
            store.delete(blob.id)
            gone.append(blob.id)
        except (Error, OSError) as error:
            LOG.warning("blob %s in store %s: %s; will be tried again", blob.id, blob.store, error)
    if gone:
        with deps.db.write() as session:
            for blob_id in gone:
                blobs.forget(session, blob_id)
    return len(gone)


def drop_if_empty(deps: Deps, image_id: str) -> None:
    "Delete the row of an image that is to go and has no data any more."
    with deps.db.write() as session:
        image = table.row(session, image_id)
        if image is not None and image.status == table.GONE and blobs.emptied(session, image_id):
            table.drop(session, image_id)
