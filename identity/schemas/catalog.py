"Regions, services, endpoints, endpoint groups, policies."

from common.schema import obj
from identity.schemas import BOOLEAN, ID, NAME, TEXT, URL, patch, wrapped

_REGION_ID = {"type": ["string", "null"], "maxLength": 255}
_REGION = obj(
    "",
    extra=True,
    id={"type": "string", "maxLength": 255, "minLength": 1, "pattern": r"^[^/\s]+$"},
    description=TEXT,
    parent_region_id=_REGION_ID,
)
_SERVICE = obj(
    "type",
    extra=True,
    type=NAME,
    name={"type": "string", "maxLength": 255},
    description=TEXT,
    enabled=BOOLEAN,
)
_ENDPOINT = obj(
    "interface service_id url",
    extra=True,
    interface={"enum": ["public", "internal", "admin"]},
    region_id=_REGION_ID,
    region=_REGION_ID,
    service_id=ID,
    url=URL,
    enabled=BOOLEAN,
    description=TEXT,
    name=TEXT,
)
_FILTERS = obj(
    "",
    interface={"enum": ["public", "internal", "admin"]},
    service_id=ID,
    region_id=_REGION_ID,
    enabled=BOOLEAN,
)
_GROUP_FILTERS = {**_FILTERS, "minProperties": 1}
_GROUP = obj("name filters", name=NAME, description=TEXT, filters=_GROUP_FILTERS)
_POLICY = obj("type blob", extra=True, type=NAME, blob={"type": ["string", "object"]})
_ALL = {
    "region": _REGION,
    "service": _SERVICE,
    "endpoint": _ENDPOINT,
    "endpoint_group": _GROUP,
    "policy": _POLICY,
}
CREATE = {kind: wrapped(kind, schema) for kind, schema in _ALL.items()}
# the openstack client sends null for filters that stay
_CHANGED_GROUP = obj(
    name=NAME, description=TEXT, filters={"anyOf": [_GROUP_FILTERS, {"type": "null"}]}
)
UPDATE = {kind: patch(kind, schema) for kind, schema in _ALL.items()}
UPDATE["endpoint_group"] = patch("endpoint_group", _CHANGED_GROUP)
