"Queries of action records and migrations."

from common.schema import Versioned

TEXTS = {"type": "array", "items": {"type": "string"}}
OPEN = {"type": "object"}


def _only(*names: str, extra: bool = False) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict.fromkeys(names, TEXTS),
        "additionalProperties": extra,
    }


ACTIONS = Versioned(
    {
        "2.1": OPEN,
        "2.58": _only("limit", "marker", "changes-since"),
        "2.66": _only("limit", "marker", "changes-since", "changes-before"),
    }
)
_MIGRATIONS = ("hidden", "host", "instance_uuid", "source_compute", "status", "migration_type")
MIGRATIONS = Versioned(
    {
        "2.1": OPEN,
        "2.59": _only(*_MIGRATIONS, "limit", "marker", "changes-since"),
        "2.66": _only(*_MIGRATIONS, "limit", "marker", "changes-since", "changes-before"),
        "2.80": _only(
            *_MIGRATIONS,
            "limit",
            "marker",
            "changes-since",
            "changes-before",
            "user_id",
            "project_id",
        ),
    }
)
