'POST /v3/auth/tokens (API reference, "Authentication and token management").'

from common.schema import obj
from identity.schemas import wrapped

_TEXT = {"type": "string", "maxLength": 255}
_ID = {"type": "string", "maxLength": 255}
_DOMAIN = {"type": "object", "properties": {"id": _ID, "name": _TEXT}, "minProperties": 1}
_SECRET = {"type": "string", "maxLength": 8192}
_USER = {"type": "object", "properties": {"id": _ID, "name": _TEXT, "domain": _DOMAIN}}


def _user(**secret: object) -> dict:
    return {**_USER, "properties": {**_USER["properties"], **secret}, "required": list(secret)}  # type: ignore[dict-item]


_IDENTITY = obj(
    "methods",
    extra=True,
    methods={
        "type": "array",
        "items": {"type": "string", "maxLength": 64},
        "minItems": 1,
        "maxItems": 16,
    },
    password=obj("user", user=_user(password=_SECRET)),
    totp=obj("user", user=_user(passcode={"type": "string", "maxLength": 64})),
    token=obj("id", id={"type": "string", "maxLength": 16384}),
    application_credential=obj("secret", id=_ID, name=_TEXT, secret=_SECRET, user=_USER),
    oauth1={"type": "object"},
)
_SCOPE = {
    "anyOf": [
        {"type": "string"},
        {"type": "null"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "project": {
                    "type": "object",
                    "properties": {"id": _ID, "name": _TEXT, "domain": _DOMAIN},
                    "minProperties": 1,
                },
                "domain": _DOMAIN,
                "system": obj("all", all={"const": True}),
                "OS-TRUST:trust": obj("id", id=_ID),
                "unscoped": {"type": "object"},
            },
        },
    ],
}
TOKEN = wrapped("auth", obj("identity", identity=_IDENTITY, scope=_SCOPE))
