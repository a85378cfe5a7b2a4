"""Checksums that S3 clients send beside the MD5: checked while the body comes in, kept with the
object.

Source: Amazon S3 User Guide, "Checking object integrity".
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from zlib_ng import zlib_ng

from objectstore.core.s3.errors import InvalidRequest

_CRC_BYTES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8}
NAMES = (*_CRC_BYTES, "SHA1", "SHA256")
PREFIX = "x-amz-checksum-"


def header_of(name: str) -> str:
    "The header that carries a checksum by that algorithm."
    return PREFIX + name.lower()


@functools.cache
def _crc(name: str) -> Callable[..., int]:
    if name == "CRC32":  # what SDKs send unasked: without the library's 8 MiB
        return zlib_ng.crc32
    # the library of those who defined them; only loaded where somebody sends one
    from awscrt import checksums

    found: Callable[..., int] = getattr(checksums, name.lower())
    return found


class Digest:
    "A checksum by one of the algorithms, piece by piece."

    def __init__(self, name: str) -> None:
        if name not in NAMES:
            raise InvalidRequest(
                reason="The algorithm type you specified in x-amz-checksum- header is invalid."
            )
        self.name, self._value = name, 0
        self._hash: Any = None
        if name not in _CRC_BYTES:
            self._hash = hashlib.new(name.lower(), usedforsecurity=False)

    def update(self, data: bytes) -> None:
        "The next piece."
        if self._hash is not None:
            self._hash.update(data)
        else:
            self._value = _crc(self.name)(data, self._value)

    def text(self) -> str:
        "As headers have it: base64."
        if self._hash is not None:
            return base64.b64encode(self._hash.digest()).decode()
        return base64.b64encode(self._value.to_bytes(_CRC_BYTES[self.name], "big")).decode()


def check_form(name: str, text: str) -> None:
    "Raise InvalidRequest for what no checksum by that algorithm can be."
    try:
        decoded = base64.b64decode(text, validate=True)
        # bits that are left over must be zero: there is one way to write a checksum
        size = len(decoded) if base64.b64encode(decoded).decode() == text else -1
    except (ValueError, binascii.Error):
        size = -1
    if size != _CRC_BYTES.get(name, 20 if name == "SHA1" else 32):
        raise InvalidRequest(reason=f"Value for {header_of(name)} header is invalid.")


def composite(name: str, parts: Sequence[str]) -> str:
    "The checksum of the parts' checksums, and how many they are."
    digest = Digest(name)
    for text in parts:
        digest.update(base64.b64decode(text))
    return f"{digest.text()}-{len(parts)}"


def full(name: str, parts: Sequence[tuple[str, int]]) -> str:
    """The checksum of the whole from (checksum, bytes) of its parts. Raises InvalidRequest for
    algorithms of which that cannot be had."""
    if name not in _CRC_BYTES:
        raise InvalidRequest(reason=f"{name} cannot be a full object checksum")
    from awscrt import checksums

    combine = getattr(checksums, f"combine_{name.lower()}")
    value = 0
    for text, size in parts:
        value = combine(value, int.from_bytes(base64.b64decode(text), "big"), size)
    return base64.b64encode(value.to_bytes(_CRC_BYTES[name], "big")).decode()
