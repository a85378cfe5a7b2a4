"""Data in Ceph block images, one for each copy, with a protected snapshot `snap` that clones can be
made of.

Debian's python3-rados and python3-rbd are imported when the store is first used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common import cpus
from image.errors import StoreUnavailable

SNAPSHOT = "snap"
GROW = 256 * 1024 * 1024
"""Bytes by which an image of unknown length grows at a time: each step is a request to the
cluster."""
CONNECT_S = 10


class RbdStore:
    "A pool of a Ceph cluster."

    kind = "rbd"

    def __init__(self, name: str, options: Any) -> None:
        self.name, self.options = name, options
        self.chunk = options.chunk_mib * 1024 * 1024
        self._cluster: Any = None
        self._lock = threading.Lock()

    @contextmanager
    def speaking(self) -> Iterator[Any]:
        "The module `rbd`; whatever the cluster says is wrong becomes StoreUnavailable."
        try:
            import rados
            import rbd
        except ImportError as error:
            reason = f"python3-rados and python3-rbd are needed: {error}."
            raise StoreUnavailable(store=self.name, reason=reason) from error
        try:
            yield rbd
        except (rados.Error, rbd.Error) as error:
            raise StoreUnavailable(store=self.name, reason=str(error)) from error

    def cluster(self) -> Any:
        "The connection, made at the first call. It is shared: librados is thread-safe."
        import rados

        with self._lock:
            if self._cluster is None:
                made = rados.Rados(conffile=self.options.conf, rados_id=self.options.user)
                with cpus.Anywhere():  # it starts threads
                    made.connect(timeout=CONNECT_S)
                self._cluster = made
            return self._cluster

    def pool(self) -> Any:
        "An I/O context of the pool. Close it."
        return self.cluster().open_ioctx(self.options.pool)

    def writer(self, key: str, size: int | None) -> RbdWriter:
        "Begin an image."
        return RbdWriter(self, key, size)

    def read(self, key: str, start: int, length: int) -> Iterator[bytes]:
        "Read in chunks of the object size."
        return _Blocks(self, key, start, length)

    def delete(self, key: str) -> None:
        """Remove the snapshot and the image. Raises StoreUnavailable while clones hang on it, or
        while a writer that died is still watched for (librbd: 30 s)."""
        with self.speaking() as rbd, self.pool() as pool:
            try:
                with rbd.Image(pool, key) as image:
                    for snapshot in list(image.list_snaps()):
                        if image.is_protected_snap(snapshot["name"]):
                            image.unprotect_snap(snapshot["name"])
                        image.remove_snap(snapshot["name"])
                rbd.RBD().remove(pool, key)
            except rbd.ImageNotFound:
                return

    def size(self, key: str) -> int | None:
        "Bytes of the image."
        with self.speaking() as rbd, self.pool() as pool:
            try:
                with rbd.Image(pool, key, read_only=True) as image:
                    return int(image.size())
            except rbd.ImageNotFound:
                return None

    def keys(self) -> Iterator[str]:
        "Names of all images in the pool."
        with self.speaking() as rbd, self.pool() as pool:
            return iter(sorted(rbd.RBD().list(pool)))

    def path(self, key: str) -> str | None:
        "There is none."
        return None

    def below(self, key: str) -> str | None:
        "There is none."
        return None

    def url(self, key: str) -> str:
        "As Nova and Cinder read it, to clone instead of to copy."
        with self.speaking():
            return f"rbd://{self.cluster().get_fsid()}/{self.options.pool}/{key}/{SNAPSHOT}"

    def properties(self) -> dict[str, Any]:
        "For /v2/info/stores/detail."
        return {
            "rbd_store_pool": self.options.pool,
            "rbd_store_user": self.options.user,
            "chunk_size": self.options.chunk_mib,
            "thin_provisioning": False,
        }


class RbdWriter:
    "A growing image; its size is made exact, and the snapshot taken, at the end."

    def __init__(self, store: RbdStore, key: str, size: int | None) -> None:
        self.store, self.key = store, key
        self._at, self._room = 0, size or 0
        self._image: Any = None
        with store.speaking() as rbd:
            self._pool = store.pool()
            try:
                rbd.RBD().create(
                    self._pool,
                    key,
                    self._room,
                    order=store.chunk.bit_length() - 1,
                    old_format=False,
                    features=rbd.RBD_FEATURE_LAYERING,
                )
                self._image = rbd.Image(self._pool, key)
            except rbd.Error:
                self._pool.close()
                raise

    def write(self, data: bytes) -> None:
        "Append."
        with self.store.speaking():
            if self._at + len(data) > self._room:
                self._room = self._at + max(len(data), GROW)
                self._image.resize(self._room)
            self._image.write(data, self._at)
        self._at += len(data)

    def commit(self) -> None:
        "Cut to size, flush, snapshot."
        with self.store.speaking():
            if self._room != self._at:
                self._image.resize(self._at)
            self._image.flush()
            self._image.create_snap(SNAPSHOT)
            self._image.protect_snap(SNAPSHOT)
            self._close()

    def abort(self) -> None:
        "Remove the image."
        with self.store.speaking():
            self._close()
        self.store.delete(self.key)

    def _close(self) -> None:
        image, self._image = self._image, None
        if image is not None:
            try:
                image.close()
            finally:
                self._pool.close()


class _Blocks:
    "A range of an image, read through its snapshot."

    def __init__(self, store: RbdStore, key: str, start: int, length: int) -> None:
        self._store, self._at, self._left = store, start, length
        self._image: Any = None
        with store.speaking() as rbd:
            self._pool = store.pool()
            try:
                self._image = rbd.Image(self._pool, key, snapshot=SNAPSHOT, read_only=True)
            except rbd.ImageNotFound:
                self._pool.close()
                raise FileNotFoundError(key) from None
            except rbd.Error:
                self._pool.close()
                raise

    def __iter__(self) -> _Blocks:
        return self

    def __next__(self) -> bytes:
        if self._left <= 0:
            self.close()
            raise StopIteration
        with self._store.speaking():
            block: bytes = self._image.read(self._at, min(self._store.chunk, self._left))
        if not block:
            reason = "the data is shorter than the image."
            raise StoreUnavailable(store=self._store.name, reason=reason)
        self._at += len(block)
        self._left -= len(block)
        return block

    def close(self) -> None:
        "Close the image; more than once is fine."
        self._left = 0
        image, self._image = self._image, None
        if image is not None:
            image.close()
            self._pool.close()
