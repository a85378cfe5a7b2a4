"""Pieces of response schemas: exact objects (a key too many fails as one too few), and how they
grow from version to version."""

from collections.abc import Mapping
from typing import Any

from common.schema import Versioned

Json = dict[str, Any]

STRING: Json = {"type": "string"}
TEXT: Json = {"type": ["string", "null"]}
INTEGER: Json = {"type": "integer"}
COUNT: Json = {"type": "integer", "minimum": 0}
LIMIT: Json = {"type": "integer", "minimum": -1}
NUMBER: Json = {"type": "number"}
BOOLEAN: Json = {"type": "boolean"}
NULL: Json = {"type": "null"}
"""Also what an answer without a body is checked as"""
UUID: Json = {"type": "string", "format": "uuid"}
MAYBE_UUID: Json = {"type": ["string", "null"], "format": "uuid"}
ADDRESS: Json = {"type": "string", "format": "ip"}
SECONDS: Json = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
"""2026-01-31T12:00:00Z"""
STAMP: Json = {
    "type": ["string", "null"],
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$",
}
"""2026-01-31T12:00:00.000000, or null for what has not happened"""
TEXTS: Json = {"type": "object", "additionalProperties": STRING}
"""Names and values"""


def exact(properties: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Json:
    "An object that has all of `properties`, may have those of `optional`, and nothing else."
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def each(item: Json, **more: Any) -> Json:
    "An array of items."
    return {"type": "array", "items": item, **more}


def either(*choices: Json) -> Json:
    "One of several forms."
    return {"anyOf": list(choices)}


def values(item: Json) -> Json:
    "An object with any names, whose values are all of a kind."
    return {"type": "object", "additionalProperties": item}


LINK = exact({"rel": {"enum": ["self", "bookmark"]}, "href": {"type": "string", "format": "uri"}})
LINKS = each(LINK, minItems=1)
NEXT = each(exact({"rel": {"const": "next"}, "href": {"type": "string", "format": "uri"}}))
"""The link to the next page of a list"""

Growth = dict[str, Json]
"""Version -> object that holds from it on"""


def grown(
    properties: Mapping[str, Any],
    *changes: tuple[str, Mapping[str, Any]],
    optional: Mapping[str, Any] | None = None,
) -> Growth:
    """An object by version, whatever the order of the changes. A change adds or replaces
    properties, removes them (None), or with a `?` before the name says that they may be
    missing."""
    must, may = dict(properties), dict(optional or {})
    out = {"2.1": exact(must, may)}
    for version, change in sorted(changes, key=_number):
        for name, schema in change.items():
            key = name.removeprefix("?")
            must.pop(key, None)
            may.pop(key, None)
            if schema is not None:
                (may if name.startswith("?") else must)[key] = schema
        out[version] = exact(must, may)
    return out


def one(name: str, growth: Growth | Json) -> Versioned:
    "`{name: object}` at each version."
    return Versioned({v: exact({name: s}) for v, s in by_version(growth).items()})


def listed(
    name: str, growth: Growth | Json, *, pages: str | None = None, key: str | None = None
) -> Versioned:
    """`{name: [object, ...]}` at each version; from version `pages` on with links to the next page
    below `key`."""
    steps = by_version(growth)
    if pages and pages not in steps:
        steps = dict(sorted({**steps, pages: _at(steps, pages)}.items(), key=_number))
    links = {key or f"{name}_links": NEXT}
    return Versioned(
        {
            v: exact({name: each(s)}, links if pages and _parse(v) >= _parse(pages) else {})
            for v, s in steps.items()
        }
    )


def by_version(growth: Growth | Json) -> Growth:
    "What never changes as what holds from the first version on."
    return growth if all(k[:1].isdigit() for k in growth) else {"2.1": growth}


def _at(steps: Growth, version: str) -> Json:
    before = [s for v, s in steps.items() if _parse(v) <= _parse(version)]
    return before[-1]


def _number(item: tuple[str, Any]) -> tuple[int, int]:
    return _parse(item[0])


def _parse(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
