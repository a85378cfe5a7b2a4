"""Bodies and queries of server groups, usage, external events, assisted snapshots and the old
proxies."""

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import BOOLEAN, NAME, UUID, wrap

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}


def query(*names: str, strict: str = "2.75") -> Versioned:
    "A query with these parameters; others are ignored before version `strict`, refused from it on."
    base = {"type": "object", "properties": dict.fromkeys(names, _TEXTS)}
    return Versioned(
        {
            "2.1": {**base, "additionalProperties": True},
            strict: {**base, "additionalProperties": False},
        }
    )


def _group(policies: list[str]) -> dict[str, Any]:
    return wrap(
        "server_group",
        obj(
            "name policies",
            name=NAME,
            policies={
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": {"type": "string", "enum": policies},
            },
        ),
    )


_HARD = ["affinity", "anti-affinity"]
_SOFT = [*_HARD, "soft-affinity", "soft-anti-affinity"]
GROUP = Versioned(
    {
        "2.1": _group(_HARD),
        "2.15": _group(_SOFT),
        "2.64": wrap(
            "server_group",
            obj(
                "name policy",
                name=NAME,
                policy={"type": "string", "enum": _SOFT},
                rules=obj(
                    max_server_per_host={
                        "type": ["integer", "string"],
                        "minimum": 1,
                        "pattern": "^[1-9][0-9]*$",
                    }
                ),
            ),
        ),
    }
)
GROUPS = query("all_projects", "limit", "offset")
USAGE = query("start", "end", "detailed", "limit", "marker")
_EVENTS = ["network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted"]


def _events(*more: str) -> dict[str, Any]:
    return obj(
        "events",
        events={
            "type": "array",
            "minItems": 1,
            "items": obj(
                "server_uuid name",
                server_uuid=UUID,
                name={"type": "string", "enum": [*_EVENTS, *more]},
                status={"type": "string", "enum": ["failed", "completed", "in-progress"]},
                tag={"type": "string", "maxLength": 255},
            ),
        },
    )


EVENTS = Versioned(
    {
        "2.1": _events(),
        "2.51": _events("volume-extended"),
        "2.76": _events("volume-extended", "power-update"),
        "2.82": _events("volume-extended", "power-update", "accelerator-request-bound"),
        "2.93": _events(
            "volume-extended", "power-update", "accelerator-request-bound", "volume-reimaged"
        ),
    }
)
ASSISTED = obj(
    "snapshot",
    snapshot=obj(
        "volume_id create_info",
        volume_id={"type": "string", "minLength": 1},
        create_info=obj(
            "snapshot_id type new_file",
            extra=True,
            snapshot_id={"type": "string"},
            type={"type": "string", "enum": ["qcow2"]},
            new_file={"type": "string", "minLength": 1, "maxLength": 255},
            id={"type": "string"},
        ),
    ),
)
_TEXT: dict[str, Any] = {"type": ["string", "null"], "maxLength": 255}
SECURITY_GROUP = obj(
    "security_group",
    security_group=obj(
        "name", name={"type": "string", "minLength": 1, "maxLength": 255}, description=_TEXT
    ),
)
_PORT: dict[str, Any] = {
    "type": ["integer", "string", "null"],
    "pattern": "^-?[0-9]*$",
    "minimum": -1,
    "maximum": 65535,
}
RULE = obj(
    "security_group_rule",
    security_group_rule=obj(
        "parent_group_id",
        parent_group_id=UUID,
        group_id={"type": ["string", "null"]},
        ip_protocol={"type": ["string", "null"]},
        from_port=_PORT,
        to_port=_PORT,
        cidr={"type": ["string", "null"], "format": "cidr"},
    ),
)
FLOATING_IP: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {"pool": {"type": ["string", "null"]}},
    "additionalProperties": False,
}
OLD_VOLUME = obj(
    "volume",
    volume=obj(
        "size",
        size={"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1},
        volume_type={"type": "string"},
        metadata={"type": "object"},
        snapshot_id={"type": "string"},
        availability_zone={"type": "string"},
        display_name={"type": "string"},
        display_description={"type": "string"},
    ),
)
OLD_SNAPSHOT = obj(
    "snapshot",
    snapshot=obj(
        "volume_id",
        volume_id={"type": "string"},
        force=BOOLEAN,
        display_name={"type": "string"},
        display_description={"type": "string"},
    ),
)
META_ITEM = obj(
    "meta",
    meta={
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": {"type": "string"},
    },
)
META = obj("metadata", metadata={"type": "object", "additionalProperties": {"type": "string"}})
