"What clients of placement may send."

from typing import Any

from common.schema import Versioned, obj

UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
NAME: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_INT: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 2147483647}
_ONE: dict[str, Any] = {**_INT, "minimum": 1}
CLASS = "^[A-Z0-9_]+$"
TRAIT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": CLASS}
CUSTOM: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^CUSTOM_[A-Z0-9_]+$",
}
_PARENT: dict[str, Any] = {"parent_provider_uuid": {"type": ["string", "null"], "format": "uuid"}}
CREATE = Versioned(
    {"1.0": obj("name", name=NAME, uuid=UUID), "1.14": obj("name", name=NAME, uuid=UUID, **_PARENT)}
)
UPDATE = Versioned({"1.0": obj("name", name=NAME), "1.14": obj("name", name=NAME, **_PARENT)})
_VALUES: dict[str, Any] = {
    "total": _ONE,
    "reserved": _INT,
    "min_unit": _ONE,
    "max_unit": _ONE,
    "step_size": _ONE,
    "allocation_ratio": {"type": "number", "minimum": 0, "maximum": 3.40282e38},
}
INVENTORY_VALUES = obj("total", **_VALUES)
_BY_CLASS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {CLASS: INVENTORY_VALUES},
}
INVENTORIES = obj(
    "resource_provider_generation inventories",
    resource_provider_generation=_INT,
    inventories=_BY_CLASS,
)
INVENTORY = obj("resource_provider_generation total", resource_provider_generation=_INT, **_VALUES)
POST_INVENTORY = obj(
    "resource_class total", resource_class={"type": "string", "pattern": CLASS}, **_VALUES
)
TRAITS = obj(
    "resource_provider_generation traits",
    resource_provider_generation=_INT,
    traits={"type": "array", "items": TRAIT, "uniqueItems": True},
)
_UUIDS: dict[str, Any] = {"type": "array", "items": UUID, "uniqueItems": True}
AGGREGATES = Versioned(
    {
        "1.0": _UUIDS,
        "1.19": obj(
            "resource_provider_generation aggregates",
            resource_provider_generation=_INT,
            aggregates=_UUIDS,
        ),
    }
)
RESOURCE_CLASS = obj("name", name=CUSTOM)
_RESOURCES: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "patternProperties": {CLASS: _ONE},
}
_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
_WHO: dict[str, Any] = {"project_id": _ID, "user_id": _ID}
_GENERATION: dict[str, Any] = {"consumer_generation": {"type": ["integer", "null"]}}
_TYPE: dict[str, Any] = {
    "consumer_type": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": CLASS}
}
_MAPPINGS: dict[str, Any] = {"mappings": {"type": "object"}}
_PLACE = obj("resources", resources=_RESOURCES, generation=_INT)


def _places(least: int) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": least,
        "additionalProperties": False,
        "patternProperties": {"^[0-9a-fA-F-]{36}$": _PLACE},
    }


_OLD: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": obj(
        "resource_provider resources",
        resource_provider=obj("uuid", uuid=UUID),
        resources=_RESOURCES,
    ),
}
PUT = Versioned(
    {
        "1.0": obj("allocations", allocations=_OLD),
        "1.8": obj("allocations project_id user_id", allocations=_OLD, **_WHO),
        "1.12": obj("allocations project_id user_id", allocations=_places(1), **_WHO),
        "1.28": obj(
            "allocations project_id user_id consumer_generation",
            allocations=_places(0),
            **_WHO,
            **_GENERATION,
        ),
        "1.34": obj(
            "allocations project_id user_id consumer_generation",
            allocations=_places(0),
            **_WHO,
            **_GENERATION,
            **_MAPPINGS,
        ),
        "1.38": obj(
            "allocations project_id user_id consumer_generation consumer_type",
            allocations=_places(0),
            **_WHO,
            **_GENERATION,
            **_MAPPINGS,
            **_TYPE,
        ),
    }
)


def _many(required: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "patternProperties": {
            "^[0-9a-fA-F-]{36}$": obj(
                f"allocations project_id user_id {required}".strip(),
                allocations=_places(0),
                **_WHO,
                **more,
            )
        },
    }


POST = Versioned(
    {
        "1.13": _many(""),
        "1.28": _many("consumer_generation", **_GENERATION),
        "1.34": _many("consumer_generation", **_GENERATION, **_MAPPINGS),
        "1.38": _many("consumer_generation consumer_type", **_GENERATION, **_MAPPINGS, **_TYPE),
    }
)


def _reshape(required: str, **more: Any) -> dict[str, Any]:
    allocations = {**_many(required, **more), "minProperties": 0}
    return obj(
        "inventories allocations",
        allocations=allocations,
        inventories={
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {"^[0-9a-fA-F-]{36}$": INVENTORIES},
        },
    )


RESHAPE = Versioned(
    {
        "1.30": _reshape("consumer_generation", **_GENERATION),
        "1.34": _reshape("consumer_generation", **_GENERATION, **_MAPPINGS),
        "1.38": _reshape("consumer_generation consumer_type", **_GENERATION, **_MAPPINGS, **_TYPE),
    }
)
