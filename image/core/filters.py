"""The query of an image list: filters, comparison operators, sorting and paging (Image API v2,
"List images")."""

from __future__ import annotations

import csv
import datetime
from typing import Any

from common.http.paging import parse_limit
from image.errors import InvalidFilter, InvalidSort
from image.schemas.images import BASE
from image.store.images import Listing

SORT_KEYS = (
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
)
VISIBILITIES = ("public", "private", "shared", "community", "all")
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")
IN_LISTS = ("container_format", "disk_format", "id", "name", "status")
EQUAL = ("owner", "checksum", "os_hash_algo", "os_hash_value")
NUMBERS = ("min_ram", "min_disk", "size", "virtual_size")
RANGES = {"size_min": ("size", "gte"), "size_max": ("size", "lte")}
TIMES = ("created_at", "updated_at")
BOOLEANS = ("protected",)
COMPARISONS = ("gt", "gte", "lt", "lte", "eq", "neq")
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_MOST = 2**63 - 1


def parse(args: Any, *, default: int, most: int) -> Listing:
    """The listing that a query (werkzeug MultiDict) asks for. Raises InvalidFilter, InvalidSort or
    InvalidLimit."""
    listing = Listing(
        limit=parse_limit(args, default=default, most=most) or 0, marker=args.get("marker")
    )
    if args.get("limit") == "":
        listing.limit = default
    listing.sort = _sort(args)
    for name, values in args.lists():
        if name not in ("limit", "marker", "sort", "sort_key", "sort_dir"):
            _add(listing, name, values)
    return listing


def _add(listing: Listing, name: str, values: list[str]) -> None:
    value = values[-1]
    if name == "tag":
        listing.tags += values
    elif name == "visibility":
        listing.visibility = _one_of(name, value, VISIBILITIES)
    elif name == "member_status":
        listing.member_status = _one_of(name, value, MEMBER_STATUSES)
    elif name == "os_hidden":
        listing.hidden = _boolean(name, value)
    elif name in TIMES:
        listing.terms += [(name, *_time(name, v)) for v in values]
    elif name in RANGES:
        listing.terms.append((*RANGES[name], _number(name, value)))
    elif name in NUMBERS:
        listing.terms.append((name, "eq", _number(name, value)))
    elif name in BOOLEANS:
        listing.terms.append((name, "eq", _boolean(name, value)))
    elif name in IN_LISTS:
        listing.terms.append(_equal_or_in(name, value))
    elif name in EQUAL:
        listing.terms.append((name, "eq", value))
    elif name not in BASE and not name.startswith("os_glance_"):
        listing.properties[name] = value


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InvalidFilter(field=name, value=value, reason=f"One of {', '.join(choices)}.")
    return value


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in TRUE + FALSE:
        raise InvalidFilter(field=name, value=value, reason="true or false.")
    return value.lower() in TRUE


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value[:20]) > _MOST:
        raise InvalidFilter(field=name, value=value, reason="It must be an integer of 0 or more.")
    return int(value)


def _split_operator(value: str) -> tuple[str, str]:
    operator, colon, rest = value.partition(":")
    return (operator, rest) if colon and operator in (*COMPARISONS, "in") else ("eq", value)


def _time(name: str, value: str) -> tuple[str, datetime.datetime]:
    operator, text = _split_operator(value)
    try:
        if operator == "in":
            raise ValueError
        moment = datetime.datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise InvalidFilter(
            field=name,
            value=value,
            reason=f"An ISO 8601 time, after one of {', '.join(o + ':' for o in COMPARISONS)}.",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return operator, moment


def _equal_or_in(name: str, value: str) -> tuple[str, str, Any]:
    operator, text = _split_operator(value)
    if operator == "in":
        return name, "in", split_list(name, text)
    if operator == "eq":
        return name, "eq", text if value.startswith("eq:") else value
    if operator == "neq":
        return name, "neq", text
    if name == "name":
        return name, "eq", value  # a name may well contain a colon
    raise InvalidFilter(field=name, value=value, reason="Use in: or a plain value.")


def split_list(name: str, text: str) -> list[str]:
    'The values of `in:a,b,"c,d"`: quotes protect commas.'
    if text.count('"') % 2:
        raise InvalidFilter(field=name, value=text, reason="A quote is not closed.")
    values = next(csv.reader([text], skipinitialspace=False, strict=False), [])
    if not values:
        raise InvalidFilter(field=name, value=text, reason="The list is empty.")
    return values


def _sort(args: Any) -> list[tuple[str, str]]:
    keys, directions = args.getlist("sort_key"), args.getlist("sort_dir")
    if "sort" in args:
        if keys or directions:
            raise InvalidSort(
                field="sort",
                value=args["sort"],
                reason="It cannot be used with sort_key or sort_dir.",
            )
        pairs = []
        for part in args["sort"].split(","):
            key, _, direction = part.strip().partition(":")
            pairs.append((key, direction or "desc"))
    else:
        if len(directions) > 1 and len(directions) != len(keys or [""]):
            raise InvalidSort(
                field="sort_dir",
                value=",".join(directions),
                reason="One for all keys, or one for each.",
            )
        if directions and not keys:
            keys = ["created_at"]
        each = (
            directions * len(keys) if len(directions) == 1 else directions or ["desc"] * len(keys)
        )
        pairs = list(zip(keys, each, strict=True))
    return [_checked(key, direction) for key, direction in pairs]


def _checked(key: str, direction: str) -> tuple[str, str]:
    if key not in SORT_KEYS:
        raise InvalidSort(field="sort_key", value=key, reason=f"One of {', '.join(SORT_KEYS)}.")
    if direction not in ("asc", "desc"):
        raise InvalidSort(field="sort_dir", value=direction, reason="asc or desc.")
    return key, direction
