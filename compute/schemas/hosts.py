"Bodies and queries of services, hypervisors and aggregates."

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import BOOLEAN, HOSTNAME, UUID, wrap

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
REASON: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
SERVICE = obj(
    "host binary",
    host=HOSTNAME,
    binary={"type": "string", "minLength": 1, "maxLength": 255},
    disabled_reason=REASON,
)
FORCE_DOWN = obj(
    "host binary",
    host=HOSTNAME,
    binary={"type": "string", "minLength": 1, "maxLength": 255},
    forced_down=BOOLEAN,
)
SERVICE_253: dict[str, Any] = {
    **obj(
        status={"type": "string", "enum": ["enabled", "disabled"]},
        disabled_reason=REASON,
        forced_down=BOOLEAN,
    ),
    "minProperties": 1,
}
SERVICES = Versioned(
    {
        v: {
            "type": "object",
            "properties": dict.fromkeys(("host", "binary"), _TEXTS),
            "additionalProperties": extra,
        }
        for v, extra in (("2.1", True), ("2.75", False))
    }
)


def _query(*steps: tuple[str, tuple[str, ...], bool]) -> Versioned:
    return Versioned(
        {
            v: {
                "type": "object",
                "properties": dict.fromkeys(names, _TEXTS),
                "additionalProperties": extra,
            }
            for v, names, extra in steps
        }
    )


_PAGES = ("limit", "marker")
HYPERVISORS = _query(
    ("2.1", (), True),
    ("2.33", _PAGES, True),
    ("2.53", (*_PAGES, "hypervisor_hostname_pattern", "with_servers"), False),
)
HYPERVISOR = _query(("2.1", (), True), ("2.53", ("with_servers",), False))
HOSTS = _query(("2.1", ("zone",), True))
_SWITCH: dict[str, Any] = {
    "type": "string",
    "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"],
}
UPDATE_HOST: dict[str, Any] = {
    "type": "object",
    "properties": {"status": _SWITCH, "maintenance_mode": _SWITCH},
    "anyOf": [{"required": ["status"]}, {"required": ["maintenance_mode"]}],
    "additionalProperties": False,
}
_NAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[^\s](.*[^\s])?$",
}
_ZONE: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^:]+$"},
        {"type": "null"},
    ]
}
CREATE_AGGREGATE = wrap("aggregate", obj("name", name=_NAME, availability_zone=_ZONE))
UPDATE_AGGREGATE = wrap(
    "aggregate", {**obj(name=_NAME, availability_zone=_ZONE), "minProperties": 1}
)
AGGREGATE_META: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "patternProperties": {
        "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}
    },
}
AGGREGATE_ACTION: dict[str, Any] = {
    "oneOf": [
        obj("add_host", add_host=obj("host", host=HOSTNAME)),
        obj("remove_host", remove_host=obj("host", host=HOSTNAME)),
        obj("set_metadata", set_metadata=obj("metadata", metadata=AGGREGATE_META)),
    ]
}
CACHE = obj("cache", cache={"type": "array", "minItems": 1, "items": obj("id", id=UUID)})
