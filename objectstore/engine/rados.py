"""Blobs in a Ceph pool, by librados (Debian's python3-rados). Ceph makes, checks and heals the
copies; the pool says how many.

A blob is cut in RADOS objects `ID.N` of 8 MiB, each with the CRC-32 of its bytes as an attribute.
Source: librados (Python) API.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from zlib_ng import zlib_ng

from common import cpus
from objectstore.engine.interface import BlobUnreadable, Index, NoRoom, Refresh, Stored

LOG = logging.getLogger(__name__)
PIECE = 8 << 20
_CRC = "alto.crc32"


class Rados:
    "Engine over one pool; see objectstore.engine.interface.Engine. The locator is `ID SIZE`."

    def __init__(self, conf: str, client: str, pool: str) -> None:
        import rados

        self._rados: Any = rados
        self._cluster = rados.Rados(conffile=conf, name=client)
        with cpus.Anywhere():  # it starts threads
            self._cluster.connect(timeout=10)
        self._io = self._cluster.open_ioctx(pool)

    def put(self, blob_id: str, chunks: Iterable[bytes], copies: int) -> Stored:
        "Written when all the pool's copies are; `copies` is the pool's business."
        size = index = 0
        try:
            for index, piece in enumerate(_pieces(chunks)):
                name = f"{blob_id}.{index}"
                self._io.write_full(name, piece)
                self._io.set_xattr(name, _CRC, str(zlib_ng.crc32(piece)).encode())
                size += len(piece)
        except self._rados.Error as error:
            self._remove(blob_id, index + 1)
            LOG.error("rados: %s", error)
            raise NoRoom() from error
        except BaseException:
            self._remove(blob_id, index + 1)
            raise
        return Stored(f"{blob_id} {size}", size)

    def _piece(self, blob_id: str, index: int, length: int) -> bytes:
        name = f"{blob_id}.{index}"
        try:
            data: bytes = self._io.read(name, length)
            crc = int(self._io.get_xattr(name, _CRC))
        except (self._rados.Error, ValueError) as error:
            raise BlobUnreadable() from error
        if len(data) != length or zlib_ng.crc32(data) != crc:
            raise BlobUnreadable()
        return data

    def read(
        self, locator: str, start: int, length: int, refresh: Refresh | None = None
    ) -> Iterator[bytes]:
        "Whole pieces are read and checked, then cut to the range."
        blob_id, size = _parse(locator)
        end = start + length
        for index in range(start // PIECE, -(-end // PIECE)):
            at = index * PIECE
            data = self._piece(blob_id, index, min(PIECE, size - at))
            yield data[max(start - at, 0) : min(end - at, len(data))]

    def delete(self, locator: str) -> None:
        "Remove every piece."
        blob_id, size = _parse(locator)
        self._remove(blob_id, -(-size // PIECE))

    def _remove(self, blob_id: str, count: int) -> None:
        for index in range(count):
            try:
                self._io.remove_object(f"{blob_id}.{index}")
            except self._rados.ObjectNotFound:
                continue
            except self._rados.Error as error:
                LOG.warning("rados: %s.%d stays for the sweep: %s", blob_id, index, error)

    def verify(self, locator: str, deep: bool = True) -> list[str]:
        "Ceph scrubs the copies; this looks at what a reader would get."
        blob_id, size = _parse(locator)
        try:
            if deep:
                for _ in self.read(locator, 0, size):
                    pass
            else:
                for index in range(-(-size // PIECE)):
                    self._io.stat(f"{blob_id}.{index}")
        except (BlobUnreadable, self._rados.Error):
            return ["rados: the blob cannot be read"]
        return []

    def heal(self, locator: str, copies: int, deep: bool = False) -> str:
        "Ceph's own work; only looks. Raises BlobUnreadable."
        if self.verify(locator, deep):
            raise BlobUnreadable()
        return locator

    def drop(self, old: str, new: str) -> None:
        "Locators do not change here."

    def copies(self, locator: str) -> int:
        "As many as the pool keeps: as many as anybody wants."
        return 16

    def sweep(self, index: Index, age_s: float) -> None:
        "Remove pieces that no row names and that are older than `age_s`."
        import time

        names: list[str] = []
        for item in self._io.list_objects():
            names.append(item.key)
            if len(names) >= 500:
                self._sweep(names, index, time.time() - age_s)
                names = []
        self._sweep(names, index, time.time() - age_s)

    def _sweep(self, names: list[str], index: Index, before: float) -> None:
        import time

        known = index.locators([n.partition(".")[0] for n in names])
        for name in names:
            if name.partition(".")[0] in known:
                continue
            try:
                if time.mktime(self._io.stat(name)[1]) < before:
                    self._io.remove_object(name)
            except self._rados.Error as error:
                LOG.info("rados: sweep of %s: %s", name, error)

    def close(self) -> None:
        "Leave the cluster."
        self._io.close()
        self._cluster.shutdown()


def _parse(locator: str) -> tuple[str, int]:
    blob_id, size = locator.split(" ")
    return blob_id, int(size)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer:
        yield bytes(buffer)
