"""Large blobs: a file each, the data from offset 0, then a CRC-32 for every 1 MiB block and a
trailer.

The blocks let a reader check what it sends before it sends it, at any offset. A file gets its name
(rename) only when it is complete and
synced; before that it is in `tmp/`, locked by its writer, and swept up when the lock is gone.
"""

from __future__ import annotations

import fcntl
import os
import struct
from array import array
from pathlib import Path

from zlib_ng import zlib_ng

from common.writeback import Writeback
from objectstore.engine.disks.segments import Damaged, sync_directory

BLOCK = 1 << 20
_TRAILER = struct.Struct(">4s16sQI")
_CRC = struct.Struct(">I")
MAGIC = b"OSF1"


def path_of(root: Path, blob_id: str) -> Path:
    "Where the file of a blob is on a device."
    return root / "blobs" / blob_id[:2] / blob_id


class FileWriter:
    "Writes one copy of a large blob on one device. Not thread-safe; every call may raise OSError."

    def __init__(self, root: Path, blob_id: str) -> None:
        self.root, self.blob_id = root, blob_id
        (root / "tmp").mkdir(parents=True, exist_ok=True)
        self._tmp = root / "tmp" / blob_id
        self._fd = os.open(self._tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._written = Writeback(self._fd)

    def write(self, block: bytes) -> None:
        "Append; the kernel begins to write at once, so that the end is not a storm."
        view = memoryview(block)
        while view:
            view = view[os.write(self._fd, view) :]
        self._written.wrote(len(block))

    def finish(self, footer: bytes) -> None:
        "Make it durable under its name."
        self.write(footer)
        os.fsync(self._fd)
        final = path_of(self.root, self.blob_id)
        if not final.parent.is_dir():
            final.parent.mkdir(parents=True, exist_ok=True)
            sync_directory(final.parent.parent)
            sync_directory(self.root)
        os.rename(self._tmp, final)
        sync_directory(final.parent)
        self.close()

    def abort(self) -> None:
        "Leave nothing behind."
        self._tmp.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        "Let go of the file."
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def footer(blob_id: str, length: int, crcs: array[int]) -> bytes:
    "What follows the data of a blob whose blocks have these CRCs."
    table = array("I", crcs)
    table.byteswap()
    body = table.tobytes() + _TRAILER.pack(MAGIC, bytes.fromhex(blob_id), length, BLOCK)
    return body + _CRC.pack(zlib_ng.crc32(body))


class FileReader:
    "One copy of a large blob, open. Raises OSError (Damaged, FileNotFoundError, ...)."

    def __init__(self, root: Path, blob_id: str, length: int) -> None:
        self.length = length
        self._fd = os.open(path_of(root, blob_id), os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._crcs = self._table(blob_id, length)
        except BaseException:
            os.close(self._fd)
            raise

    def _table(self, blob_id: str, length: int) -> array[int]:
        blocks = -(-length // BLOCK)
        size = 4 * blocks + _TRAILER.size + _CRC.size
        raw = os.pread(self._fd, size + 1, length)
        if len(raw) != size or _CRC.unpack(raw[-4:])[0] != zlib_ng.crc32(raw[:-4]):
            raise Damaged("the footer of a file is damaged")
        if _TRAILER.unpack(raw[4 * blocks : -4]) != (MAGIC, bytes.fromhex(blob_id), length, BLOCK):
            raise Damaged("a file holds another blob")
        table = array("I", raw[: 4 * blocks])
        table.byteswap()
        return table

    def block(self, index: int) -> bytes:
        "Block `index`, checked."
        want = min(BLOCK, self.length - index * BLOCK)
        data = os.pread(self._fd, want, index * BLOCK)
        if len(data) != want or zlib_ng.crc32(data) != self._crcs[index]:
            raise Damaged(f"block {index} of a file is damaged")
        return data

    def close(self) -> None:
        "Let go of the file."
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
