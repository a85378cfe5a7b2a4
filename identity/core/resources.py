"What changing any resource has in common: attributes that clients added, options, immutability."

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from identity.errors import Immutable

Given = dict[str, Any]


def extras(given: Given, known: Collection[str]) -> Given:
    "Attributes of a request that no column holds."
    return {k: v for k, v in given.items() if k not in known and k not in ("id", "links", "extra")}


def apply(row: Any, given: Given, known: Collection[str]) -> None:
    """Put given attributes into a row: columns in `known` directly, `options` one by one (null
    unsets), others into `extra`."""
    for name in known:
        if name in given and name != "options":
            setattr(row, name, given[name])
    if "options" in known and "options" in given:
        row.options = merged_options(row.options, given["options"])
    if hasattr(row, "extra"):
        more = extras(given, known)
        if more:
            row.extra = {**(row.extra or {}), **more}


def merged_options(old: Given | None, new: Given) -> Given:
    "Options after a change; null unsets one."
    return {k: v for k, v in {**(old or {}), **new}.items() if v is not None}


def refuse_immutable(what: str, row: Any, given: Given | None = None) -> None:
    """Raise Immutable for a change of (or, without `given`, the deletion of) an immutable
    resource other than its options."""
    if not (row.options or {}).get("immutable"):
        return
    if (
        given is not None
        and set(given) <= {"options"}
        and given["options"].get("immutable", True) in (None, False)
    ):
        return
    raise Immutable(what, row.id)
