"""JSON patches of images: the two media types of the API, parsed into operations and applied to a
plain document.

Source: Image API v2, "Update image", and RFC 6902 and 6901 as far as that page allows them.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from image.errors import InvalidPatch, NoSuchProperty, NotRemovable
from image.schemas.images import BASE

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
OPERATIONS = ("add", "remove", "replace")


@dataclass(frozen=True)
class Operation:
    "One step: `op` on attribute `name`; `rest` is what the path says below it."

    op: str
    name: str
    value: Any = None
    rest: tuple[str, ...] = ()


def parse(media_type: str, body: Any) -> list[Operation]:
    "The operations of a request. Raises InvalidPatch naming what is wrong."
    if not isinstance(body, list):
        raise InvalidPatch(reason="the body must be a list of operations.")
    return [_parse_v21(o, i) if media_type == V21 else _parse_v20(o, i) for i, o in enumerate(body)]


def _parse_v21(change: Any, index: int) -> Operation:
    where = f"operation {index}"
    if not isinstance(change, dict):
        raise InvalidPatch(reason=f"{where} must be an object.")
    op, path = change.get("op"), change.get("path")
    if op not in OPERATIONS:
        raise InvalidPatch(reason=f"'op' of {where} must be one of {', '.join(OPERATIONS)}.")
    if op != "remove" and "value" not in change:
        raise InvalidPatch(reason=f"'value' of {where} is missing.")
    return _operation(op, path, change.get("value"), where)


def _parse_v20(change: Any, index: int) -> Operation:
    where = f"operation {index}"
    named = [o for o in OPERATIONS if isinstance(change, dict) and o in change]
    if len(named) != 1:
        raise InvalidPatch(reason=f"{where} must have exactly one of {', '.join(OPERATIONS)}.")
    op = named[0]
    if op != "remove" and "value" not in change:
        raise InvalidPatch(reason=f"'value' of {where} is missing.")
    return _operation(op, change[op], change.get("value"), where)


def _operation(op: str, path: Any, value: Any, where: str) -> Operation:
    if not isinstance(path, str) or not path.startswith("/"):
        raise InvalidPatch(reason=f"'path' of {where} must be a JSON pointer that begins with /.")
    tokens = [_unescape(t, where) for t in path[1:].split("/")]
    if not all(tokens):
        raise InvalidPatch(reason=f"'path' of {where} has an empty part.")
    if len(tokens) > (2 if tokens[0] == "locations" else 1):
        raise InvalidPatch(reason=f"'path' of {where} must have one part, as in /name.")
    return Operation(op, tokens[0], value, tuple(tokens[1:]))


def _unescape(token: str, where: str) -> str:
    if "~" in token.replace("~0", "").replace("~1", ""):
        raise InvalidPatch(reason=f"'path' of {where} has a ~ that is neither ~0 nor ~1.")
    return token.replace("~1", "/").replace("~0", "~")


def apply(document: MutableMapping[str, Any], operation: Operation) -> None:
    "Do one step. Raises NoSuchProperty or NotRemovable."
    name = operation.name
    if operation.op == "remove":
        if name in BASE:
            raise NotRemovable(name=name)
        if name not in document:
            raise NoSuchProperty(name=name)
        del document[name]
        return
    if operation.op == "replace" and name not in document and name not in BASE:
        raise NoSuchProperty(name=name)
    document[name] = operation.value
