"Pieces of schemas that several nouns use."

from typing import Any

NAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
}
"""Printable, no white space at the ends."""
LOOSE_NAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"[^\s]",
}
DESCRIPTION: dict[str, Any] = {
    "type": ["string", "null"],
    "maxLength": 255,
    "pattern": r"^[^\x00-\x1f\x7f]*$",
}
BOOLEAN: dict[str, Any] = {
    "type": ["boolean", "string"],
    "enum": [
        True,
        "True",
        "TRUE",
        "true",
        "1",
        "ON",
        "On",
        "on",
        "YES",
        "Yes",
        "yes",
        "y",
        "t",
        False,
        "False",
        "FALSE",
        "false",
        "0",
        "OFF",
        "Off",
        "off",
        "NO",
        "No",
        "no",
        "n",
        "f",
    ],
}
UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
UUID_OR_NULL: dict[str, Any] = {"type": ["string", "null"], "format": "uuid"}
POSITIVE: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]*$",
    "minimum": 1,
    "minLength": 1,
}
NON_NEGATIVE: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]+$",
    "minimum": 0,
    "minLength": 1,
}
TAG: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}
DEVICE_TAG: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 60,
    "pattern": "^[^,/]*$",
}
METADATA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
}
EXTRA_SPECS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {
        "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}
    },
}
HOSTNAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^[a-zA-Z0-9-._]*$",
}
NULL: dict[str, Any] = {"type": "null"}
ADMIN_PASS: dict[str, Any] = {"type": "string"}
IMAGE_REF: dict[str, Any] = {"type": "string", "anyOf": [{"format": "uuid"}, {"maxLength": 0}]}
SHORT_HOST: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "pattern": "^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$",
}
FQDN: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
    r"(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$",
}


def keys(table: dict[str, Any]) -> dict[str, Any]:
    "Properties for `obj` whose names are no Python names: `**keys({...})`."
    return table


def wrap(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    "An object with exactly the key `name`."
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


def steps(base: dict[str, Any], *changes: tuple[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Schemas by version for `common.schema.Versioned`: each change adds, replaces, or (None)
    removes properties of the object, from its version on."""
    out = {"2.1": base}
    current = base
    for version, change in changes:
        properties = {**current["properties"], **{k: v for k, v in change.items() if v is not None}}
        for key, value in change.items():
            if value is None:
                properties.pop(key, None)
        required = [r for r in current.get("required", []) if r in properties]
        required += [k for k in change.get("__required__", []) if k not in required]
        properties.pop("__required__", None)
        rest = {k: v for k, v in current.items() if k != "required"}
        current = {**rest, "properties": properties, **({"required": required} if required else {})}
        out[version] = current
    return out


def wrapped(
    name: str, versions: dict[str, dict[str, Any]], **more: Any
) -> dict[str, dict[str, Any]]:
    "Each of the versions inside an object with key `name`, and what else may stand beside it."
    return {v: {**wrap(name, s), "properties": {name: s, **more}} for v, s in versions.items()}
