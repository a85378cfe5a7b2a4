"""Byte ranges of a GET (RFC 9110 section 14)."""

from __future__ import annotations

from common.errors import RangeNotSatisfiable

_MOST = 50


def parse(header: str, size: int) -> list[tuple[int, int]]:
    """(start, length) of each range that is within `size` bytes; empty when the header is to be
    ignored. Raises
    RangeNotSatisfiable when none of them is."""
    unit, _, text = header.partition("=")
    if unit.strip().lower() != "bytes" or not text:
        return []
    found, any_valid = [], False
    parts = text.split(",")
    if len(parts) > _MOST:
        raise _unsatisfiable(size)
    for part in parts:
        first, dash, last = part.strip().partition("-")
        if (
            not dash
            or not (first or last)
            or any(x and not (x.isascii() and x.isdecimal()) for x in (first, last))
        ):
            return []
        any_valid = True
        if not first:
            length = min(int(last), size)
            if length:
                found.append((size - length, length))
            continue
        start, end = int(first), int(last) if last else size - 1
        if last and end < start:
            return []
        if start < size:
            found.append((start, min(end, size - 1) - start + 1))
    if not found and any_valid:
        raise _unsatisfiable(size)
    return found


def _unsatisfiable(size: int) -> RangeNotSatisfiable:
    return RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
