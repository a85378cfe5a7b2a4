"""User metadata of accounts, containers and objects, within Swift's limits."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from objectstore.errors import InvalidHeader, InvalidPath

MAX_NAME = 128
MAX_VALUE = 256
MAX_COUNT = 90
MAX_OVERALL = 4096
MAX_HEADER = 8192
MAX_ACCOUNT_NAME = 256
MAX_CONTAINER_NAME = 256
MAX_OBJECT_NAME = 1024


def check(meta: Mapping[str, str], kind: str) -> None:
    """Raise InvalidHeader unless one request's metadata (without prefix) is within the limits.
    `kind`: Object, ..."""
    overall = 0
    for name, value in meta.items():
        size = len(value.encode())
        header = f"X-{kind}-Meta-{name}"
        if not name:
            raise InvalidHeader(header=f"X-{kind}-Meta-", reason="Metadata name cannot be empty")
        if len(name.encode()) > MAX_NAME:
            raise InvalidHeader(
                header=header[:60] + "...", reason=f"Metadata name too long; max {MAX_NAME}"
            )
        if size > MAX_VALUE:
            raise InvalidHeader(header=header, reason=f"Metadata value longer than {MAX_VALUE}")
        overall += len(name.encode()) + size
    if len(meta) > MAX_COUNT:
        raise InvalidHeader(
            header=f"X-{kind}-Meta-*", reason=f"Too many metadata items; max {MAX_COUNT}"
        )
    if overall > MAX_OVERALL:
        raise InvalidHeader(
            header=f"X-{kind}-Meta-*", reason=f"Total metadata too large; max {MAX_OVERALL}"
        )


def merged(old: Mapping[str, str], new: Mapping[str, str], kind: str) -> dict[str, str]:
    """Metadata of an account or container after a POST: new values win, an empty one removes.
    Raises InvalidHeader when
    the sum is beyond the limits."""
    check(new, kind)
    both = {n: v for n, v in {**old, **new}.items() if v != ""}
    check(both, kind)
    return both


def container_name(name: str) -> str:
    "Raise InvalidPath for a name no container can have."
    if (length := len(name.encode())) > MAX_CONTAINER_NAME:
        raise InvalidPath(what="Container", length=length, limit=MAX_CONTAINER_NAME)
    return name


def object_name(name: str) -> str:
    "Raise InvalidPath for a name no object can have."
    if (length := len(name.encode())) > MAX_OBJECT_NAME:
        raise InvalidPath(what="Object", length=length, limit=MAX_OBJECT_NAME)
    return name


def container_and_object(header: str, value: str) -> tuple[str, str]:
    """`container/object` (a leading slash allowed, percent-encoded) of a header. Raises
    InvalidHeader."""
    container, slash, name = unquote(value).removeprefix("/").partition("/")
    if not container or not slash or not name:
        raise InvalidHeader(
            header=header, reason="must be of the form <container name>/<object name>"
        )
    return container, name
