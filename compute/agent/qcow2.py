"""A qcow2 file made while it is sent: no copy on disk, none in memory, and its length is known
before the first byte.

Which clusters hold data is known beforehand (NBD tells), so header, reference counts and tables can
be computed, and the data follows in order. Format: QEMU docs/interop/qcow2.txt, version 3, 64 KiB
clusters, uncompressed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator

from compute.agent.nbd import Extent

CLUSTER = 65536
_L2_ENTRIES = CLUSTER // 8
_REFCOUNTS = CLUSTER // 2
"""16-bit reference counts in a cluster."""
_COPIED = 1 << 63
_CHUNK = 64
"""Clusters that are read at once: 4 MiB."""


class Qcow2Stream:
    """`len()` and the bytes of the image. `read(offset, length)` gives the disk's contents,
    `extents` what of it is data; `check` runs between chunks and may raise."""

    def __init__(
        self,
        size: int,
        extents: Iterable[Extent],
        read: Callable[[int, int], bytes],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.size, self._read, self._check = size, read, check
        self._runs = list(_runs(extents))
        """(first cluster, count) of data, ascending."""
        self._data = sum(count for _, count in self._runs)
        self._tables = sorted(
            {
                t
                for first, count in self._runs
                for t in range(first // _L2_ENTRIES, (first + count - 1) // _L2_ENTRIES + 1)
            }
        )
        self._l1_entries = max(1, -(-size // (CLUSTER * _L2_ENTRIES)))
        self._l1_clusters = -(-self._l1_entries * 8 // CLUSTER)
        self._layout()

    def _layout(self) -> None:
        blocks = table = 1
        while True:
            total = 1 + table + blocks + self._l1_clusters + len(self._tables) + self._data
            need_blocks = -(-total // _REFCOUNTS)
            need_table = -(-need_blocks * 8 // CLUSTER)
            if (need_blocks, need_table) == (blocks, table):
                break
            blocks, table = need_blocks, need_table
        self._blocks, self._table, self._total = blocks, table, total
        self._l1_at = 1 + table + blocks
        self._l2_at = self._l1_at + self._l1_clusters
        self._data_at = self._l2_at + len(self._tables)

    def __len__(self) -> int:
        return self._total * CLUSTER

    def __iter__(self) -> Iterator[bytes]:
        yield self._header()
        yield _padded(
            b"".join(
                struct.pack(">Q", (1 + self._table + n) * CLUSTER) for n in range(self._blocks)
            ),
            self._table,
        )
        for n in range(self._blocks):
            used = min(_REFCOUNTS, self._total - n * _REFCOUNTS)
            yield _padded(b"\0\1" * used, 1)
        yield self._l1()
        yield from self._l2()
        yield from self._clusters()

    def _header(self) -> bytes:
        return _padded(
            struct.pack(
                ">4sIQIIQIIQQIIQQQQII",
                b"QFI\xfb",
                3,
                0,
                0,
                16,
                self.size,
                0,
                self._l1_entries,
                self._l1_at * CLUSTER,
                CLUSTER,
                self._table,
                0,
                0,
                0,
                0,
                0,
                4,
                104,
            ),
            1,
        )

    def _l1(self) -> bytes:
        entries = bytearray(self._l1_clusters * CLUSTER)
        for n, table in enumerate(self._tables):
            struct.pack_into(">Q", entries, table * 8, (self._l2_at + n) * CLUSTER | _COPIED)
        return bytes(entries)

    def _l2(self) -> Iterator[bytes]:
        position, runs = self._data_at, iter(self._runs)
        first, count = next(runs, (0, 0))
        for table in self._tables:
            entries = bytearray(CLUSTER)
            end = (table + 1) * _L2_ENTRIES
            while count and first < end:
                here = min(count, end - first)
                for n in range(here):
                    struct.pack_into(
                        ">Q",
                        entries,
                        (first + n) % _L2_ENTRIES * 8,
                        (position + n) * CLUSTER | _COPIED,
                    )
                position, first, count = position + here, first + here, count - here
                if not count:
                    first, count = next(runs, (0, 0))
            yield bytes(entries)

    def _clusters(self) -> Iterator[bytes]:
        for first, count in self._runs:
            for start in range(first, first + count, _CHUNK):
                self._check()
                here = min(_CHUNK, first + count - start)
                offset = start * CLUSTER
                data = self._read(offset, min(here * CLUSTER, self.size - offset))
                yield (
                    data
                    if len(data) == here * CLUSTER
                    else data + bytes(here * CLUSTER - len(data))
                )


class RawStream:
    "The disk as it is, `len()` and bytes; zeroes are sent too."

    def __init__(
        self,
        size: int,
        extents: Iterable[Extent],
        read: Callable[[int, int], bytes],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.size, self._extents, self._read, self._check = size, extents, read, check

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        step = _CHUNK * CLUSTER
        for extent in self._extents:
            for offset in range(extent.start, extent.start + extent.length, step):
                self._check()
                length = min(step, extent.start + extent.length - offset)
                yield bytes(length) if extent.zero else self._read(offset, length)


def _runs(extents: Iterable[Extent]) -> Iterator[tuple[int, int]]:
    "Clusters that hold data, as (first, count); extents that share a cluster are joined."
    first, end = 0, 0
    for extent in extents:
        if extent.zero or not extent.length:
            continue
        start, stop = extent.start // CLUSTER, -(-(extent.start + extent.length) // CLUSTER)
        if start <= end and end:
            end = max(end, stop)
            continue
        if end > first:
            yield first, end - first
        first, end = start, stop
    if end > first:
        yield first, end - first


def _padded(data: bytes, clusters: int) -> bytes:
    return data + bytes(clusters * CLUSTER - len(data))
