"What a client asks of a list, from its query string: filters, sorting, pages, fields."

from __future__ import annotations

from typing import Any

from common.http.paging import parse_limit
from network import errors
from network.store import rows
from network.store.listing import Query

_CONTROL = ("fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir")


def parse(noun: str, args: Any) -> Query:
    """The query of a list of `noun`. `args` is a MultiDict. Raises UnknownFilter, BadFilter,
    HTTPBadRequest."""
    filters = {
        name: rows.filter_values(noun, name, args.getlist(name))
        for name in args
        if name not in _CONTROL
    }
    keys, directions = args.getlist("sort_key"), args.getlist("sort_dir")
    if directions and len(directions) != len(keys):
        raise errors.HTTPBadRequest(reason="The number of sort_keys and sort_dirs must be same")
    for key in keys:
        if not rows.sortable(noun, key):
            raise errors.HTTPBadRequest(reason=f"[{key!r}] is invalid attribute for sort_keys")
    for direction in directions:
        if direction not in ("asc", "desc"):
            raise errors.HTTPBadRequest(reason="sort_dirs must be asc or desc")
    sort = tuple(
        (key, directions[n] == "desc" if directions else False) for n, key in enumerate(keys)
    )
    return Query(
        filters=filters,
        sort=sort,
        limit=parse_limit(args) or None,
        marker=args.get("marker") or None,
        reverse=str(args.get("page_reverse", "")).lower() in ("true", "1"),
    )


def revision(header: str | None) -> int | None:
    "The revision of `If-Match: revision_number=N`. Raises HTTPBadRequest for another form."
    if not header:
        return None
    name, _, number = header.partition("=")
    if name.strip() != "revision_number" or not number.strip().removeprefix("-").isdigit():
        raise errors.HTTPBadRequest(
            reason=f"Bad If-Match header: {header}: expected revision_number=N"
        )
    return int(number)
