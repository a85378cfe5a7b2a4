"Projects, domains and tags."

from common.schema import obj
from identity.schemas import BOOLEAN, ID, ID_OR_NULL, IMMUTABLE, NAME, TEXT, patch, wrapped

PROJECT_NAME = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"\S"}
TAG = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^,/]+$"}
TAGS = {"type": "array", "items": TAG, "uniqueItems": True, "maxItems": 1000}
_PROJECT = obj(
    "name",
    extra=True,
    name=PROJECT_NAME,
    description=TEXT,
    enabled=BOOLEAN,
    domain_id=ID_OR_NULL,
    parent_id=ID_OR_NULL,
    is_domain=BOOLEAN,
    tags=TAGS,
    options=IMMUTABLE,
)
_DOMAIN = obj(
    "name",
    extra=True,
    name={**NAME, "maxLength": 64},
    description=TEXT,
    enabled=BOOLEAN,
    options=IMMUTABLE,
    explicit_domain_id=ID,
    tags=TAGS,
)
CREATE, UPDATE = wrapped("project", _PROJECT), patch("project", _PROJECT)
CREATE_DOMAIN, UPDATE_DOMAIN = wrapped("domain", _DOMAIN), patch("domain", _DOMAIN)
SET_TAGS = obj("tags", tags=TAGS)
CONFIG = wrapped("config", {"type": "object", "maxProperties": 200})
