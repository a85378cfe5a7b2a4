"Users and groups."

from common.schema import obj
from identity.schemas import BOOLEAN, ID, ID_OR_NULL, NAME, TEXT, patch, wrapped

_RULE = {
    "type": "array",
    "items": {"type": "string", "maxLength": 64},
    "minItems": 1,
    "maxItems": 16,
}
_FLAG = {"type": ["boolean", "null"]}
OPTIONS = obj(
    ignore_change_password_upon_first_use=_FLAG,
    ignore_password_expiry=_FLAG,
    ignore_lockout_failure_attempts=_FLAG,
    lock_password=_FLAG,
    ignore_user_inactivity=_FLAG,
    multi_factor_auth_enabled=_FLAG,
    multi_factor_auth_rules={"type": ["array", "null"], "items": _RULE, "maxItems": 64},
)
PASSWORD = {"type": ["string", "null"], "maxLength": 8192}
_FEDERATED = {
    "type": "array",
    "maxItems": 64,
    "items": obj(
        "idp_id protocols",
        idp_id=ID,
        protocols={
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "items": obj(
                "protocol_id unique_id",
                protocol_id=ID,
                unique_id={"type": "string", "minLength": 1, "maxLength": 255},
            ),
        },
    ),
}
_USER = obj(
    "name",
    extra=True,
    name=NAME,
    domain_id=ID,
    enabled=BOOLEAN,
    default_project_id=ID_OR_NULL,
    description=TEXT,
    password=PASSWORD,
    options=OPTIONS,
    federated=_FEDERATED,
)
CREATE_USER, UPDATE_USER = wrapped("user", _USER), patch("user", _USER)
_GROUP = obj("name", extra=True, name=NAME, description=TEXT, domain_id=ID)
CREATE_GROUP, UPDATE_GROUP = wrapped("group", _GROUP), patch("group", _GROUP)
_SECRET = {"type": "string", "maxLength": 8192}
CHANGE_PASSWORD = wrapped(
    "user", obj("original_password password", original_password=_SECRET, password=_SECRET)
)
