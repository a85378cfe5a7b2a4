"""The locator of a blob on disks: `ID KIND LENGTH COPY...`.

KIND is `s` (each copy is DEVICE:SEGMENT:OFFSET of a record in a segment log) or `f` (each copy is
DEVICE; the file's name is the ID).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple


class Copy(NamedTuple):
    "One copy: its device, and for a record its segment and offset."

    device: str
    segment: str = ""
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.device}:{self.segment}:{self.offset}" if self.segment else self.device


@dataclass(frozen=True, slots=True)
class Locator:
    "Where a blob is. `length` is in bytes."

    blob_id: str
    kind: str
    length: int
    copies: tuple[Copy, ...]

    @classmethod
    def parse(cls, text: str) -> Locator:
        "From its text; raises ValueError for anything else."
        blob_id, kind, length, *copies = text.split(" ")
        if kind == "f":
            return cls(blob_id, kind, int(length), tuple(Copy(c) for c in copies))
        parts = [c.split(":") for c in copies]
        return cls(blob_id, kind, int(length), tuple(Copy(d, s, int(o)) for d, s, o in parts))

    def __str__(self) -> str:
        return " ".join([self.blob_id, self.kind, str(self.length), *map(str, self.copies)])

    def having(self, copies: list[Copy]) -> Locator:
        "The same blob with other copies."
        return replace(self, copies=tuple(copies))
