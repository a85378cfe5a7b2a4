"""Which devices keep a blob: weighted rendezvous hashing, different failure zones first.

Every process computes the same order from the names alone. A device that comes or goes moves only
the blobs that it gains or
loses (Thaler and Ravishankar 1998; the weights as in Schindelhauer and Schomaker 2005: -weight /
ln(hash)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar


class Place(Protocol):
    "What placement must know of a device."

    name: str
    zone: str
    weight: float


P = TypeVar("P", bound=Place)


def score(blob_id: str, place: Place) -> float:
    "The draw of `place` for `blob_id`; the highest wins. A weight of 0 draws last."
    digest = blake2b(f"{place.name}\0{blob_id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest, "big") + 1) / (2**64 + 1)
    return -place.weight / math.log(uniform) if place.weight > 0 else uniform - 1


def order(blob_id: str, places: Sequence[P]) -> list[P]:
    """All places, best first. The best of every zone comes before the second of any, so that the
    first N are in N
    different zones whenever there are as many."""
    ranked = sorted(places, key=lambda p: score(blob_id, p), reverse=True)
    seen: dict[str, int] = {}
    rounds: list[tuple[int, int]] = []
    for position, place in enumerate(ranked):
        rounds.append((seen.get(place.zone, 0), position))
        seen[place.zone] = seen.get(place.zone, 0) + 1
    return [ranked[position] for _, position in sorted(rounds)]


def belongs(blob_id: str, places: Sequence[P], copies: int) -> list[P]:
    "The places where the copies of a blob should be; drained ones (weight 0) take none."
    return order(blob_id, [p for p in places if p.weight > 0])[:copies]
