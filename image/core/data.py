"""The data of images: upload, staging, download."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from common.context import Context
from common.db import after_commit
from common.errors import Error
from image.core import Deps, images, quota, removal, transfer
from image.core.formats import Inspection, Verdict
from image.errors import BadImageContent, FormatsNotSet, NoImageData, StatusForbids, WrongStatus
from image.store import blobs
from image.store.models import Blob, Image

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """What a request says about the data it brings: its length if it has one, and a store if it
    wants one."""

    stream: Any
    size: int | None
    store: str | None = None


def upload(deps: Deps, ctx: Context, image_id: str, given: Upload) -> Image:
    """Take an image's data straight into a store: queued, saving, active. Raises what
    `transfer.receive` raises."""
    shelf = deps.shelves.named(given.store)
    blob, image = begin(deps, ctx, image_id, given, shelf.name, "saving")
    inspection = Inspection(image.disk_format, image.container_format)
    try:
        received = transfer.receive(
            deps, blob, transfer.blocks(given.stream), given.size, inspection
        )
        quarantine = judge(deps, received.verdict)
        return activate(deps, ctx, blob, received, quarantine=quarantine)
    except BaseException:
        give_up(deps, blob, "saving", "queued")
        raise


def stage(deps: Deps, ctx: Context, image_id: str, given: Upload) -> None:
    "Keep data aside for an import: queued, uploading."
    blob, _ = begin(deps, ctx, image_id, given, blobs.STAGING, "uploading")
    try:
        received = transfer.receive(
            deps, blob, transfer.blocks(given.stream), given.size, Inspection(None, None)
        )
        with deps.db.write() as session:
            image = images.table.get(session, image_id, lock=True)
            if image is None or not blobs.finish(session, blob.id, received.size):
                raise gone(image_id, "staging")
            image.size = received.size
            images.mark_changed(image)
    except BaseException:
        give_up(deps, blob, "uploading", "queued")
        raise


def gone(image_id: str, action: str) -> WrongStatus:
    "The error of a transfer whose image was deleted meanwhile."
    return WrongStatus(image_id=image_id, status="deleted", action=action, wanted="saving")


def begin(
    deps: Deps, ctx: Context, image_id: str, given: Upload, store: str, status: str
) -> tuple[Blob, Image]:
    "Check everything before the first byte is read, reserve the quota and write the journal."
    deps.worker.ensure()
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "upload_image", lock=True)
        if image.status != "queued":
            raise WrongStatus(
                image_id=image_id, status=image.status, action="upload", wanted="queued"
            )
        if not (image.disk_format and image.container_format):
            raise FormatsNotSet()
        size = given.size or 0
        if image.owner:
            limits = deps.limits.of(image.owner)
            quota.check_upload(limits, session, image.owner)
            quota.check_bytes(limits, session, image.owner, size, staged=store == blobs.STAGING)
        most = deps.config.image.size_most_gib * 1024**3
        if size > most:
            raise quota.OverLimit(
                what="Image size", limit=f"{most} B", usage="0 B", asked=f"{size} B"
            )
        blob = blobs.begin(
            session,
            image_id=image_id,
            store=store,
            owner=image.owner,
            size=size,
            worker_id=deps.worker.id,
        )
        image.status = status
        images.mark_changed(image)
        after_commit(session, lambda: deps.notices.say(ctx, "image.prepare", images.notice(image)))
    return blob, image


def judge(deps: Deps, verdict: Verdict) -> str | None:
    "None for good data, the reason for quarantine; raises BadImageContent for what is refused."
    if verdict.problem is None:
        return None
    rule = (
        deps.config.formats.unsafe if verdict.problem == "unsafe" else deps.config.formats.mismatch
    )
    if rule == "allow":
        return None
    if rule == "quarantine":
        return verdict.reason
    raise BadImageContent(reason=verdict.reason)


def activate(
    deps: Deps,
    ctx: Context | None,
    blob: Blob,
    received: transfer.Received,
    *,
    quarantine: str | None = None,
    from_status: str = "saving",
) -> Image:
    """The data is in its store: the image becomes active (or deactivated, in quarantine) in one
    transaction."""
    with deps.db.write() as session:
        image = images.table.get(session, blob.image_id, lock=True)
        if image is None or image.status != from_status:
            raise gone(blob.image_id, "upload")
        if not blobs.finish(session, blob.id, received.size):
            raise gone(blob.image_id, "upload")
        image.size, image.virtual_size = received.size, received.verdict.virtual_size
        for name, value in received.digests.items():
            setattr(image, name, value)
        image.status = "deactivated" if quarantine else "active"
        images.mark_changed(image)
        if quarantine:
            LOG.warning("image %s is in quarantine: %s", image.id, quarantine)
            images.table.set_property(session, image.id, images.QUARANTINE, quarantine[:500])
        after_commit(session, lambda: _say_uploaded(deps, ctx, image))
    return image


def _say_uploaded(deps: Deps, ctx: Context | None, image: Image) -> None:
    for event in ("image.upload", "image.activate"):
        deps.notices.say(ctx, event, images.notice(image))


def give_up(deps: Deps, blob: Blob, status: str, back_to: str) -> None:
    "After a failed transfer: no bytes, no reservation, and the image as it was before."
    transfer.discard(deps, blob)
    with deps.db.write() as session:
        image = images.table.get(session, blob.image_id, lock=True)
        if image is not None and image.status == status:
            image.status = back_to
            image.size = None
            images.mark_changed(image)
    removal.drop_if_empty(deps, blob.image_id)


@dataclass
class Download:
    """Data to send: `blocks` yields `length` bytes from `start` of `total`. `inner` says where a
    local file lies, as `<store>/<path below its folder>`."""

    image: Image
    start: int
    length: int
    total: int
    blocks: Iterator[bytes]
    inner: str | None = None


def downloadable(deps: Deps, ctx: Context, image_id: str) -> Image:
    """The image whose data the caller may read now. Raises StatusForbids for one that is
    deactivated."""
    image = images.require(deps, ctx, image_id, "download_image")
    if image.status == "deactivated" and not ctx.is_admin:
        raise StatusForbids(image_id=image_id, status=image.status, action="download")
    return image


def open_data(deps: Deps, image: Image, start: int, length: int) -> Download:
    "The data from the best store that has it; the next one where that fails. Raises NoImageData."
    total = image.size or 0
    for store_name in copies(deps, image):
        blob = copy_in(image, store_name)
        store = transfer.place(deps, blob)
        try:
            if deps.cache is not None and store.path(blob.id) is None:
                data = deps.cache.read(image, store, blob.id, start, length)
            else:
                data = store.read(blob.id, start, length)
            below = store.below(blob.id)
            inner = f"{store_name}/{below}" if below else None
            return Download(image, start, length, total, data, inner)
        except (Error, OSError) as error:
            LOG.error("image %s cannot be read from store %s: %s", image.id, store_name, error)
    raise NoImageData(image_id=image.id)


def copy_in(image: Image, store: str) -> Blob:
    "The copy that lies in `store`, one of `copies`."
    return next(b for b in image.blobs if b.store == store and b.state == "ready")


def copies(deps: Deps, image: Image) -> list[str]:
    "Names of the enabled stores that have the data, the heaviest first."
    names = {b.store for b in image.blobs if b.state == "ready" and b.store in deps.shelves.by_name}
    return sorted(
        names, key=lambda n: (-deps.shelves.by_name[n].weight, n != deps.shelves.default, n)
    )
