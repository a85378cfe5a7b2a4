"""Reclaiming space: files and records that no committed row names, and segments that are mostly
dead.

Everything here is held against the store's locators, and nothing younger than an age is touched: a
writer may be between its sync
and its commit.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from objectstore.engine.disks import writing
from objectstore.engine.disks.devices import Device
from objectstore.engine.disks.locator import Copy, Locator
from objectstore.engine.disks.segments import HEADER, read_record, records
from objectstore.engine.interface import BlobUnreadable, Index, NoRoom

if TYPE_CHECKING:
    from objectstore.engine.disks.engine import Disks

LOG = logging.getLogger(__name__)
_BATCH = 500
_LIVE_SHARE = 0.5
_SMALL_SEGMENT = 1 << 20
T = TypeVar("T")


@dataclass
class Swept:
    "What a sweep gave back."

    files: int = 0
    segments: int = 0
    moved: int = 0


def sweep(disks: Disks, index: Index, age_s: float) -> Swept:
    "One pass over all devices that are there and can be written."
    total = Swept()
    for device in disks.devices.values():
        if not device.present() or not device.root.is_dir():
            continue
        try:
            total.files += _temporary(device, age_s) + _files(device, index, age_s)
            for path in _segments(device, age_s):
                moved = _segment(disks, device, path, index)
                if moved is not None:
                    total.segments += 1
                    total.moved += moved
        except OSError as error:
            LOG.warning("sweep of %s: %s", device.name, error)
    return total


def batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    "Lists of at most `size`."
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _old(path: str | Path, age_s: float) -> bool:
    try:
        return time.time() - os.stat(path).st_mtime >= age_s
    except FileNotFoundError:
        return False


def _unlocked(path: str | Path) -> bool:
    "Whether no process is writing the file."
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(fd)


def _temporary(device: Device, age_s: float) -> int:
    "Uploads whose writer died."
    count = 0
    folder = device.root / "tmp"
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if _old(entry.path, age_s) and _unlocked(entry.path):
            os.unlink(entry.path)
            count += 1
    return count


def _all_files(device: Device) -> Iterator[os.DirEntry[str]]:
    root = device.root / "blobs"
    for folder in os.scandir(root) if root.is_dir() else ():
        yield from os.scandir(folder.path)


def _files(device: Device, index: Index, age_s: float) -> int:
    "Files of blobs that are gone, or that live on other devices by now."
    count = 0
    for batch in batches(_all_files(device)):
        known = index.locators([e.name for e in batch])
        for entry in batch:
            locator = known.get(entry.name)
            named = locator and any(c.device == device.name for c in Locator.parse(locator).copies)
            if not named and _old(entry.path, age_s):
                os.unlink(entry.path)
                count += 1
    return count


def _segments(device: Device, age_s: float) -> list[Path]:
    folder = device.root / "segments"
    paths = [Path(e.path) for e in os.scandir(folder)] if folder.is_dir() else []
    return [p for p in paths if _old(p, age_s) and _unlocked(p)]


def _segment(disks: Disks, device: Device, path: Path, index: Index) -> int | None:
    "Remove a sealed segment if little of it lives, moving that away first. None: it stays."
    live: list[tuple[str, Copy]] = []
    live_bytes = 0
    for batch in batches(records(path)):
        known = index.locators([blob_id for _, blob_id, _ in batch])
        for offset, blob_id, length in batch:
            copy = Copy(device.name, path.name, offset)
            text = known.get(blob_id)
            if text and copy in Locator.parse(text).copies:
                live.append((text, copy))
                live_bytes += HEADER + length
    size = path.stat().st_size
    if live and live_bytes > size * _LIVE_SHARE and size > _SMALL_SEGMENT:
        return None
    if live and (not device.writable() or len(live) == 1 and live_bytes == size):
        return None  # a segment of one living record gains nothing by being moved
    if not all(_move(disks, device, path, text, copy, index) for text, copy in live):
        return None
    path.unlink()
    return len(live)


def _move(disks: Disks, device: Device, path: Path, text: str, copy: Copy, index: Index) -> bool:
    "A living record of `path`, appended to this process's own segment on the same device."
    where = Locator.parse(text)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = read_record(fd, copy.offset, where.blob_id, where.length)
        finally:
            os.close(fd)
    except OSError:
        try:
            data = disks.reader.record(where, None)
        except BlobUnreadable:
            return False
    try:
        made = writing.append(where.blob_id, data, [device], 1, disks.writer)
    except NoRoom:
        return False
    if not made:
        return False
    new = where.having([made[0] if c == copy else c for c in where.copies])
    return index.replace(where.blob_id, text, str(new)) or where.blob_id not in index.locators(
        [where.blob_id]
    )
