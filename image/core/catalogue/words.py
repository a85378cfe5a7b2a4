"""Short ways to write definitions down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

IMAGE = "OS::Glance::Image"
VOLUME = "OS::Cinder::Volume"
FLAVOR = "OS::Nova::Flavor"
AGGREGATE = "OS::Nova::Aggregate"
SERVER = "OS::Nova::Server"


def text(title: str, description: str, *values: str, **more: Any) -> dict[str, Any]:
    "A property that is text, one of `values` if there are any."
    found: dict[str, Any] = {"title": title, "description": description, "type": "string", **more}
    return {**found, "enum": list(values)} if values else found


def number(title: str, description: str, **more: Any) -> dict[str, Any]:
    "A property that is an integer of 0 or more, unless `minimum` says otherwise."
    return {"title": title, "description": description, "type": "integer", "minimum": 0, **more}


def flag(title: str, description: str, **more: Any) -> dict[str, Any]:
    "A property that is true or false."
    return {"title": title, "description": description, "type": "boolean", **more}


def chosen(title: str, description: str, *values: str, **more: Any) -> dict[str, Any]:
    "Text that a scheduler compares, with the operators it knows."
    return text(title, description, *values, operators=["<or>"], **more)


def image(prefix: str | None = None) -> dict[str, Any]:
    "For images, and for the volumes made of them."
    return {"name": IMAGE, **({"prefix": prefix} if prefix else {})}


def volume(prefix: str | None = None) -> dict[str, Any]:
    "For volumes: their copy of the image's properties."
    extra = {"prefix": prefix} if prefix else {}
    return {"name": VOLUME, "properties_target": "image", **extra}


def flavor(prefix: str | None = None) -> dict[str, Any]:
    "For flavors: their extra specs."
    return {"name": FLAVOR, **({"prefix": prefix} if prefix else {})}


def aggregate(prefix: str | None = None) -> dict[str, Any]:
    "For host aggregates."
    return {"name": AGGREGATE, **({"prefix": prefix} if prefix else {})}


def namespace(
    name: str,
    title: str,
    description: str,
    types: Sequence[Mapping[str, Any]],
    properties: Mapping[str, Any] | None = None,
    objects: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    "A public, protected namespace."
    found: dict[str, Any] = {
        "namespace": name,
        "display_name": title,
        "description": description,
        "visibility": "public",
        "protected": True,
        "owner": "admin",
        "resource_type_associations": [dict(t) for t in types],
    }
    if properties:
        found["properties"] = dict(properties)
    if objects:
        found["objects"] = [dict(o) for o in objects]
    return found
