"""Metadata definitions: what may be written, and what /v2/schemas/metadefs publishes."""

from __future__ import annotations

from typing import Any

from common.schema import Schema

_NAME = {"type": "string", "minLength": 1, "maxLength": 80}
_TEXT = {"type": ["string", "null"], "maxLength": 500}
_STRING = {"type": "string"}
_STAMPS = {
    "created_at": {"type": "string", "readOnly": True},
    "updated_at": {"type": "string", "readOnly": True},
    "self": _STRING,
    "schema": _STRING,
}
_COUNT = {"type": "integer", "minimum": 0}

PROPERTY_BODY: dict[str, Any] = {
    "title": {"type": "string", "maxLength": 80},
    "description": {"type": "string"},
    "operators": {"type": "array", "items": {"type": "string"}},
    "type": {"enum": ["array", "boolean", "integer", "number", "object", "string", None]},
    "required": {"type": "array", "items": {"type": "string"}},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _COUNT,
    "minLength": _COUNT,
    "pattern": {"type": "string"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "default": {},
    "items": {"type": "object"},
    "maxItems": _COUNT,
    "minItems": _COUNT,
    "uniqueItems": {"type": "boolean"},
    "additionalItems": {"type": "boolean"},
}
_PROPERTIES = {
    "type": "object",
    "propertyNames": {"maxLength": 80},
    "additionalProperties": {
        "type": "object",
        "required": ["title", "type"],
        "properties": PROPERTY_BODY,
    },
}
_OBJECT = {
    "name": _NAME,
    "description": _TEXT,
    "required": {"type": "array", "items": {"type": "string"}},
    "properties": _PROPERTIES,
}
_ASSOCIATION = {
    "name": _NAME,
    "prefix": {"type": ["string", "null"], "maxLength": 80},
    "properties_target": {"type": ["string", "null"], "maxLength": 80},
}
_NAMESPACE = {
    "namespace": _NAME,
    "display_name": {"type": ["string", "null"], "maxLength": 80},
    "description": _TEXT,
    "visibility": {"enum": ["public", "private"]},
    "protected": {"type": "boolean"},
    "owner": {"type": ["string", "null"], "maxLength": 255},
}


def _schema(properties: dict[str, Any], *required: str) -> Schema:
    known = {"type": "object", "properties": {**properties, **_STAMPS}, "required": list(required)}
    return Schema({**known, "additionalProperties": False})


def _listed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    known = {"type": "object", "properties": {**properties, **_STAMPS}, "required": list(required)}
    return {"type": "array", "items": {**known, "additionalProperties": False}}


OBJECT = _schema(_OBJECT, "name")
PROPERTY = _schema({"name": _NAME, **PROPERTY_BODY}, "name", "title", "type")
TAG = _schema({"name": _NAME}, "name")
TAGS = Schema(
    {
        "type": "object",
        "required": ["tags"],
        "properties": {"tags": _listed({"name": _NAME}, "name")},
    }
)
ASSOCIATION = _schema(_ASSOCIATION, "name")
NAMESPACE = _schema(
    {
        **_NAMESPACE,
        "objects": _listed(_OBJECT, "name"),
        "properties": _PROPERTIES,
        "tags": _listed({"name": _NAME}, "name"),
        "resource_type_associations": _listed(_ASSOCIATION, "name"),
    },
    "namespace",
)


def _item(name: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "name": name,
        "properties": {**properties, **_STAMPS},
        "required": list(required),
        "additionalProperties": False,
    }


_ITEMS = {
    "namespace": ("namespaces", _item("namespace", NAMESPACE.schema["properties"], "namespace")),
    "object": ("objects", _item("object", _OBJECT, "name")),
    "property": (
        "properties",
        _item("property", {"name": _NAME, **PROPERTY_BODY}, "type", "title"),
    ),
    "tag": ("tags", _item("tag", {"name": _NAME}, "name")),
    "resource_type": (
        "resource_type_associations",
        _item("resource_type_association", _ASSOCIATION, "name"),
    ),
}


def document(name: str) -> dict[str, Any] | None:
    "The schema under /v2/schemas/metadefs/{name}, None if there is no such thing."
    if name in _ITEMS:
        return _ITEMS[name][1]
    for singular, (key, item) in _ITEMS.items():
        if name == ("resource_types" if singular == "resource_type" else key):
            name = key
            many: dict[str, Any] = {"type": "array", "items": item}
            if singular == "property":
                many = {"type": "object", "additionalProperties": item}
            paging = {"first": _STRING, "next": _STRING, "schema": _STRING}
            return {"name": name, "properties": {key: many, **paging}}
    return None
