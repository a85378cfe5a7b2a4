"""Conditional requests (RFC 9110 section 13)."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import PreconditionFailed
from objectstore.core import clock


def etags(header: str) -> set[str]:
    "The tags of If-Match or If-None-Match, quotes and weakness taken off."
    return {t.strip().removeprefix("W/").strip('"') for t in header.split(",") if t.strip()}


def not_modified(header: Callable[[str], str], etag: str, ts: int) -> bool:
    """Whether a GET or HEAD is answered 304. `header` gives a request header or ''. Raises
    PreconditionFailed for If-Match and If-Unmodified-Since that do not hold: both must, as in
    Swift."""
    shown, etag = etag, etag.strip('"')
    second = -(-ts // clock.UNIT)
    if_match = header("If-Match")
    if if_match:
        tags = etags(if_match)
        if "*" not in tags and etag not in tags:
            raise PreconditionFailed(headers={"Etag": shown})
    if (limit := clock.parse_http(header("If-Unmodified-Since"))) is not None and second > limit:
        raise PreconditionFailed(headers={"Etag": shown})
    if_none_match = header("If-None-Match")
    if if_none_match:
        tags = etags(if_none_match)
        return "*" in tags or etag in tags
    since = clock.parse_http(header("If-Modified-Since"))
    return since is not None and second <= since
