"""Where image data lies: one narrow interface, `Store`, and the stores that the operator enabled.

A key is the id of the blob's row, made before the first byte is written; no key is ever used twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from image.errors import UnknownStore

BLOCK = 512 * 1024
"""Bytes handed over at once: measured fastest for downloads through the WSGI server."""


class Writer(Protocol):
    """Data on its way into a store: `write` until done, then `commit`; `abort` leaves nothing
    behind."""

    def write(self, data: bytes) -> None:
        "Append."

    def commit(self) -> None:
        "Make it readable and durable."

    def abort(self) -> None:
        "Remove what was written."


class Store(Protocol):
    "What every store can do. Methods raise `StoreUnavailable` where the store cannot be reached."

    kind: str

    def writer(self, key: str, size: int | None) -> Writer:
        "Begin to write; `size` is the number of bytes where it is known."

    def read(self, key: str, start: int, length: int) -> Iterator[bytes]:
        "`length` bytes from `start`. Raises FileNotFoundError before the first block."

    def delete(self, key: str) -> None:
        "Remove the data and every trace of an unfinished write; nothing there is fine."

    def size(self, key: str) -> int | None:
        "Bytes of the data, None if it is not there."

    def keys(self) -> Iterator[str]:
        "All keys that have data or traces of it."

    def path(self, key: str) -> str | None:
        "A local path of the data, where there is one."

    def below(self, key: str) -> str | None:
        "The part of `path` below the store's folder."

    def url(self, key: str) -> str:
        "Where the data lies, for services that can read it there."

    def properties(self) -> dict[str, Any]:
        "What an administrator sees of how it is set up."


@dataclass(frozen=True)
class Shelf:
    "A store as the operator set it up."

    name: str
    store: Store
    description: str = ""
    weight: int = 0


class Shelves:
    "The enabled stores, by name, and the one that is used when none is named."

    def __init__(self, shelves: list[Shelf], default: str | None = None) -> None:
        self.by_name: Mapping[str, Shelf] = {s.name: s for s in shelves}
        self.default = default or shelves[0].name
        if self.default not in self.by_name:
            raise ValueError(f"[stores] default: '{self.default}' is not enabled")

    def named(self, name: str | None) -> Shelf:
        "The store `name`, or the default for None. Raises UnknownStore."
        try:
            return self.by_name[name if name is not None else self.default]
        except KeyError:
            raise UnknownStore(store=name) from None

    def get(self, name: str) -> Store | None:
        "A store that may have been disabled since the data was written."
        shelf = self.by_name.get(name)
        return shelf.store if shelf else None


def fsync_dir(path: str | os.PathLike[str]) -> None:
    "Make the names in a directory durable."
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
