"""What a GET of an object returns: its own bytes, or those of its segments. One shape for all
kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from objectstore.core import Deps, content
from objectstore.core.entries import Entry


class Source(Protocol):
    "Something with bytes."

    size: int
    etag: str
    """As in the ETag header, quotes included where Swift has them."""
    entry: Entry

    def read(self, start: int, length: int) -> Iterator[bytes]:
        "The bytes [start, start + length). Raises before the first byte when they cannot be had."


@dataclass(slots=True)
class Plain:
    "The bytes of one blob."

    deps: Deps
    entry: Entry
    size: int
    etag: str

    def read(self, start: int, length: int) -> Iterator[bytes]:
        "From the engine."
        e = self.entry
        return content.read(self.deps, e.blob_id, e.locator, e.blob_key, start, length)


def plain(deps: Deps, entry: Entry) -> Plain:
    "An object as it is stored: for a manifest the manifest."
    return Plain(deps, entry, entry.stored, entry.etag)
