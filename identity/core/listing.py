"""What a list request asks for: `name__contains=x&sort_key=name&limit=10&marker=ID` (API
reference, "Filtering", "Pagination")."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from common.http.paging import parse_limit
from identity.core import Deps
from identity.errors import Invalid
from identity.store.types import Filter, Listing

_COMPARE = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "equals")
_DATES = ("lt", "lte", "gt", "gte", "eq", "neq")


def boolean(name: str, text: str) -> bool:
    "A flag of a query: `?enabled`, `?enabled=0`. Raises Invalid."
    if text.lower() in ("", "1", "true", "yes", "on", "t", "y"):
        return True
    if text.lower() in ("0", "false", "no", "off", "f", "n"):
        return False
    raise Invalid(name, f"{text!r} is not a boolean.")


def flag(args: Mapping[str, str], name: str) -> bool:
    "Whether the flag `name` is set in a query."
    return name in args and boolean(name, args[name])


def parse(
    deps: Deps,
    args: Mapping[str, str],
    names: str,
    *,
    booleans: str = "",
    renames: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
) -> Listing:
    """The Listing of query `args`. `names` are the attributes that may be filtered and sorted
    by, `booleans` those that are flags; `renames` maps attributes to columns. Other
    parameters are ignored, as Keystone does."""
    columns = {
        n: (renames or {}).get(n, n) for n in (names + " " + booleans).split() if n not in ignore
    }
    flags = set(booleans.split())
    filters = []
    for key, text in args.items():
        name, _, compare = key.partition("__")
        if name not in columns or (compare and compare not in _COMPARE):
            continue
        value: Any = (
            boolean(name, text)
            if name in flags
            else (text or None if name.endswith("_id") else text)
        )
        filters.append(Filter(columns[name], compare or "equals", value))
    return Listing(tuple(filters), _limit(deps, args), args.get("marker"), _sort(args, columns))


def _limit(deps: Deps, args: Mapping[str, str]) -> int | None:
    limit = parse_limit(args, most=deps.config.api.list_limit or None)
    return None if limit == 0 and "limit" not in args else limit


def _sort(args: Mapping[str, str], columns: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
    if args.get("sort"):
        pairs = [p.partition(":")[::2] for p in args["sort"].split(",")]
    elif args.get("sort_key"):
        pairs = [(args["sort_key"], args.get("sort_dir", "asc"))]
    else:
        return ()
    order = []
    for name, direction in pairs:
        if name not in columns and name != "id":
            raise Invalid("sort_key", f"{name!r} is not an attribute to sort by.")
        if direction not in ("", "asc", "desc"):
            raise Invalid("sort_dir", f"{direction!r} is neither asc nor desc.")
        order.append((columns.get(name, name), direction == "desc"))
    return tuple(order)


def narrowed(listing: Listing, *filters: Filter) -> Listing:
    "The same list with more conditions."
    return replace(listing, filters=(*listing.filters, *filters))


def date_filter(name: str, text: str, column: str | None = None) -> Filter:
    "`password_expires_at=lt:2026-01-01T00:00:00Z`. Raises Invalid."
    compare, colon, rest = text.partition(":")
    if compare not in _DATES or not colon:
        compare, rest = "eq", text
    try:
        when = datetime.datetime.fromisoformat(rest)
    except ValueError:
        raise Invalid(name, f"{text!r} is not a time like lt:2026-01-01T00:00:00Z.") from None
    return Filter(
        column or name, compare, when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    )


Keep = Callable[[Any], bool]
