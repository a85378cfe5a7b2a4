"""Pages of a list by `limit` and `marker` (the API-SIG pagination guideline), and the links that go
with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from common.errors import BadRequest


class InvalidLimit(BadRequest):
    "Invalid input for field/attribute limit. Value: {value}. It must be an integer of 0 or more."


class MarkerNotFound(BadRequest):
    "The marker '{marker}' could not be found."


@dataclass(frozen=True)
class Page:
    "How much of a list, after which item, in which order."

    limit: int | None = None
    marker: str | None = None
    reverse: bool = False
    sort: tuple[tuple[str, str], ...] = ()
    """((key, "asc" | "desc"), ...)"""


def parse_limit(
    args: Mapping[str, Any],
    *,
    default: int | None = None,
    most: int | None = None,
    name: str = "limit",
) -> int | None:
    """`limit` of a query: None is no limit. Never more than `most`. Raises InvalidLimit."""
    text = args.get(name)
    if text is None or text == "":
        return min((v for v in (default, most) if v is not None), default=None)
    try:
        limit = int(text)
    except ValueError:
        raise InvalidLimit(value=text) from None
    if limit < 0 or limit > 2**31 - 1:
        raise InvalidLimit(value=text)
    return limit if most is None else min(limit, most)


def page_links(url: str, args: Any, marker: str | None, rel: str = "next") -> list[dict[str, str]]:
    "The `*_links` of a list: a link to what comes after `marker`, or nothing."
    if marker is None:
        return []
    items = [(k, v) for k, v in args.items(multi=True) if k != "marker"]
    return [{"rel": rel, "href": f"{url}?{urlencode([*items, ('marker', marker)])}"}]
