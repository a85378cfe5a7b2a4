"""Members of shared images."""

from typing import Any

from common.schema import Schema, obj

_TEXT = {"type": "string"}

MEMBER: dict[str, Any] = {
    "name": "member",
    "properties": {
        "created_at": {**_TEXT, "description": "When the image was shared."},
        "image_id": {**_TEXT, "pattern": "^[0-9a-f-]{36}$", "description": "The image."},
        "member_id": {**_TEXT, "description": "The project that it is shared with."},
        "status": {
            **_TEXT,
            "enum": ["pending", "accepted", "rejected"],
            "description": "What the project makes of it.",
        },
        "updated_at": {**_TEXT, "description": "When this last changed."},
        "schema": {**_TEXT, "readOnly": True},
    },
}
COLLECTION: dict[str, Any] = {
    "name": "members",
    "properties": {"members": {"type": "array", "items": MEMBER}, "schema": _TEXT},
    "links": [{"rel": "describedby", "href": "{schema}"}],
}

CREATE = Schema(
    obj("member", extra=True, member={"type": "string", "minLength": 1, "maxLength": 255})
)
UPDATE = Schema(obj("status", extra=True, status={"enum": ["pending", "accepted", "rejected"]}))
