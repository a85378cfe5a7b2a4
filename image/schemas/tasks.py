"""Tasks: imports and other work that outlives its request."""

from typing import Any

from common.schema import Schema, obj

_TEXT = {"type": "string"}
_LATE = {"type": ["null", "string"]}

TASK: dict[str, Any] = {
    "name": "task",
    "properties": {
        "id": {**_TEXT, "description": "Identifier of the task."},
        "type": {
            **_TEXT,
            "enum": ["import", "api_image_import", "location_import"],
            "description": "Kind of work.",
        },
        "status": {
            **_TEXT,
            "enum": ["pending", "processing", "success", "failure"],
            "description": "How far it is.",
        },
        "input": {"type": ["null", "object"], "description": "What was asked for."},
        "result": {"type": ["null", "object"], "description": "What came of it."},
        "owner": {**_TEXT, "description": "Project that it belongs to."},
        "message": {**_TEXT, "description": "Progress, or the reason of a failure."},
        "expires_at": {**_LATE, "description": "When it may be forgotten."},
        "created_at": {**_TEXT, "description": "When it was asked for."},
        "updated_at": {**_TEXT, "description": "When it last moved."},
        "self": {**_TEXT, "readOnly": True},
        "schema": {**_TEXT, "readOnly": True},
        "image_id": {**_LATE, "description": "Image that it works on."},
        "request_id": {**_LATE, "description": "Request that asked for it."},
        "user_id": {**_LATE, "description": "User who asked for it."},
    },
}

_IMPORT_INPUT = obj(
    "import_from import_from_format image_properties",
    extra=True,
    import_from={"type": "string", "maxLength": 2048},
    import_from_format={"type": "string"},
    image_properties={"type": "object"},
)
CREATE = Schema(obj("type input", extra=True, type={"enum": ["import"]}, input=_IMPORT_INPUT))
