"Bodies and queries of flavors and keypairs."

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import (
    BOOLEAN,
    EXTRA_SPECS,
    LOOSE_NAME,
    NON_NEGATIVE,
    POSITIVE,
    keys,
    steps,
    wrapped,
)

DESCRIPTION: dict[str, Any] = {
    "type": ["string", "null"],
    "minLength": 0,
    "maxLength": 65535,
    "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$",
}
_LIMIT: dict[str, Any] = {"maximum": 2147483647}
_CREATE = obj(
    "name ram vcpus disk",
    name=LOOSE_NAME,
    ram={**POSITIVE, **_LIMIT},
    vcpus={**POSITIVE, **_LIMIT},
    disk={**NON_NEGATIVE, **_LIMIT},
    swap={**NON_NEGATIVE, **_LIMIT},
    id={
        "type": ["string", "number", "null"],
        "minLength": 1,
        "maxLength": 255,
        "minimum": 0,
        "pattern": r"^(?! )[a-zA-Z0-9. _-]+(?<! )$",
    },
    rxtx_factor={
        "type": ["number", "string"],
        "pattern": r"^[0-9]+(\.[0-9]+)?$",
        "minimum": 0,
        "exclusiveMinimum": 0,
        "maximum": 3.40282e38,
    },
    **keys(
        {
            "OS-FLV-EXT-DATA:ephemeral": {**NON_NEGATIVE, **_LIMIT},
            "os-flavor-access:is_public": BOOLEAN,
        }
    ),
)
CREATE = Versioned(
    wrapped(
        "flavor",
        steps(_CREATE, ("2.55", {"description": DESCRIPTION}), ("2.102", {"rxtx_factor": None})),
    )
)
UPDATE = obj("flavor", flavor=obj("description", description=DESCRIPTION))
_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_QUERY: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(
        ("limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir"), _TEXTS
    ),
}
LIST = Versioned(
    {
        "2.1": {**_QUERY, "additionalProperties": True},
        "2.75": {**_QUERY, "additionalProperties": False},
        "2.102": {
            **_QUERY,
            "properties": {**_QUERY["properties"], "name": _TEXTS},
            "additionalProperties": False,
        },
    }
)
ADD_ACCESS = obj(
    "addTenantAccess",
    addTenantAccess=obj("tenant", tenant={"type": "string", "minLength": 1, "maxLength": 255}),
)
REMOVE_ACCESS = obj(
    "removeTenantAccess",
    removeTenantAccess=obj("tenant", tenant={"type": "string", "minLength": 1, "maxLength": 255}),
)
ACTION: dict[str, Any] = {"oneOf": [ADD_ACCESS, REMOVE_ACCESS]}
ADD_SPECS = obj("extra_specs", extra_specs=EXTRA_SPECS)
SET_SPEC: dict[str, Any] = {**EXTRA_SPECS, "minProperties": 1, "maxProperties": 1}

_KEY_NAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9 _-]+$",
}
_KEY_NAME_292: dict[str, Any] = {**_KEY_NAME, "pattern": r"^[a-zA-Z0-9@. _-]+$"}
_KEY_TYPE: dict[str, Any] = {"type": "string", "enum": ["ssh", "x509"]}
_USER: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
CREATE_KEYPAIR = Versioned(
    wrapped(
        "keypair",
        steps(
            obj("name", name=_KEY_NAME, public_key={"type": "string"}),
            ("2.2", {"type": _KEY_TYPE}),
            ("2.10", {"user_id": _USER}),
            ("2.92", {"name": _KEY_NAME_292, "__required__": ["public_key"]}),
        ),
    )
)
USER_OF_KEYPAIR = Versioned(
    {
        v: {"type": "object", "properties": {"user_id": _TEXTS}, "additionalProperties": extra}
        for v, extra in (("2.1", True), ("2.75", False))
    }
)
LIST_KEYPAIRS = Versioned(
    {
        "2.1": {"type": "object"},
        "2.35": {
            "type": "object",
            "properties": dict.fromkeys(("user_id", "limit", "marker"), _TEXTS),
            "additionalProperties": True,
        },
        "2.75": {
            "type": "object",
            "properties": dict.fromkeys(("user_id", "limit", "marker"), _TEXTS),
            "additionalProperties": False,
        },
    }
)
