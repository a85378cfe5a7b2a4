"""Large objects: dynamic ones (everything under a prefix), static ones (a manifest that lists
segments) and those that a multipart upload made.

A segmented source knows the position of every segment, so that a range touches only what it needs.
Source: Object Storage API, "Large objects".
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from objectstore.core import Deps, content, entries, links
from objectstore.core.access import AccessDenied, Caller, TokenNeeded
from objectstore.core.entries import Entry
from objectstore.core.sources import Source, plain
from objectstore.errors import ContainerNotFound, ObjectNotFound, SegmentFault
from objectstore.store import containers, listing, parts

MAX_DEPTH = 10
"""Manifests within manifests, the outermost included."""


@dataclass(slots=True)
class Segment:
    "A part of a large object: `length` bytes from `start` of what `open` gives, or `data` itself."

    length: int
    start: int = 0
    data: bytes | None = None
    path: str = ""
    open: Callable[[], Source] | None = None


class Segmented:
    "The bytes of segments, one after the other."

    def __init__(self, entry: Entry, segments: list[Segment], etag: str) -> None:
        self.entry, self.segments, self.etag = entry, segments, etag
        self._ends = list(itertools.accumulate(s.length for s in segments))
        self.size = self._ends[-1] if self._ends else 0

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """The first segment is opened before this returns, so that what is missing there is a
        clean error."""
        chunks = self._chunks(start, length)
        first = next(chunks, None)
        return iter(()) if first is None else _with_first(first, chunks)

    def _chunks(self, start: int, length: int) -> Generator[bytes, None, None]:
        index = bisect_right(self._ends, start)
        while length > 0 and index < len(self.segments):
            segment = self.segments[index]
            inside = start - (self._ends[index] - segment.length)
            take = min(segment.length - inside, length)
            if segment.data is not None:
                yield segment.data[inside : inside + take]
            else:
                assert segment.open is not None
                yield from segment.open().read(segment.start + inside, take)
            start, length, index = start + take, length - take, index + 1


def _with_first(first: bytes, rest: Generator[bytes, None, None]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        rest.close()


def source_of(deps: Deps, caller: Caller, entry: Entry, depth: int = 0) -> Source:
    "What a GET of `entry` (no link) returns."
    if entry.kind == "multi":
        return _multipart(deps, entry)
    if entry.kind == "slo":
        return _static(deps, caller, entry, depth)
    if "x-object-manifest" in entry.meta:
        return _dynamic(deps, caller, entry)
    return plain(deps, entry)


def manifest_of(deps: Deps, entry: Entry) -> list[dict[str, Any]]:
    "The stored manifest of a static large object."
    return json.loads(b"".join(plain(deps, entry).read(0, entry.stored)))


@dataclass(slots=True)
class _Blob:
    "The bytes of one part."

    deps: Deps
    entry: Entry
    size: int
    etag: str
    row: Any

    def read(self, start: int, length: int) -> Iterator[bytes]:
        r = self.row
        return content.read(self.deps, r.blob_id, r.locator, r.key, start, length)


def _multipart(deps: Deps, entry: Entry) -> Segmented:
    "What a multipart upload became: its parts in their order."
    with deps.db.read() as session:
        rows = parts.with_blobs(session, entry.sysmeta["parts"])

    def opener(row: Any) -> Callable[[], Source]:
        return lambda: _Blob(deps, entry, row.size, entry.etag, row)

    segments = [Segment(row.size, open=opener(row)) for row in rows if row.size]
    return Segmented(entry, segments, entry.etag)


def _static(deps: Deps, caller: Caller, entry: Entry, depth: int) -> Segmented:
    if depth >= MAX_DEPTH:
        raise SegmentFault(name=entry.path)
    segments = []
    for item in manifest_of(deps, entry):
        if "data" in item:
            data = base64.b64decode(item["data"])
            segments.append(Segment(len(data), data=data))
            continue
        start, end = (
            (int(x) for x in item["range"].split("-"))
            if item.get("range")
            else (0, item["bytes"] - 1)
        )
        opener = _opener(deps, caller, entry, item, depth)
        segments.append(Segment(end - start + 1, start, None, item["name"], opener))
    return Segmented(entry, segments, f'"{entry.etag}"')


def _opener(
    deps: Deps, caller: Caller, entry: Entry, item: dict[str, Any], depth: int
) -> Callable[[], Source]:
    def opened() -> Source:
        container, name = item["name"].lstrip("/").split("/", 1)
        try:
            found = entries.existing(entries.find(deps, entry.place.account, container, name))
            _check_segment(deps, caller, found)
            found = links.follow(deps, caller, found)
        except (ObjectNotFound, ContainerNotFound, AccessDenied, TokenNeeded):
            raise SegmentFault(name=item["name"]) from None
        if found.etag != item["hash"] or found.size != item["bytes"]:
            raise SegmentFault(name=item["name"])
        return source_of(deps, caller, found, depth + 1)

    return opened


def _check_segment(deps: Deps, caller: Caller, segment: Entry) -> None:
    links.check_readable(deps, caller, segment)


def dynamic_rows(deps: Deps, entry: Entry) -> tuple[str, list[Any]]:
    "The container of a dynamic large object's segments, and their listing rows."
    from urllib.parse import unquote

    container, _, prefix = unquote(entry.meta["x-object-manifest"]).lstrip("/").partition("/")
    with deps.db.read() as session:
        found = containers.get(session, entry.place.account, container)
        if found is None:
            return container, []
        rows: list[Any] = []
        marker = ""
        while True:
            page = containers.objects(
                session, found.id, listing.Query(10_000, prefix=prefix, marker=marker)
            )
            rows += page
            if len(page) < 10_000:
                return container, rows
            marker = page[-1][0]


def _dynamic(deps: Deps, caller: Caller, entry: Entry) -> Segmented:
    container, rows = dynamic_rows(deps, entry)
    digest = hashlib.md5("".join(row[2] for row in rows).encode(), usedforsecurity=False)

    def opener(name: str) -> Callable[[], Source]:
        def opened() -> Source:
            found = entries.existing(entries.find(deps, entry.place.account, container, name))
            _check_segment(deps, caller, found)
            return source_of(deps, caller, links.follow(deps, caller, found), 1)

        return opened

    segments = [Segment(row[1], 0, None, row[0], opener(row[0])) for row in rows if row[1]]
    return Segmented(entry, segments, f'"{digest.hexdigest()}"')
