"""Swift's times: whole numbers of 10 microseconds inside, several texts outside."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

UNIT = 100_000


def now() -> int:
    "Now, in units of 10 microseconds."
    return time.time_ns() // 10_000


def stamp(ts: int) -> str:
    "As X-Timestamp: 1700000000.12345."
    return f"{ts // UNIT}.{ts % UNIT:05d}"


def parse_stamp(text: str) -> int:
    "From X-Timestamp; raises ValueError."
    seconds, _, rest = text.partition(".")
    if not seconds.isdecimal() or (rest and not rest.isdecimal()) or len(seconds) > 12:
        raise ValueError(f"{text!r} is no timestamp")
    return int(seconds) * UNIT + int((rest + "00000")[:5])


@functools.lru_cache(4096)
def _http(second: int) -> str:
    return formatdate(second, usegmt=True)


def http_date(ts: int) -> str:
    "As Last-Modified: the next whole second, so that a later If-Modified-Since is true."
    return _http(-(-ts // UNIT))


@functools.lru_cache(4096)
def iso_second(second: int) -> str:
    "The part of `iso` before the fraction."
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso(ts: int) -> str:
    "As in JSON listings: 2023-11-14T22:13:20.123450."
    return f"{iso_second(ts // UNIT)}.{ts % UNIT:05d}0"


def parse_http(text: str) -> int | None:
    """Unix seconds of an HTTP date, or None for what is none (RFC 9110 section 13: such a
    condition is ignored)."""
    if not text:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None
