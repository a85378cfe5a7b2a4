"Roles."

from common.schema import obj
from identity.schemas import ID_OR_NULL, IMMUTABLE, NAME, TEXT, patch, wrapped

_ROLE = obj(
    "name", extra=True, name=NAME, description=TEXT, domain_id=ID_OR_NULL, options=IMMUTABLE
)
CREATE, UPDATE = wrapped("role", _ROLE), patch("role", _ROLE)
