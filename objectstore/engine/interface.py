"""What an engine promises to the rest of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from common.errors import Unavailable

Refresh = Callable[[], str | None]
"""Asks the store for the locator again: the keeper may have moved the blob while it was being
read."""


class NoRoom(Unavailable):
    "Not enough storage devices take writes now; try again later."


class BlobUnreadable(Unavailable):
    "No healthy copy of the object's data can be read now."


@dataclass(frozen=True, slots=True)
class Stored:
    "A blob on stable storage: where, how many bytes, whether all wanted copies were made."

    locator: str
    size: int
    complete: bool = True


class Index(Protocol):
    "The store's rows of blobs, as a sweep sees them."

    def locators(self, blob_ids: list[str]) -> dict[str, str]:
        "The locators of those blobs that still have a row."

    def replace(self, blob_id: str, old: str, new: str) -> bool:
        "Set a blob's locator to `new` if it is still `old`."


class Engine(Protocol):
    "Keeps immutable blobs. Thread-safe."

    def put(self, blob_id: str, chunks: Iterable[bytes], copies: int) -> Stored:
        """Store what `chunks` yields under `blob_id` (32 hex digits); durable on return. Raises
        NoRoom without a
        write quorum; whatever `chunks` raises passes through and leaves nothing behind."""

    def read(
        self, locator: str, start: int, length: int, refresh: Refresh | None = None
    ) -> Iterator[bytes]:
        "Checked bytes of a blob, from any healthy copy. Raises BlobUnreadable."

    def delete(self, locator: str) -> None:
        "Give back the space. A copy that cannot be reached now is reclaimed later."

    def verify(self, locator: str, deep: bool = True) -> list[str]:
        "What is wrong with the blob, a sentence each; `deep` reads every byte of every copy."

    def heal(self, locator: str, copies: int, deep: bool = False) -> str:
        "Bring the blob to `copies` good copies where they belong; the locator that is true now."

    def drop(self, old: str, new: str) -> None:
        "Give back what the locator `old` names and `new`, which the store has taken, does not."

    def copies(self, locator: str) -> int:
        "How many copies the locator names."

    def sweep(self, index: Index, age_s: float) -> None:
        "Reclaim bytes older than `age_s` that no locator in `index` names."

    def close(self) -> None:
        "Finish what is queued and let go of files and threads."
