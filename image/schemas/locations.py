"""The body of POST /v2/images/{id}/locations."""

from common.schema import Schema, obj

_DIGEST = {"type": "string", "pattern": "^[0-9a-fA-F]{40,128}$"}

LOCATION = Schema(
    obj(
        "url",
        url={"type": "string", "minLength": 1, "maxLength": 4096},
        validation_data={
            "anyOf": [
                {"type": "null"},
                {"type": "object", "additionalProperties": False, "maxProperties": 0},
                obj(
                    "os_hash_algo os_hash_value",
                    os_hash_algo={"type": "string", "maxLength": 64},
                    os_hash_value=_DIGEST,
                ),
            ]
        },
    )
)
