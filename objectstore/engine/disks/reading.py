"""Reading a blob from any healthy copy, checked before a byte leaves, going on with another copy
where one fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from common import cpus
from objectstore.engine.disks.devices import Descriptors, Device
from objectstore.engine.disks.files import BLOCK, FileReader, path_of
from objectstore.engine.disks.locator import Copy, Locator
from objectstore.engine.disks.segments import HEADER, read_record
from objectstore.engine.interface import BlobUnreadable, Refresh

LOG = logging.getLogger(__name__)
OnDamage = Callable[[str], None]
"""Told the id of a blob that has a bad copy."""


def segment_path(device: Device, copy: Copy) -> str:
    "The file of the segment that holds a copy."
    return f"{device.root}/segments/{copy.segment}"


class Reader:
    "Reads blobs for one process."

    def __init__(self, devices: Mapping[str, Device], on_damage: OnDamage) -> None:
        self._devices, self._on_damage = devices, on_damage
        self._descriptors = Descriptors()

    def close(self) -> None:
        "Close the cached descriptors."
        self._descriptors.close()

    def record(self, locator: Locator, refresh: Refresh | None) -> bytes:
        "The whole of a small blob. Raises BlobUnreadable."
        for _ in range(2):
            for copy in locator.copies:
                device = self._devices.get(copy.device)
                if device is None:
                    continue
                path = segment_path(device, copy)
                try:
                    with self._descriptors.use(path) as fd:
                        return read_record(fd, copy.offset, locator.blob_id, locator.length)
                except OSError as error:
                    self._descriptors.forget(path)
                    self._bad(locator, copy, error)
            moved = _moved(locator, refresh)
            if moved is None:
                break
            locator = moved
        raise BlobUnreadable()

    def blocks(
        self, locator: Locator, start: int, length: int, refresh: Refresh | None
    ) -> Iterator[bytes]:
        """The bytes [start, start + length) of a large blob, in pieces of at most a block. Raises
        BlobUnreadable."""
        source = _Source(self, locator, refresh)
        free = cpus.Anywhere()
        free.begin()
        try:
            end = start + length
            for index in range(start // BLOCK, -(-end // BLOCK)):
                data = source.block(index)
                low = max(start - index * BLOCK, 0)
                high = min(end - index * BLOCK, len(data))
                yield data if low == 0 and high == len(data) else data[low:high]
        finally:
            free.end()
            source.close()

    def _bad(self, locator: Locator, copy: Copy, error: OSError) -> None:
        LOG.warning("blob %s on %s: %s", locator.blob_id, copy.device, error)
        self._on_damage(locator.blob_id)

    def check(self, locator: Locator, copy: Copy, deep: bool) -> str | None:
        """What is wrong with one copy, or None. Descriptors are opened anew: a cached one outlives
        its file."""
        device = self._devices.get(copy.device)
        if device is None:
            return f"{copy.device}: no such device"
        if not device.present():
            return f"{copy.device}: the device is not there"
        try:
            if copy.segment:
                _check_record(Path(segment_path(device, copy)), locator, copy, deep)
            else:
                _check_file(device.root, locator, deep)
        except OSError as error:
            return f"{copy.device}: {error}"
        return None


class _Source:
    "The copy that is being read, changed for another when it fails."

    def __init__(self, reader: Reader, locator: Locator, refresh: Refresh | None) -> None:
        self._reader, self._locator, self._refresh = reader, locator, refresh
        self._left = list(locator.copies)
        self._file: FileReader | None = None
        self._copy: Copy | None = None
        self._refreshed = False

    def block(self, index: int) -> bytes:
        while True:
            if self._file is None:
                self._next()
            assert self._file is not None and self._copy is not None
            try:
                return self._file.block(index)
            except OSError as error:
                self._reader._bad(self._locator, self._copy, error)
                self.close()

    def _next(self) -> None:
        while self._left or self._renewed():
            copy = self._left.pop(0)
            device = self._reader._devices.get(copy.device)
            if device is None:
                continue
            try:
                self._file = FileReader(device.root, self._locator.blob_id, self._locator.length)
                self._copy = copy
                return
            except OSError as error:
                self._reader._bad(self._locator, copy, error)
        raise BlobUnreadable()

    def _renewed(self) -> bool:
        """Whether the store knows of other copies by now, or a copy may serve other blocks: every
        one is tried again once."""
        if self._refreshed:
            return False
        self._refreshed = True
        self._locator = _moved(self._locator, self._refresh) or self._locator
        self._left = list(self._locator.copies)
        return bool(self._left)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _moved(locator: Locator, refresh: Refresh | None) -> Locator | None:
    text = refresh() if refresh else None
    return Locator.parse(text) if text and text != str(locator) else None


def _check_record(path: Path, locator: Locator, copy: Copy, deep: bool) -> None:
    if not deep:
        if os.stat(path).st_size < copy.offset + HEADER + locator.length:
            raise OSError("the segment is cut short")
        return
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        read_record(fd, copy.offset, locator.blob_id, locator.length)
    finally:
        os.close(fd)


def _check_file(root: Path, locator: Locator, deep: bool) -> None:
    if not deep:
        if os.stat(path_of(root, locator.blob_id)).st_size <= locator.length:
            raise OSError("the file is cut short")
        return
    file = FileReader(root, locator.blob_id, locator.length)
    try:
        for index in range(-(-locator.length // BLOCK)):
            file.block(index)
    finally:
        file.close()
