"Application credentials, trusts, credentials, limits."

from common.schema import obj
from identity.schemas import BOOLEAN, COUNT, ID, ID_OR_NULL, NAME, TEXT, TIME, patch, wrapped

_ROLE = {"type": "object", "properties": {"id": ID, "name": NAME}, "minProperties": 1}
_ROLES = {"type": "array", "items": _ROLE, "maxItems": 256}
_RULE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": ID,
        "service": {"type": "string", "minLength": 1, "maxLength": 64},
        "path": {"type": "string", "minLength": 1, "maxLength": 4096},
        "method": {"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "COPY"]},
    },
    "anyOf": [{"required": ["id"]}, {"required": ["service", "method", "path"]}],
}
CREATE_APPLICATION_CREDENTIAL = wrapped(
    "application_credential",
    obj(
        "name",
        extra=True,
        name=NAME,
        description=TEXT,
        secret={"type": ["string", "null"], "maxLength": 8192, "minLength": 1},
        expires_at=TIME,
        roles=_ROLES,
        unrestricted=BOOLEAN,
        access_rules={"type": "array", "items": _RULE, "maxItems": 1024},
    ),
)
CREATE_TRUST = wrapped(
    "trust",
    obj(
        "trustor_user_id trustee_user_id impersonation",
        extra=True,
        trustor_user_id=ID,
        trustee_user_id=ID,
        impersonation=BOOLEAN,
        project_id=ID_OR_NULL,
        expires_at=TIME,
        roles=_ROLES,
        remaining_uses={"type": ["integer", "null"], "minimum": 1, "maximum": 2**31 - 1},
        allow_redelegation={"type": ["boolean", "null"]},
        redelegation_count={"type": ["integer", "null"], "minimum": 0, "maximum": 1000},
    ),
)
_CREDENTIAL = obj(
    "type blob",
    extra=True,
    type=NAME,
    blob={"type": ["string", "object"]},
    user_id=ID,
    project_id=ID_OR_NULL,
)
CREATE_CREDENTIAL, UPDATE_CREDENTIAL = (
    wrapped("credential", _CREDENTIAL),
    patch("credential", _CREDENTIAL),
)
CREATE_EC2 = obj("tenant_id", extra=True, tenant_id=ID)
SIGNED = {
    "type": "object",
    "properties": {
        name: {
            "type": "object",
            "properties": {
                "params": {"type": ["object", "null"]},
                "headers": {"type": ["object", "null"]},
            },
        }
        for name in ("credentials", "ec2Credentials")
    },
    "minProperties": 1,
}
_REGION = {"type": ["string", "null"], "maxLength": 255}
_REGISTERED = obj(
    "service_id resource_name default_limit",
    service_id=ID,
    region_id=_REGION,
    resource_name=NAME,
    default_limit=COUNT,
    description=TEXT,
)
_LIMIT = obj(
    "service_id resource_name resource_limit",
    service_id=ID,
    region_id=_REGION,
    resource_name=NAME,
    resource_limit=COUNT,
    project_id=ID_OR_NULL,
    domain_id=ID_OR_NULL,
    description=TEXT,
)
CREATE_REGISTERED = obj(
    "registered_limits",
    registered_limits={"type": "array", "items": _REGISTERED, "minItems": 1, "maxItems": 1000},
)
UPDATE_REGISTERED = patch("registered_limit", _REGISTERED)
CREATE_LIMITS = obj(
    "limits", limits={"type": "array", "items": _LIMIT, "minItems": 1, "maxItems": 1000}
)
UPDATE_LIMIT = patch("limit", obj("", resource_limit=COUNT, description=TEXT))
