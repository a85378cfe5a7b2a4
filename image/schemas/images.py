"""The image document (Image API v2, "Image schemas")."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from common.schema import Schema

UUID = r"^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
INT_MOST = 2**31 - 1
OBJECT = Schema({"type": "object"})

READ_ONLY = (
    "status",
    "size",
    "virtual_size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
    "direct_url",
    "stores",
)
"""Attributes that only the service itself sets."""

BASE = (
    "id",
    "name",
    "status",
    "visibility",
    "protected",
    "os_hidden",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "owner",
    "size",
    "virtual_size",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "created_at",
    "updated_at",
    "tags",
    "self",
    "file",
    "schema",
    "direct_url",
    "locations",
    "stores",
)
"""Attributes that are not custom properties."""


def _text(description: str, most: int = 255, **more: Any) -> dict[str, Any]:
    return {"type": ["null", "string"], "maxLength": most, "description": description, **more}


def _auto(kind: str | list[str], description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "readOnly": True, "description": description, **more}


def properties(config: cfg.ConfigOpts) -> dict[str, Any]:
    "The schema's `properties`, formats as configured."
    count = {"type": "integer", "minimum": 0, "maximum": INT_MOST}
    return {
        "id": {"type": "string", "pattern": UUID, "description": "Identifier of the image."},
        "name": _text("Name of the image; need not be unique."),
        "status": _auto(
            "string",
            "Where the image is in its life.",
            enum=[
                "queued",
                "saving",
                "active",
                "killed",
                "deleted",
                "uploading",
                "importing",
                "pending_delete",
                "deactivated",
            ],
        ),
        "visibility": {
            "type": "string",
            "enum": ["community", "public", "private", "shared"],
            "description": "Who may see the image.",
        },
        "protected": {"type": "boolean", "description": "Whether deletion is refused."},
        "os_hidden": {"type": "boolean", "description": "Whether default lists leave it out."},
        "checksum": _auto(["null", "string"], "MD5 of the data.", maxLength=32),
        "os_hash_algo": _auto(["null", "string"], "Algorithm of os_hash_value.", maxLength=64),
        "os_hash_value": _auto(["null", "string"], "Digest of the data.", maxLength=128),
        "owner": _text("Project that owns the image."),
        "size": _auto(["null", "integer"], "Bytes of the data."),
        "virtual_size": _auto(["null", "integer"], "Bytes of the disk within the data."),
        "container_format": {
            "type": ["null", "string"],
            "description": "Format of the container.",
            "enum": [None, *config.image.container_formats],
        },
        "disk_format": {
            "type": ["null", "string"],
            "description": "Format of the disk.",
            "enum": [None, *config.image.disk_formats],
        },
        "created_at": _auto("string", "When it was registered."),
        "updated_at": _auto("string", "When it was last changed."),
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": 255, "minLength": 1},
            "description": "Words to find it by.",
        },
        "direct_url": _auto("string", "URL of the data in its store."),
        "min_ram": {**count, "description": "MiB of memory needed to boot."},
        "min_disk": {**count, "description": "GiB of disk needed to boot."},
        "self": _auto("string", "This document."),
        "file": _auto("string", "The data."),
        "schema": _auto("string", "This schema."),
        "stores": _auto("string", "Stores that have the data, separated by commas."),
        "locations": {
            "type": "array",
            "description": "Where the data lies.",
            "items": {
                "type": "object",
                "required": ["url", "metadata"],
                "properties": {
                    "url": {"type": "string", "maxLength": 255},
                    "metadata": {"type": "object"},
                    "validation_data": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["os_hash_algo", "os_hash_value"],
                        "properties": {
                            "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                            "os_hash_algo": {"type": "string", "maxLength": 64},
                            "os_hash_value": {"type": "string", "maxLength": 128},
                        },
                    },
                },
            },
        },
    }


def document(config: cfg.ConfigOpts) -> dict[str, Any]:
    "What GET /v2/schemas/image answers."
    return {
        "name": "image",
        "properties": properties(config),
        "additionalProperties": {"type": "string"},
        "links": [
            {"rel": "self", "href": "{self}"},
            {"rel": "enclosure", "href": "{file}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


def input_schema(config: cfg.ConfigOpts) -> Schema:
    "What a client may write: the same, the service's own attributes left out."
    writable = {k: v for k, v in properties(config).items() if k not in READ_ONLY}
    return Schema(
        {
            "type": "object",
            "properties": writable,
            "propertyNames": {"maxLength": 255, "minLength": 1},
            "additionalProperties": {"type": "string", "maxLength": 65535},
        }
    )


def collection(item: dict[str, Any], plural: str) -> dict[str, Any]:
    "The schema of a list of `item`."
    page = {"type": "string"}
    return {
        "name": plural,
        "properties": {
            plural: {"type": "array", "items": item},
            "first": page,
            "next": page,
            "schema": page,
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
