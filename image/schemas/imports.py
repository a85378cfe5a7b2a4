"""The body of POST /v2/images/{id}/import."""

from common.schema import Schema, obj

_NAME = {"type": "string", "minLength": 1, "maxLength": 255}

IMPORT = Schema(
    obj(
        "method",
        extra=True,
        method=obj("name", extra=True, name=_NAME, uri={"type": "string", "maxLength": 4096}),
        stores={"type": "array", "items": _NAME},
        all_stores={"type": "boolean"},
        all_stores_must_succeed={"type": "boolean"},
    )
)
