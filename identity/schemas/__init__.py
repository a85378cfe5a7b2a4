"What requests must look like: JSON Schemas, and the types that they share."

from typing import Any

from common.schema import obj

NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
ID = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[a-zA-Z0-9\-_]+$"}
ID_OR_NULL = {**ID, "type": ["string", "null"]}
TEXT = {"type": ["string", "null"], "maxLength": 65535}
BOOLEAN = {"type": "boolean"}
URL = {"type": "string", "minLength": 1, "maxLength": 2048, "pattern": r"^[a-zA-Z0-9+.-]+:.+"}
TIME = {"type": ["string", "null"], "format": "date-time"}
IMMUTABLE = obj(immutable={"type": ["boolean", "null"]})
COUNT = {"type": "integer", "minimum": -1, "maximum": 2**31 - 1}


def wrapped(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    "`{name: schema}` and nothing else."
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


def patch(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    "The same resource for PATCH: nothing is required, but something is given."
    return wrapped(
        name, {k: v for k, v in schema.items() if k != "required"} | {"minProperties": 1}
    )
