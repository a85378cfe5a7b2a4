"""Making the copies of a blob: to the segment logs of its devices, or to a file on each of them."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from zlib_ng import zlib_ng

from objectstore.engine.disks import segments
from objectstore.engine.disks.devices import Device
from objectstore.engine.disks.files import BLOCK, FileWriter, footer
from objectstore.engine.disks.locator import Copy
from objectstore.engine.interface import NoRoom

_DEVICE_TIMEOUT_S = 20.0


def quorum(copies: int) -> int:
    "How many copies must be durable before a write is acknowledged."
    return copies // 2 + 1


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    "The same bytes in pieces of exactly `BLOCK`, the last one shorter."
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while size + len(view) >= BLOCK:
            take = BLOCK - size
            parts.append(bytes(view[:take]) if parts or take < len(view) else bytes(view))
            yield parts[0] if len(parts) == 1 else b"".join(parts)
            parts, size, view = [], 0, view[take:]
        if view:
            parts.append(bytes(view))
            size += len(view)
    if parts:
        yield parts[0] if len(parts) == 1 else b"".join(parts)


class _Tally:
    "Counts the devices that have a record, and lets the writer wait for all of them."

    def __init__(self, waiting: int) -> None:
        self.made: list[Copy] = []
        self.failed: list[tuple[Device, OSError]] = []
        self._waiting = waiting
        self._lock = threading.Lock()
        self._all = threading.Event()

    def teller(self, device: Device) -> segments.Done:
        "What the segment log of `device` calls."

        def done(segment: str, offset: int, error: OSError | None) -> None:
            with self._lock:
                if error is None:
                    self.made.append(Copy(device.name, segment, offset))
                else:
                    self.failed.append((device, error))
                self._waiting -= 1
                if not self._waiting:
                    self._all.set()

        return done

    def wait(self) -> bool:
        "False when some device has not answered in time."
        return self._all.wait(_DEVICE_TIMEOUT_S)


def append(
    blob_id: str, data: bytes, targets: list[Device], copies: int, writer: str
) -> list[Copy]:
    """A record in the logs of the first `copies` of `targets`; where one fails, the next takes its
    place. Returns the
    durable copies, in the order of `targets`; perhaps fewer than wanted."""
    head = segments.header(blob_id, data)
    made: list[Copy] = []
    left = list(targets)
    while len(made) < copies and left:
        now, left = left[: copies - len(made)], left[copies - len(made) :]
        tally = _Tally(len(now))
        for device in now:
            device.log(writer).append(head, data, tally.teller(device))
        answered = tally.wait()
        made += list(tally.made)
        for device, error in tally.failed:
            device.rest(error)
        if not answered:
            silent = {d.name for d in now} - {c.device for c in tally.made}
            for device in now:
                if device.name in silent:
                    device.rest(TimeoutError("it does not answer"))
    rank = {d.name: i for i, d in enumerate(targets)}
    return sorted(made, key=lambda c: rank[c.device])


def store_file(
    blob_id: str,
    pieces: Iterable[bytes],
    targets: list[Device],
    copies: int,
    needed: int,
    pool: ThreadPoolExecutor,
) -> tuple[list[Copy], int]:
    """A file on each of `copies` devices, written at the same time: (durable copies, bytes).
    `pieces` are whole blocks.
    While the devices write one block the caller's thread produces the next. Raises NoRoom below
    `needed` copies."""
    writers = _open(blob_id, targets, copies)
    crcs: array[int] = array("I")
    size = 0
    pending: dict[str, Future[None]] = {}
    try:
        for piece in pieces:
            _settle(writers, pending, needed)
            pending = {name: pool.submit(w.write, piece) for name, (_, w) in writers.items()}
            crcs.append(zlib_ng.crc32(piece))
            size += len(piece)
        _settle(writers, pending, needed)
        end = footer(blob_id, size, crcs)
        pending = {name: pool.submit(w.finish, end) for name, (_, w) in writers.items()}
        _settle(writers, pending, needed)
    except BaseException:
        for future in pending.values():
            future.exception()
        for _, writer in writers.values():
            writer.abort()
        raise
    return [Copy(name) for name in writers], size


def _open(blob_id: str, targets: list[Device], copies: int) -> dict[str, tuple[Device, FileWriter]]:
    writers: dict[str, tuple[Device, FileWriter]] = {}
    for device in targets:
        if len(writers) == copies:
            break
        try:
            writers[device.name] = (device, FileWriter(device.root, blob_id))
        except OSError as error:
            device.rest(error)
    return writers


def _settle(
    writers: dict[str, tuple[Device, FileWriter]], pending: dict[str, Future[None]], needed: int
) -> None:
    "Wait for the writes under way; leave out devices that failed."
    for name, future in pending.items():
        error = future.exception()
        if error is not None:
            device, writer = writers.pop(name)
            device.rest(error)
            try:
                writer.abort()
            except OSError:
                pass  # a device that fails writes may fail this too; the sweep takes the rest
    pending.clear()
    if len(writers) < needed:
        raise NoRoom()
