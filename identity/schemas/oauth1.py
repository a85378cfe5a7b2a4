"OAuth consumers, and the authorization of a request token."

from common.schema import obj
from identity.schemas import ID, TEXT, patch, wrapped

_NAMED = obj(id=ID, name={"type": "string", "minLength": 1, "maxLength": 255})
_ROLE = _NAMED | {"minProperties": 1, "maxProperties": 1}
CREATE_CONSUMER = wrapped("consumer", obj(description=TEXT))
UPDATE_CONSUMER = patch("consumer", obj(id=ID, description=TEXT, secret=TEXT))
AUTHORIZE = obj("roles", roles={"type": "array", "items": _ROLE, "minItems": 1, "maxItems": 100})
