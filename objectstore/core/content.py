"""Bytes of objects: into the engine with their MD5 and out of it, encrypted in between when the
cluster says so."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from common import cpus
from common.errors import Unavailable
from common.ids import new_hex
from objectstore.core import Deps, Policy
from objectstore.core.encryption import decrypt, encrypt
from objectstore.errors import EtagMismatch
from objectstore.store import Session, blobs

_LONG = 64 << 10
"A first piece of so many bytes has hashing and writing to come that is worth other processors."
EMPTY_MD5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()


class KeyMissing(Unavailable):
    "The object is encrypted with a key that this server does not have."


@dataclass(slots=True)
class Content:
    "Bytes that are on stable storage and that no object names yet. An empty one has no blob."

    size: int
    md5: str
    blob_id: str | None = None
    locator: str = ""
    key: str | None = None
    complete: bool = True
    policy: int = 0

    def add_row(self, session: Session, now: int) -> None:
        "The blob's row, in the transaction of its first object."
        if self.blob_id is not None:
            blobs.add(session, self.blob_id, self.locator, self.size, self.policy, self.key)
            if not self.complete:
                blobs.note_damage(session, self.blob_id, now)


def store(deps: Deps, policy: Policy, chunks: Iterable[bytes], etag: str = "") -> Content:
    """Write `chunks`. Raises EtagMismatch when their MD5 is not `etag` (the bytes are given back
    then), the
    engine's NoRoom, and whatever reading `chunks` raises."""
    digest = hashlib.md5(usedforsecurity=False)
    source = iter(_hashed(chunks, digest))
    first = next(source, None)
    if first is None:
        content = Content(0, EMPTY_MD5)
    else:
        with cpus.Anywhere() if len(first) >= _LONG else contextlib.nullcontext():
            content = _put(deps, policy, _again(first, source))
        content.md5 = digest.hexdigest()
    if etag and etag.lower() != content.md5:
        discard(deps, content)
        raise EtagMismatch()
    return content


def _put(deps: Deps, policy: Policy, chunks: Iterable[bytes]) -> Content:
    blob_id, secret = new_hex(), deps.keymaster.new_key()
    data = encrypt(secret[0], chunks) if secret else chunks
    stored = deps.engine.put(blob_id, data, policy.copies)
    return Content(
        stored.size,
        "",
        blob_id,
        stored.locator,
        secret[1] if secret else None,
        stored.complete,
        policy.index,
    )


def _hashed(chunks: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    # The engine asks for the next piece while its devices write this one: hashing runs beside the
    # writes.
    for chunk in chunks:
        if chunk:
            yield chunk
            digest.update(chunk)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def discard(deps: Deps, content: Content) -> None:
    "Give back bytes that no row will name."
    if content.blob_id is not None:
        deps.engine.delete(content.locator)


def read(
    deps: Deps, blob_id: str | None, locator: str, key: str | None, start: int, length: int
) -> Iterator[bytes]:
    """`length` bytes from `start`, checked and decrypted. Raises the engine's BlobUnreadable
    before the first byte,
    or in the middle when the last copy fails."""
    if blob_id is None or length <= 0:
        return iter(())

    def refresh() -> str | None:
        with deps.db.read() as session:
            return blobs.locator(session, blob_id)

    chunks = deps.engine.read(locator, start, length, refresh)
    if key is None:
        return chunks
    try:
        return decrypt(deps.keymaster.unwrap(key), chunks, start)
    except LookupError as error:
        raise KeyMissing() from error
