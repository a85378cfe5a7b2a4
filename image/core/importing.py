"""Running an import: fetch to the staging area if need be, convert, copy into each store, and tidy
up.

The image is active as soon as one store has it. Whatever fails, the image ends as it was before,
staged data included, and every byte that was written for nothing is removed; after a crash the
sweeper does the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from common.context import Context, request_id_var
from common.db import utcnow
from common.errors import Error
from image.core import Deps, data, images, quota, removal, sweep, transfer
from image.core.blobs import Store
from image.core.formats import Inspection
from image.errors import BadImageContent, ImportRefused, StagedNothing
from image.store import blobs, tasks
from image.store import images as table
from image.store.models import Blob, Image

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    "An import that has been accepted."

    task_id: str
    image_id: str
    method: str
    stores: tuple[str, ...]
    all_must_succeed: bool
    arguments: dict[str, Any] = field(default_factory=dict)


def run(deps: Deps, ctx: Context, plan: Plan) -> None:
    "Do it, and write down how it went."
    request_id_var.set(ctx.request_id)
    with deps.db.write() as session:
        if not tasks.start(session, plan.task_id, deps.worker.id, utcnow()):
            return
    try:
        if plan.method == "copy-image":
            failed = _copy(deps, plan)
        else:
            failed = _import(deps, ctx, plan)
    except Exception as error:  # whatever it was, the image must not stay `importing`
        known = isinstance(error, Error)
        LOG.log(
            logging.WARNING if known else logging.ERROR,
            "import of image %s: %s",
            plan.image_id,
            error,
            exc_info=None if known else error,
        )
        _end(deps, plan, "failure", str(error) if known else "The import failed.")
        return
    copied = [s for s in plan.stores if s not in failed]
    words = f"Copied to {', '.join(copied)}." if plan.stores else "All stores have it."
    if failed:
        words += f" Failed: {', '.join(failed)}."
    _end(deps, plan, "success", words)


def _end(deps: Deps, plan: Plan, status: str, message: str) -> None:
    with deps.db.write() as session:
        result = {"image_id": plan.image_id} if status == "success" else None
        tasks.finish(session, plan.task_id, status, message, utcnow(), result)
        image = table.get(session, plan.image_id, lock=True)
        if image is not None and status == "failure":
            table.set_property(session, image.id, images.IMPORTING_TO, "")
            table.set_property(session, image.id, images.FAILED_IMPORT, ",".join(plan.stores))
            images.mark_changed(image)
    sweep.restore_status(deps, plan.image_id)


def _import(deps: Deps, ctx: Context, plan: Plan) -> list[str]:
    staged = _staged(deps, plan)
    fetched = staged is None
    if staged is None:
        staged = _fetch(deps, ctx, plan)
    try:
        staged = _converted(deps, plan, staged)
        source = _Staged(deps, staged)
        failed = _into_stores(deps, plan, source)
    except BaseException:
        if fetched:
            _drop(deps, staged)
        raise
    _drop(deps, staged)
    return failed


def _staged(deps: Deps, plan: Plan) -> Blob | None:
    if plan.method != "glance-direct":
        return None
    with deps.db.read() as session:
        found = blobs.of_image(session, plan.image_id, state="ready", store=blobs.STAGING)
    if not found:
        raise StagedNothing(image_id=plan.image_id)
    return found[0]


def _fetch(deps: Deps, ctx: Context, plan: Plan) -> Blob:
    "Download into the staging area."
    if "uri" in plan.arguments:
        body = deps.fetch.open(plan.arguments["uri"])
    else:
        body = deps.remote.open(deps, ctx, plan.image_id, plan.arguments)
    try:
        blob = _begin(deps, plan.image_id, blobs.STAGING, body.size or 0)
        try:
            received = transfer.receive(deps, blob, body.blocks, body.size, Inspection(None, None))
            promised = plan.arguments.get("os_hash_value")
            if promised not in (None, received.digests["os_hash_value"]):
                raise BadImageContent(reason="it does not have the digest that was promised.")
            with deps.db.write() as session:
                if not blobs.finish(session, blob.id, received.size):
                    raise data.gone(plan.image_id, "import")
        except BaseException:
            transfer.discard(deps, blob)
            raise
        return blob
    finally:
        body.close()


def _begin(deps: Deps, image_id: str, store: str, size: int) -> Blob:
    "Write the journal and reserve the quota for one more copy."
    with deps.db.write() as session:
        image = table.get(session, image_id, lock=True)
        if image is None:
            raise data.gone(image_id, "import")
        if image.owner:
            staged = store == blobs.STAGING
            limits = deps.limits.of(image.owner)
            quota.check_bytes(limits, session, image.owner, size, staged=staged)
        return blobs.begin(
            session,
            image_id=image_id,
            store=store,
            owner=image.owner,
            size=size,
            worker_id=deps.worker.id,
        )


def _drop(deps: Deps, blob: Blob) -> None:
    with deps.db.write() as session:
        blobs.doom_one(session, blob.id)
    removal.clear(deps, blob.image_id)


class _Staged:
    "Data in the staging area, to be read once for each store."

    def __init__(self, deps: Deps, blob: Blob) -> None:
        self.store: Store = deps.staging
        self.key = blob.id
        self.size = self.store.size(blob.id) or 0

    def blocks(self) -> Iterator[bytes]:
        "From the beginning."
        return self.store.read(self.key, 0, self.size)


def _converted(deps: Deps, plan: Plan, staged: Blob) -> Blob:
    "The staged data in the format that the operator wants, if it is to be converted at all."
    with deps.db.read() as session:
        image = table.get(session, plan.image_id)
    if image is None:
        raise data.gone(plan.image_id, "import")
    to = deps.convert.wanted(image.disk_format, image.container_format)
    if to is None:
        return staged
    source = _Staged(deps, staged)
    _inspect(deps, image, source)
    blob = _begin(deps, plan.image_id, blobs.STAGING, 0)
    path = str(deps.staging.path(blob.id))
    try:
        # the writer makes the folder and the name; qemu-img then fills the file
        deps.staging.writer(blob.id, None).commit()
        deps.convert.run(str(deps.staging.path(staged.id)), image.disk_format, path, to)
        size = deps.staging.size(blob.id) or 0
        with deps.db.write() as session:
            row = table.get(session, plan.image_id, lock=True)
            if row is None or not blobs.finish(session, blob.id, size):
                raise data.gone(plan.image_id, "import")
            row.disk_format = to
            images.mark_changed(row)
            # in the same transaction: after a crash only one of the two may be there
            blobs.doom_one(session, staged.id)
    except BaseException:
        transfer.discard(deps, blob)
        raise
    removal.clear(deps, plan.image_id)
    return blob


def _inspect(deps: Deps, image: Image, source: _Staged) -> None:
    """Look at everything before any program may open it: here even what is otherwise allowed must
    match."""
    inspection = Inspection(image.disk_format, image.container_format)
    for _ in inspection.watch(source.blocks()):
        pass
    verdict = inspection.verdict(source.size)
    if verdict.problem:
        raise BadImageContent(reason=verdict.reason)


def _into_stores(deps: Deps, plan: Plan, source: _Staged) -> list[str]:
    "Copy to each store; the first makes the image active. Returns the stores that failed."
    failed: list[str] = []
    done: list[str] = []
    _announce(deps, plan)
    for name in plan.stores:
        try:
            _one(deps, plan, source, name, first=not done)
            done.append(name)
        except Error as error:
            if plan.all_must_succeed or (not done and name == plan.stores[-1]):
                _take_back(deps, plan, done)
                raise
            LOG.warning("import of image %s to store %s: %s", plan.image_id, name, error)
            failed.append(name)
        _progress(deps, plan, done, failed)
    return failed


def _one(deps: Deps, plan: Plan, source: _Staged, store: str, *, first: bool) -> None:
    blob = _begin(deps, plan.image_id, store, source.size)
    try:
        with deps.db.read() as session:
            image = table.get(session, plan.image_id)
        if image is None:
            raise data.gone(plan.image_id, "import")
        inspection = Inspection(image.disk_format, image.container_format)
        received = transfer.receive(deps, blob, source.blocks(), source.size, inspection)
        if first:
            quarantine = data.judge(deps, received.verdict)
            data.activate(
                deps, None, blob, received, quarantine=quarantine, from_status="importing"
            )
        else:
            _finish_copy(deps, blob, received, image.os_hash_value)
    except BaseException:
        transfer.discard(deps, blob)
        raise


def _finish_copy(deps: Deps, blob: Blob, received: transfer.Received, digest: str | None) -> bool:
    """A further copy counts only if it is the same data. False, and the copy goes again, when
    another task has brought one into this store meanwhile: both had been asked for when there was
    none."""
    if digest != received.digests["os_hash_value"]:
        raise ImportRefused(reason=f"the copy in store {blob.store} differs from the image.")
    with deps.db.write() as session:
        image = table.get(session, blob.image_id, lock=True)
        if image is None:
            raise data.gone(blob.image_id, "import")
        twin = blobs.of_image(session, blob.image_id, state="ready", store=blob.store)
        if not twin:
            if not blobs.finish(session, blob.id, received.size):
                raise data.gone(blob.image_id, "import")
            images.mark_changed(image)
    if twin:
        transfer.discard(deps, blob)
    return not twin


def _take_back(deps: Deps, plan: Plan, done: list[str]) -> None:
    "Undo the stores that had succeeded: the image goes back to what it was."
    if not done:
        return
    with deps.db.write() as session:
        image = table.get(session, plan.image_id, lock=True)
        for name in done:
            blobs.doom(session, plan.image_id, store=name)
        if image is not None and plan.method != "copy-image":
            image.status, image.size, image.virtual_size = "importing", None, None
            image.checksum = image.os_hash_algo = image.os_hash_value = None
            images.mark_changed(image)
    removal.clear(deps, plan.image_id)


def _announce(deps: Deps, plan: Plan) -> None:
    "Say in the image's properties which stores are to have it."
    with deps.db.write() as session:
        image = table.get(session, plan.image_id, lock=True)
        if image is not None:
            table.set_property(session, image.id, images.IMPORTING_TO, ",".join(plan.stores))
            table.set_property(session, image.id, images.FAILED_IMPORT, "")
            images.mark_changed(image)


def _progress(deps: Deps, plan: Plan, done: list[str], failed: list[str]) -> None:
    "Say in the image's properties how far it is; clients poll them."
    left = [s for s in plan.stores if s not in done and s not in failed]
    with deps.db.write() as session:
        image = table.get(session, plan.image_id, lock=True)
        if image is None:
            return
        # both stay when all is done, empty: that is how clients know it
        table.set_property(session, image.id, images.IMPORTING_TO, ",".join(left))
        table.set_property(session, image.id, images.FAILED_IMPORT, ",".join(failed))
        tasks.note(session, plan.task_id, f"Copied to {', '.join(done) or 'none'}.", utcnow())
        images.mark_changed(image)


def _copy(deps: Deps, plan: Plan) -> list[str]:
    "Copy an active image to more stores; the copies that exist are never touched."
    with deps.db.read() as session:
        image = table.get(session, plan.image_id)
    if image is None:
        raise data.gone(plan.image_id, "copy")
    failed: list[str] = []
    done: list[str] = []
    ours: list[str] = []  # what another task brought is not ours to take back
    _announce(deps, plan)
    for name in plan.stores:
        try:
            opened = data.open_data(deps, image, 0, image.size or 0)
            blob = _begin(deps, plan.image_id, name, image.size or 0)
            try:
                received = transfer.receive(
                    deps, blob, opened.blocks, image.size, Inspection(None, None)
                )
                if _finish_copy(deps, blob, received, image.os_hash_value):
                    ours.append(name)
            except BaseException:
                transfer.discard(deps, blob)
                raise
            done.append(name)
        except Error as error:
            if plan.all_must_succeed or (not done and name == plan.stores[-1]):
                _take_back(deps, plan, ours)
                raise
            LOG.warning("copy of image %s to store %s: %s", plan.image_id, name, error)
            failed.append(name)
        _progress(deps, plan, done, failed)
    return failed
