"""Identifiers as the services of the ecosystem make them."""

import re
import uuid

_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\Z", re.IGNORECASE)


def new_id() -> str:
    "A random UUID with dashes: servers, images, networks."
    return str(uuid.uuid4())


def new_hex() -> str:
    "A random UUID as 32 hex digits: everything of identity."
    return uuid.uuid4().hex


def is_uuid(text: object) -> bool:
    "Whether `text` is a UUID, with or without dashes."
    return isinstance(text, str) and _UUID.match(text) is not None
