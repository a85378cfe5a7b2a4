"Bodies and queries of quotas and limits."

from typing import Any

from common.schema import Versioned, obj
from compute.schemas.fields import BOOLEAN, keys, steps

_LIMIT: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "minLength": 1,
    "maximum": 2147483647,
}
_NETWORK = ("floating_ips", "fixed_ips", "security_groups", "security_group_rules")
_FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
_ALL = (
    "instances",
    "cores",
    "ram",
    *_NETWORK,
    "metadata_items",
    *_FILES,
    "key_pairs",
    "server_groups",
    "server_group_members",
)


def _gone(names: tuple[str, ...]) -> dict[str, Any]:
    return dict.fromkeys(names)


_SET = steps(
    obj(force=BOOLEAN, **keys(dict.fromkeys(_ALL, _LIMIT))),
    ("2.36", _gone(_NETWORK)),
    ("2.57", _gone(_FILES)),
)
UPDATE = Versioned({v: obj("quota_set", quota_set=s) for v, s in _SET.items()})
_CLASS = steps(
    obj(**keys(dict.fromkeys(_ALL, _LIMIT))), ("2.50", _gone(_NETWORK)), ("2.57", _gone(_FILES))
)
UPDATE_CLASS = Versioned(
    {
        v: obj("quota_class_set", quota_class_set={**s, "minProperties": 1})
        for v, s in _CLASS.items()
    }
)
_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
USER = Versioned(
    {
        v: {"type": "object", "properties": {"user_id": _TEXTS}, "additionalProperties": extra}
        for v, extra in (("2.1", True), ("2.75", False))
    }
)
LIMITS = Versioned(
    {
        v: {"type": "object", "properties": {"tenant_id": _TEXTS}, "additionalProperties": extra}
        for v, extra in (("2.1", True), ("2.75", False))
    }
)
NAMES: dict[str, Any] = {"network": _NETWORK, "files": _FILES}
