"""Data on its way into a store: counted, hashed, inspected and written in one pass, with flat
memory.

An unfinished transfer leaves nothing: its bytes are removed and its reservation is given back, here
when the client went away, or by the sweeper when this process did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from common import cpus
from common.errors import Error
from image.core import Deps, quota
from image.core.blobs import Store, Writer
from image.core.digests import Digests
from image.core.formats import Inspection, Verdict
from image.errors import OverLimit, ShortUpload, WrongStatus
from image.store import blobs
from image.store.models import Blob

READ = 256 * 1024
"""Bytes taken at once: a block that stays in a core's cache until it is hashed and written costs a
fifth less than one of a MiB."""
RESERVE = 64 * quota.MIB
"""How much of the quota an upload of unknown length takes at a time."""


@dataclass(frozen=True)
class Received:
    "What arrived."

    size: int
    digests: dict[str, str]
    verdict: Verdict


class ConnectionLost(ShortUpload):
    "The upload ended before its end: {reason}"


def blocks(stream: Any) -> Iterator[bytes]:
    "A request's body in blocks. Raises ConnectionLost where the client went away."
    while True:
        try:
            block = stream.read(READ)
        except (OSError, ValueError, RuntimeError) as error:  # what servers raise for a broken body
            raise ConnectionLost(reason=str(error) or "the connection was lost.") from error
        if not block:
            return
        yield block


def place(deps: Deps, blob: Blob) -> Store:
    "The store that a blob is in."
    if blob.store == blobs.STAGING:
        store: Store = deps.staging
        return store
    return deps.shelves.named(blob.store).store


def receive(
    deps: Deps, blob: Blob, source: Iterable[bytes], size: int | None, inspection: Inspection
) -> Received:
    """Write what `source` gives into the blob's store. `size` is the announced length. On any
    failure the data is removed and the error goes on. Raises OverLimit, ShortUpload,
    StoreUnavailable."""
    writer = place(deps, blob).writer(blob.id, size)
    try:
        with cpus.Anywhere():
            received = _pump(deps, blob, writer, source, size, inspection)
            writer.commit()
    except BaseException:
        writer.abort()
        raise
    return received


def _pump(
    deps: Deps,
    blob: Blob,
    writer: Writer,
    source: Iterable[bytes],
    size: int | None,
    inspection: Inspection,
) -> Received:
    total = 0
    reserved = blob.size
    most = deps.config.image.size_most_gib * 1024**3
    with Digests(deps.config.image.hash_algorithm) as digests:
        for block in inspection.watch(source):
            total += len(block)
            if total > most:
                raise OverLimit(what="Image size", limit=f"{most} B", usage="0 B", asked="more")
            if total > reserved:
                if size is not None:
                    raise ShortUpload(received=f"more than {total}", expected=size)
                reserved = _extend(deps, blob, total)
            digests.feed(block)
            writer.write(block)
        if size is not None and total != size:
            raise ShortUpload(received=total, expected=size)
        return Received(total, digests.results(), inspection.verdict(total))


def _extend(deps: Deps, blob: Blob, total: int) -> int:
    "Reserve more of the quota than `total` bytes; near the limit just those."
    staged = blob.store == blobs.STAGING
    limits = deps.limits.of(blob.owner) if blob.owner else None
    with deps.db.write() as session:
        row = blobs.get(session, blob.id)
        if row is None or row.state != "writing":
            raise WrongStatus(
                image_id=blob.image_id, status="deleted", action="upload", wanted="saving"
            )
        for wanted in (total + RESERVE, total):
            try:
                if limits is not None and blob.owner is not None:
                    quota.check_bytes(limits, session, blob.owner, wanted - row.size, staged=staged)
                row.size = wanted
                return wanted
            except OverLimit:
                if wanted == total:
                    raise
    raise AssertionError("unreachable")


def discard(deps: Deps, blob: Blob) -> None:
    "Take back a blob that did not come to be: its bytes (again) and its row."
    try:
        place(deps, blob).delete(blob.id)
    except (Error, OSError):
        with deps.db.write() as session:
            blobs.doom_one(session, blob.id)
        return
    with deps.db.write() as session:
        blobs.forget(session, blob.id)
