"""The engine itself: writes, reads, checks and heals blobs over its devices. See the modules
beside it for each part."""

from __future__ import annotations

import itertools
import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from common import cpus
from objectstore.engine.disks import writing
from objectstore.engine.disks.devices import Device
from objectstore.engine.disks.files import BLOCK, path_of
from objectstore.engine.disks.locator import Copy, Locator
from objectstore.engine.disks.placement import order
from objectstore.engine.disks.reading import OnDamage, Reader
from objectstore.engine.disks.sweep import sweep
from objectstore.engine.interface import BlobUnreadable, Index, NoRoom, Refresh, Stored

LOG = logging.getLogger(__name__)


class Disks:
    "Engine over local devices; see objectstore.engine.interface.Engine for the promises."

    def __init__(self, devices: Sequence[Device], on_damage: OnDamage | None = None) -> None:
        self.devices = {d.name: d for d in devices}
        if len(self.devices) != len(devices):
            raise ValueError("[disks] devices: a name is there twice")
        self.writer = f"{os.getpid():x}-{secrets.token_hex(3)}"
        self.reader = Reader(self.devices, on_damage or (lambda blob_id: None))
        self._pool = ThreadPoolExecutor(16, "blob-file", cpus.roam)

    def _targets(self, blob_id: str) -> list[Device]:
        "Devices that may take a copy now, best first. One that just failed a write comes last."
        able = [d for d in self.devices.values() if d.weight > 0 and d.present()]
        ranked = order(blob_id, able)
        return [d for d in ranked if d.writable()] + [d for d in ranked if not d.writable()]

    def put(self, blob_id: str, chunks: Iterable[bytes], copies: int) -> Stored:
        "Store a blob: up to one block as a record in segment logs, more as files."
        targets = self._targets(blob_id)
        needed = writing.quorum(copies)
        if len(targets) < needed:
            raise NoRoom()
        pieces = writing.blocks(chunks)
        first = next(pieces, b"")
        second = next(pieces, None)
        if second is None:
            made = writing.append(blob_id, first, targets, copies, self.writer)
            if len(made) < needed:
                raise NoRoom()
            locator = Locator(blob_id, "s", len(first), tuple(made))
        else:
            made, size = writing.store_file(
                blob_id,
                itertools.chain((first, second), pieces),
                targets,
                copies,
                needed,
                self._pool,
            )
            locator = Locator(blob_id, "f", size, tuple(made))
        return Stored(str(locator), locator.length, len(made) >= copies)

    def read(
        self, locator: str, start: int, length: int, refresh: Refresh | None = None
    ) -> Iterator[bytes]:
        """The first piece is read before this returns, so that an unreadable blob is an error and
        not a torn answer."""
        where = Locator.parse(locator)
        if length <= 0:
            return iter(())
        if where.kind == "s":
            data = self.reader.record(where, refresh)
            return iter((data if length == len(data) else data[start : start + length],))
        pieces = self.reader.blocks(where, start, length, refresh)
        return _Primed(next(pieces), pieces)

    def delete(self, locator: str) -> None:
        "Files are removed at once; records die with their segment (`sweep`)."
        where = Locator.parse(locator)
        if where.kind == "f":
            for copy in where.copies:
                self._remove_file(where.blob_id, copy)

    def _remove_file(self, blob_id: str, copy: Copy) -> None:
        device = self.devices.get(copy.device)
        try:
            if device is not None and device.present():
                path_of(device.root, blob_id).unlink(missing_ok=True)
        except OSError as error:
            LOG.info("blob %s stays on %s for the sweep: %s", blob_id, copy.device, error)

    def verify(self, locator: str, deep: bool = True) -> list[str]:
        "What is wrong with each copy."
        where = Locator.parse(locator)
        found = (self.reader.check(where, copy, deep) for copy in where.copies)
        return [f for f in found if f]

    def heal(self, locator: str, copies: int, deep: bool = False) -> str:
        """Good copies on the devices where placement wants them, in its order; a device that
        cannot take its copy is
        passed over for the next one. Nothing is removed: see `drop`. Raises BlobUnreadable when no
        copy is good."""
        where = Locator.parse(locator)
        good = {c.device: c for c in where.copies if self.reader.check(where, c, deep) is None}
        if not good:
            raise BlobUnreadable()
        final: list[Copy] = []
        for device in order(
            where.blob_id, [d for d in self.devices.values() if d.weight > 0 and d.present()]
        ):
            if len(final) == copies:
                break
            if device.name in good:
                final.append(good.pop(device.name))
            elif device.writable():
                final += self._copy_to(where, device)
        final += list(good.values())[: max(0, copies - len(final))]
        return str(where.having(final))

    def _copy_to(self, where: Locator, device: Device) -> list[Copy]:
        try:
            if where.kind == "s":
                return writing.append(
                    where.blob_id, self.reader.record(where, None), [device], 1, self.writer
                )
            pieces = self.reader.blocks(where, 0, where.length, None)
            return writing.store_file(where.blob_id, pieces, [device], 1, 1, self._pool)[0]
        except NoRoom:
            return []

    def drop(self, old: str, new: str) -> None:
        "Remove the files that `old` names and `new` does not; for after the store has taken `new`."
        before, after = Locator.parse(old), Locator.parse(new)
        if before.kind == "f":
            for copy in set(before.copies) - set(after.copies):
                self._remove_file(before.blob_id, copy)

    def copies(self, locator: str) -> int:
        "How many copies the locator names."
        return len(Locator.parse(locator).copies)

    def sweep(self, index: Index, age_s: float) -> None:
        "See `sweep.sweep`."
        swept = sweep(self, index, age_s)
        if swept.files or swept.segments:
            LOG.info(
                "swept %d files and %d segments, %d records moved",
                swept.files,
                swept.segments,
                swept.moved,
            )

    def close(self) -> None:
        "Finish queued writes, stop threads, close files."
        for device in self.devices.values():
            device.close()
        self._pool.shutdown()
        self.reader.close()


class _Primed:
    "An iterator whose first item is already there; closing it closes the rest."

    def __init__(self, first: bytes, rest: Iterator[bytes]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return next(self._rest)

    def close(self) -> None:
        close = getattr(self._rest, "close", None)
        if close:
            close()


__all__ = ["BLOCK", "Disks"]
