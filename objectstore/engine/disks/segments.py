"""Segment logs: small blobs appended to one file per device and process, one fdatasync for all
writers that wait.

A record is a 32-byte header (magic, blob id, length, CRC-32 of the data, CRC-32 of the header) and
the data. A segment has one
writer, which holds an flock on it; a new process starts a new segment, so a torn tail after a
crash is never written over and never
named by a committed row.
"""

from __future__ import annotations

import fcntl
import logging
import os
import queue
import secrets
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from zlib_ng import zlib_ng

from common import cpus

LOG = logging.getLogger(__name__)
_HEADER = struct.Struct(">4s16sII")
_CRC = struct.Struct(">I")
HEADER = _HEADER.size + _CRC.size
MAGIC = b"OSR1"
SEGMENT_BYTES = 256 << 20
SEGMENT_AGE_S = 3600.0
_BATCH_BYTES = 16 << 20
_BATCH = 128

Done = Callable[[str, int, OSError | None], None]
"""Told (segment, offset, None) once the record is durable, or the error."""


class Damaged(OSError):
    "The bytes on a device are not those that were written."


def header(blob_id: str, data: bytes | memoryview) -> bytes:
    "The header of a record."
    head = _HEADER.pack(MAGIC, bytes.fromhex(blob_id), len(data), zlib_ng.crc32(data))
    return head + _CRC.pack(zlib_ng.crc32(head))


def _parse(head: bytes) -> tuple[str, int, int]:
    if len(head) < HEADER or _CRC.unpack_from(head, _HEADER.size)[0] != zlib_ng.crc32(
        head[: _HEADER.size]
    ):
        raise Damaged("the header of a record is damaged")
    magic, blob_id, length, crc = _HEADER.unpack_from(head)
    if magic != MAGIC:
        raise Damaged("no record begins here")
    return blob_id.hex(), length, crc


def read_record(fd: int, offset: int, blob_id: str, length: int) -> bytes:
    "The data of a record, checked. Raises Damaged (an OSError)."
    raw = os.pread(fd, HEADER + length, offset)
    if len(raw) != HEADER + length:
        raise Damaged("a record is cut short")
    found, size, crc = _parse(raw[:HEADER])
    data = raw[HEADER:]
    if found != blob_id or size != length or zlib_ng.crc32(data) != crc:
        raise Damaged("the data of a record is damaged")
    return data


def records(path: Path) -> Iterator[tuple[int, str, int]]:
    """(offset, blob id, length) of every record of a segment that has a sound header. After damage
    it goes on at the
    next header that is sound: what lies between cannot be read by anybody."""
    with open(path, "rb", buffering=0) as file:
        fd = file.fileno()
        size, offset = os.fstat(fd).st_size, 0
        while offset + HEADER <= size:
            try:
                blob_id, length, _ = _parse(os.pread(fd, HEADER, offset))
            except Damaged:
                offset = _next_header(fd, offset + 1, size)
                continue
            yield offset, blob_id, length
            offset += HEADER + length


def _next_header(fd: int, offset: int, size: int) -> int:
    while offset < size:
        part = os.pread(fd, 1 << 20, offset)
        at = part.find(MAGIC)
        if at < 0:
            offset += max(len(part) - len(MAGIC) + 1, 1)
            continue
        try:
            _parse(os.pread(fd, HEADER, offset + at))
            return offset + at
        except Damaged:
            offset += at + 1
    return size


class _Record:
    __slots__ = ("buffers", "done", "size")

    def __init__(self, head: bytes, data: bytes, done: Done) -> None:
        self.buffers, self.size, self.done = (head, data), len(head) + len(data), done


class SegmentLog:
    """The appender of one device in this process: a thread that writes what has queued up and
    syncs once."""

    def __init__(self, directory: Path, writer: str) -> None:
        self.directory, self.writer = directory, writer
        self._queue: queue.SimpleQueue[_Record | None] = queue.SimpleQueue()
        self._fd, self._name, self._end, self._opened = -1, "", 0, 0.0
        self._thread = threading.Thread(
            target=self._run, name=f"segments {directory.parent.name}", daemon=True
        )
        self._thread.start()

    def append(self, head: bytes, data: bytes, done: Done) -> None:
        "Queue a record; `done` is called from the writer's thread."
        self._queue.put(_Record(head, data, done))

    def close(self) -> None:
        "Write what is queued, then stop."
        self._queue.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        cpus.roam()
        while True:
            batch, last = self._gather()
            if batch:
                self._commit(batch)
            if last:
                self._seal()
                return

    def _gather(self) -> tuple[list[_Record], bool]:
        record = self._queue.get()
        batch: list[_Record] = []
        size = 0
        while record is not None:
            batch.append(record)
            size += record.size
            if size >= _BATCH_BYTES or len(batch) >= _BATCH:
                return batch, False
            try:
                record = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Record]) -> None:
        try:
            offsets = self._write(batch)
            if not os.fstat(self._fd).st_nlink:
                # somebody emptied the device under us: what went into the unlinked file is lost
                self._seal()
                offsets = self._write(batch)
        except OSError as error:
            LOG.warning("%s: %s", self.directory, error)
            self._seal()
            for record in batch:
                record.done("", 0, error)
            return
        name = self._name
        for record, offset in zip(batch, offsets, strict=True):
            record.done(name, offset, None)

    def _write(self, batch: list[_Record]) -> list[int]:
        if (
            self._fd < 0
            or self._end > SEGMENT_BYTES
            or time.monotonic() - self._opened > SEGMENT_AGE_S
        ):
            self._seal()
            self._start()
        offsets: list[int] = []
        buffers: list[bytes] = []
        end = self._end
        for record in batch:
            offsets.append(end)
            end += record.size
            buffers += record.buffers
        write_all(self._fd, buffers, self._end)
        os.fdatasync(self._fd)
        self._end = end
        return offsets

    def _start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        name = f"{self.writer}-{secrets.token_hex(4)}"
        fd = os.open(
            self.directory / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640
        )
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sync_directory(self.directory)
        self._fd, self._name, self._end, self._opened = fd, name, 0, time.monotonic()

    def _seal(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_all(fd: int, buffers: Sequence[bytes], offset: int) -> None:
    "Write all of `buffers` at `offset`, however often the kernel stops short."
    index, limit = 0, 512  # IOV_MAX is 1024
    while index < len(buffers):
        part = buffers[index : index + limit]
        want = sum(map(len, part))
        wrote = os.pwritev(fd, part, offset)
        if wrote < want:
            rest = memoryview(b"".join(part))[wrote:]
            at = offset + wrote
            while rest:
                n = os.pwrite(fd, rest, at)
                rest, at = rest[n:], at + n
        offset += want
        index += limit


def sync_directory(path: Path) -> None:
    "Make the names in a directory durable."
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
