"Identity providers, mappings and protocols."

from common.schema import obj
from identity.schemas import BOOLEAN, ID, ID_OR_NULL, TEXT, URL, patch, wrapped

_OWN_ID = {"type": ["string", "null"], "maxLength": 64}
"""Clients repeat the id of the URL."""
_PROVIDER = obj(
    id=_OWN_ID,
    enabled=BOOLEAN,
    description=TEXT,
    domain_id=ID_OR_NULL,
    authorization_ttl={"type": ["integer", "null"], "minimum": 0, "maximum": 10_000_000},
    remote_ids={
        "type": ["array", "null"],
        "items": {"type": "string", "minLength": 1, "maxLength": 255},
        "uniqueItems": True,
        "maxItems": 100,
    },
)
_WORD = {"type": "string", "minLength": 1, "maxLength": 255}
_DOMAIN = obj(id=_WORD, name=_WORD) | {"minProperties": 1}
_VALUES = {"type": "array", "items": {"type": "string", "maxLength": 1024}, "maxItems": 1000}
_REMOTE = obj(
    "type",
    type=_WORD,
    any_one_of=_VALUES,
    not_any_of=_VALUES,
    whitelist=_VALUES,
    blacklist=_VALUES,
    regex={"type": "boolean"},
)
_LOCAL = obj(
    user=obj(
        id=_WORD,
        name=_WORD,
        email=_WORD,
        domain=_DOMAIN,
        type={"enum": ["ephemeral", "local"]},
    ),
    group=obj(id=_WORD, name=_WORD, domain=_DOMAIN) | {"minProperties": 1},
    groups=_WORD,
    group_ids=_WORD,
    domain=_DOMAIN,
    projects={
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": obj(
            "name roles",
            name=_WORD,
            domain=_DOMAIN,
            roles={
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": obj("name", name=_WORD),
            },
        ),
    },
) | {"minProperties": 1}
_RULES = {
    "type": "array",
    "minItems": 1,
    "maxItems": 200,
    "items": obj(
        "local remote",
        local={"type": "array", "items": _LOCAL, "maxItems": 50},
        remote={"type": "array", "items": _REMOTE, "minItems": 1, "maxItems": 50},
    ),
}
_MAPPING = obj("rules", id=_OWN_ID, rules=_RULES, schema_version={"enum": ["1.0", "2.0", None]})
_PROTOCOL = obj(
    "mapping_id",
    id=_OWN_ID,
    mapping_id=ID,
    remote_id_attribute={"type": ["string", "null"], "maxLength": 64},
)
_SERVICE_URL = {**URL, "maxLength": 256}
_SERVICE_PROVIDER = obj(
    "auth_url sp_url",
    auth_url=_SERVICE_URL,
    sp_url=_SERVICE_URL,
    enabled=BOOLEAN,
    description=TEXT,
    relay_state_prefix={"type": ["string", "null"], "minLength": 1, "maxLength": 256},
)
CREATE = {
    "identity_provider": wrapped("identity_provider", _PROVIDER),
    "mapping": wrapped("mapping", _MAPPING),
    "protocol": wrapped("protocol", _PROTOCOL),
    "service_provider": wrapped("service_provider", _SERVICE_PROVIDER),
}
UPDATE = {
    "identity_provider": patch("identity_provider", _PROVIDER),
    "mapping": patch("mapping", _MAPPING),
    "protocol": patch("protocol", _PROTOCOL),
    "service_provider": patch("service_provider", _SERVICE_PROVIDER),
}
