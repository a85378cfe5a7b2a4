"""Stores as users and administrators see them, and taking an image out of one of several."""

from __future__ import annotations

from typing import Any

from common.context import Context
from image.core import Deps, images, removal
from image.errors import LastCopy, NotInStore, ProtectedImage, StoreNotFound
from image.store import blobs
from image.store.models import Blob


def listing(deps: Deps, *, detail: bool) -> list[dict[str, Any]]:
    "The enabled stores, the default one marked."
    found = []
    for name, shelf in deps.shelves.by_name.items():
        entry: dict[str, Any] = {"id": name}
        if shelf.description:
            entry["description"] = shelf.description
        if name == deps.shelves.default:
            entry["default"] = "true"
        if detail:
            entry |= {
                "type": shelf.store.kind,
                "weight": shelf.weight,
                "properties": shelf.store.properties(),
            }
        found.append(entry)
    return found


def remove_copy(deps: Deps, ctx: Context, store: str, image_id: str) -> None:
    "Remove the data from one store. Raises LastCopy where no other store has it."
    if store not in deps.shelves.by_name:
        ctx.enforce("delete_image_location", {})
        raise StoreNotFound(store=store)
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "delete_image_location", lock=True)
        if image.protected:
            raise ProtectedImage(image_id=image_id)
        ready = [b for b in image.blobs if b.state == "ready" and b.store != blobs.STAGING]
        if store not in {b.store for b in ready}:
            raise NotInStore(image_id=image_id, store=store)
        if not any(b.store != store and _whole(deps, b) for b in ready):
            raise LastCopy(image_id=image_id)
        blobs.doom(session, image_id, store=store)
        images.mark_changed(image)
    removal.clear(deps, image_id)


def _whole(deps: Deps, blob: Blob) -> bool:
    "Whether a copy is really there: the last good one must never be removed for a row's word."
    store = deps.shelves.get(blob.store)
    return store is not None and store.size(blob.id) == blob.size
