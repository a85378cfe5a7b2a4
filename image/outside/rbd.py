"""Data in Ceph block images, one for each copy, with a protected snapshot `snap` that clones can be
made of.

Debian's python3-rados and python3-rbd are imported when the store is first used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from image.errors import StoreUnavailable

SNAPSHOT = "snap"
GROW = 256 * 1024 * 1024


class RbdStore:
    "A pool of a Ceph cluster."

    kind = "rbd"

    def __init__(self, name: str, options: Any) -> None:
        self.name, self.options = name, options
        self.chunk = options.chunk_mib * 1024 * 1024
        self._cluster: Any = None
        self._lock = threading.Lock()

    def pool(self) -> Any:
        "An I/O context of the pool. Close it."
        import rados

        with self._lock:
            try:
                if self._cluster is None:
                    cluster = rados.Rados(conffile=self.options.conf, rados_id=self.options.user)
                    cluster.connect(timeout=10)
                    self._cluster = cluster
                return self._cluster.open_ioctx(self.options.pool)
            except rados.Error as error:
                self._cluster = None
                raise StoreUnavailable(store=self.name, reason=str(error)) from error

    def writer(self, key: str, size: int | None) -> RbdWriter:
        "Begin an image."
        return RbdWriter(self, key, size)

    def read(self, key: str, start: int, length: int) -> Iterator[bytes]:
        "Read in chunks of the object size."
        return _Blocks(self, key, start, length)

    def delete(self, key: str) -> None:
        "Remove the snapshot and the image. Raises StoreUnavailable while clones hang on it."
        import rbd

        with self.pool() as pool:
            try:
                with rbd.Image(pool, key) as image:
                    for snapshot in list(image.list_snaps()):
                        if image.is_protected_snap(snapshot["name"]):
                            image.unprotect_snap(snapshot["name"])
                        image.remove_snap(snapshot["name"])
                rbd.RBD().remove(pool, key)
            except rbd.ImageNotFound:
                return
            except rbd.Error as error:
                raise StoreUnavailable(store=self.name, reason=str(error)) from error

    def size(self, key: str) -> int | None:
        "Bytes of the image."
        import rbd

        with self.pool() as pool:
            try:
                with rbd.Image(pool, key, read_only=True) as image:
                    return int(image.size())
            except rbd.ImageNotFound:
                return None

    def keys(self) -> Iterator[str]:
        "Names of all images in the pool."
        import rbd

        with self.pool() as pool:
            yield from sorted(rbd.RBD().list(pool))

    def path(self, key: str) -> str | None:
        "There is none."
        return None

    def properties(self) -> dict[str, Any]:
        "For /v2/info/stores/detail."
        return {
            "rbd_store_pool": self.options.pool,
            "rbd_store_user": self.options.user,
            "chunk_size": self.options.chunk_mib,
            "thin_provisioning": True,
        }


class RbdWriter:
    "A growing image; its size is made exact, and the snapshot taken, at the end."

    def __init__(self, store: RbdStore, key: str, size: int | None) -> None:
        import rbd

        self.store, self.key = store, key
        self._pool = store.pool()
        self._at = 0
        try:
            order = store.chunk.bit_length() - 1
            rbd.RBD().create(
                self._pool,
                key,
                size or 0,
                order,
                old_format=False,
                features=rbd.RBD_FEATURE_LAYERING,
            )
            self._image: Any = rbd.Image(self._pool, key)
        except rbd.Error as error:
            self._pool.close()
            raise StoreUnavailable(store=store.name, reason=str(error)) from error
        self._room = size or 0

    def write(self, data: bytes) -> None:
        "Append."
        import rbd

        try:
            if self._at + len(data) > self._room:
                self._room = self._at + max(len(data), GROW)
                self._image.resize(self._room)
            self._image.write(data, self._at)
        except rbd.Error as error:
            raise StoreUnavailable(store=self.store.name, reason=str(error)) from error
        self._at += len(data)

    def commit(self) -> None:
        "Cut to size, flush, snapshot."
        import rbd

        try:
            if self._room != self._at:
                self._image.resize(self._at)
            self._image.flush()
            self._image.create_snap(SNAPSHOT)
            self._image.protect_snap(SNAPSHOT)
        except rbd.Error as error:
            raise StoreUnavailable(store=self.store.name, reason=str(error)) from error
        self._close()

    def abort(self) -> None:
        "Remove the image."
        self._close()
        self.store.delete(self.key)

    def _close(self) -> None:
        if self._image is not None:
            self._image.close()
            self._pool.close()
            self._image = None


class _Blocks:
    "A range of an image, read through its snapshot."

    def __init__(self, store: RbdStore, key: str, start: int, length: int) -> None:
        import rbd

        self._store, self._at, self._left = store, start, length
        self._pool = store.pool()
        try:
            self._image: Any = rbd.Image(self._pool, key, snapshot=SNAPSHOT, read_only=True)
        except rbd.ImageNotFound:
            self._pool.close()
            raise FileNotFoundError(key) from None

    def __iter__(self) -> _Blocks:
        return self

    def __next__(self) -> bytes:
        if self._left <= 0:
            self.close()
            raise StopIteration
        block: bytes = self._image.read(self._at, min(self._store.chunk, self._left))
        self._at += len(block)
        self._left -= len(block)
        return block

    def close(self) -> None:
        "Close the image; more than once is fine."
        self._left = 0
        if self._image is not None:
            self._image.close()
            self._pool.close()
            self._image = None
