"""A local copy of what remote stores hold: filled while a client downloads, or on request; least
recently used first out.

A cached file is whole or not there: it is written under another name and gets its own when the last
byte is in.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from common.context import Context
from common.db import Database, utcnow
from common.ids import is_uuid
from image.core.blobs import Store
from image.core.blobs.file import PART, FileStore
from image.errors import NotCached
from image.store import caching
from image.store.models import CachedImage, Image

LOG = logging.getLogger(__name__)


class Cache:
    "The cache of this machine. Files are named by blob: a key's data never changes."

    def __init__(self, db: Database, folder: Path, host: str, limit_mib: int) -> None:
        self.db, self.host = db, host
        self.limit = limit_mib * 1024 * 1024
        self.folder = folder
        self._files = FileStore(folder, name="cache", durable=False) if limit_mib else None

    def read(
        self, image: Image, store: Store, key: str, start: int, length: int
    ) -> Iterator[bytes]:
        "The data from the cache, or from the store and into the cache if all of it is read."
        assert self._files is not None
        if self._files.size(image.id) == image.size:
            self._hit(image.id)
            return self._files.read(image.id, start, length)
        source = store.read(key, start, length)
        if start == 0 and length == image.size and length <= self.limit:
            return self._tee(image, source)
        return source

    def fill(self, image: Image, store: Store, key: str) -> None:
        "Read an image into the cache."
        for _ in self.read(image, store, key, 0, image.size or 0):
            pass

    def _tee(self, image: Image, source: Iterator[bytes]) -> Iterator[bytes]:
        assert self._files is not None
        try:
            writer = self._files.writer(image.id, image.size)
        except Exception as error:  # somebody else fills it, or the disk is full: serve without it
            LOG.info("image %s is not cached: %s", image.id, error)
            yield from source
            return
        total = 0
        try:
            for block in source:
                writer.write(block)
                total += len(block)
                yield block
            if total == image.size:
                writer.commit()
                self._added(image)
        finally:
            if total != image.size:
                writer.abort()

    def _hit(self, image_id: str) -> None:
        with self.db.write() as session:
            caching.hit(session, image_id, self.host, utcnow())

    def _added(self, image: Image) -> None:
        with self.db.write() as session:
            caching.put(session, image.id, self.host, "cached", image.size or 0, utcnow())
        self.prune()

    def prune(self) -> None:
        "Remove the least recently used files above the limit, and files that no row knows."
        with self.db.read() as session:
            rows = caching.listing(session, self.host)
        used = sum(r.size for r in rows if r.state == "cached")
        for row in sorted(rows, key=lambda r: r.accessed_at):
            if used <= self.limit:
                break
            if row.state == "cached":
                self.forget(row.image_id)
                used -= row.size

    def forget(self, image_id: str) -> bool:
        "Remove one image from the cache or the queue; False if it was in neither."
        with self.db.write() as session:
            known = caching.drop(session, image_id, self.host)
        if self._files is not None:
            self._files.delete(image_id)
        return known

    def queue(self, image_id: str) -> None:
        "Note that an image is to be cached."
        with self.db.write() as session:
            if caching.get(session, image_id, self.host) is None:
                caching.put(session, image_id, self.host, "queued", 0, utcnow())

    def listing(self) -> Sequence[CachedImage]:
        "Everything cached or queued on this machine."
        with self.db.read() as session:
            return caching.listing(session, self.host)

    def recover(self) -> None:
        "After a start: rows without files go, and so do unfinished files."
        for row in self.listing():
            if row.state == "cached" and self._files and self._files.size(row.image_id) != row.size:
                self.forget(row.image_id)
        for path in self.folder.rglob(f"*{PART}"):
            os.unlink(path)


def clear(cache: Cache, ctx: Context, what: str) -> None:
    "Empty the cache, the queue, or both."
    for row in cache.listing():
        if what in ("", "both") or (what == "queue") == (row.state == "queued"):
            cache.forget(row.image_id)


def require(cache: Cache, image_id: str) -> None:
    "Remove one image. Raises NotCached."
    # what is no image id must not become a path
    if not is_uuid(image_id) or not cache.forget(image_id):
        raise NotCached(image_id=image_id)
