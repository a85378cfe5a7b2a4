"Pieces of schemas that several nouns use."

from typing import Any

NAME = {"type": "string", "minLength": 1, "maxLength": 255,
        "pattern": r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"}
"""Printable, no white space at the ends."""
LOOSE_NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"[^\s]"}
DESCRIPTION = {"type": ["string", "null"], "maxLength": 255, "pattern": r"^[^\x00-\x1f\x7f]*$"}
BOOLEAN = {"type": ["boolean", "string"], "enum": [
    True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t", False, "False", "FALSE", "false",
    "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f"]}
UUID = {"type": "string", "format": "uuid"}
UUID_OR_NULL = {"type": ["string", "null"], "format": "uuid"}
POSITIVE = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 1, "minLength": 1}
NON_NEGATIVE = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 0, "minLength": 1}
TAG = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}
DEVICE_TAG = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}
METADATA = {"type": "object", "additionalProperties": False, "patternProperties": {
    "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}}}
EXTRA_SPECS = {"type": "object", "additionalProperties": False, "patternProperties": {
    "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}}}
HOSTNAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"}
NULL = {"type": "null"}
ADMIN_PASS = {"type": "string"}
IMAGE_REF = {"type": "string", "anyOf": [{"format": "uuid"}, {"maxLength": 0}]}
SHORT_HOST = {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$"}
FQDN = {"type": "string", "minLength": 1, "maxLength": 255,
        "pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$"}


def wrap(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    "An object with exactly the key `name`."
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


def steps(base: dict[str, Any], *changes: tuple[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Schemas by version for `common.schema.Versioned`: each change adds, replaces, or (None) removes properties of the
    object, from its version on."""
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
        current = {**current, "properties": properties, **({"required": required} if required else {})}
        out[version] = current
    return out


def wrapped(name: str, versions: dict[str, dict[str, Any]], **more: Any) -> dict[str, dict[str, Any]]:
    "Each of the versions inside an object with key `name`, and what else may stand beside it."
    return {v: {**wrap(name, s), "properties": {name: s, **more}} for v, s in versions.items()}
