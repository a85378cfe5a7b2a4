"""AWS Signature Version 4, the server's side: what was signed, and bodies that are signed piece by
piece.

Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from objectstore.core.s3.errors import (
    CutShort,
    InvalidRequest,
    MalformedSignature,
    MalformedTrailer,
    NotSigned,
    QueryFault,
    SignatureDoesNotMatch,
    TimeTooSkewed,
)

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_EMPTY = hashlib.sha256(b"").hexdigest()
_SKEW_S = 15 * 60
_LONGEST_S = 7 * 24 * 3600
_MAX_LINE = 8192
_PIECE = 1 << 20
_CHUNK = re.compile(rb"\s*chunk-signature\s*=\s*(\S*)\s*")
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
Header = Callable[[str], str]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Signed:
    "Who signed a request, how, and when."

    access: str
    date: str
    region: str
    headers: tuple[str, ...]
    signature: str
    stamp: str
    """X-Amz-Date, like 20260101T000000Z."""
    payload: str
    """The SHA-256 of the body in hex, or one of the words that stand for it."""
    presigned: bool = False

    @property
    def scope(self) -> str:
        "date/region/s3/aws4_request."
        return f"{self.date}/{self.region}/s3/aws4_request"


def from_header(header: Header, now: float) -> Signed:
    """What the Authorization header says. Raises MalformedSignature, InvalidRequest, NotSigned or
    TimeTooSkewed."""
    kind, _, rest = header("Authorization").partition(" ")
    if kind != ALGORITHM:
        raise InvalidRequest(
            reason=f"The authorization mechanism is not supported, please use {ALGORITHM}."
        )
    fields = dict(item.strip().partition("=")[::2] for item in rest.split(","))
    payload = header("x-amz-content-sha256")
    if not payload:
        raise InvalidRequest(
            reason="Missing required header for this request: x-amz-content-sha256"
        )
    stamp = header("x-amz-date")
    if not stamp:
        raise NotSigned(reason="AWS authentication requires a valid Date or x-amz-date header")
    signed = _signed(
        fields.get("Credential", ""),
        fields.get("SignedHeaders", ""),
        fields.get("Signature", ""),
        stamp,
        payload,
        False,
    )
    if abs(now - _seconds(stamp)) > _SKEW_S:
        raise TimeTooSkewed()
    return signed


def from_query(query: dict[str, str], header: Header, now: float) -> Signed:
    """What a presigned URL says. Raises MalformedSignature, QueryFault, NotSigned (too early or too
    late)."""
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise QueryFault(reason=f"X-Amz-Algorithm only supports {ALGORITHM}.")
    stamp, expires = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if not expires.isascii() or not expires.isdecimal() or not 1 <= int(expires) <= _LONGEST_S:
        raise QueryFault(reason=f"X-Amz-Expires must be between 1 and {_LONGEST_S} seconds.")
    signed = _signed(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query.get("X-Amz-Signature", ""),
        stamp,
        UNSIGNED,
        True,
    )
    if "x-amz-content-sha256" in signed.headers:
        signed = replace(signed, payload=header("x-amz-content-sha256"))
    if now > _seconds(stamp) + int(expires):
        raise NotSigned(reason="Request has expired")
    if now < _seconds(stamp) - _SKEW_S:
        raise NotSigned(reason="Request is not valid yet")
    return signed


def _signed(
    credential: str, headers: str, signature: str, stamp: str, payload: str, presigned: bool
) -> Signed:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[3:] != ["s3", "aws4_request"] or not parts[0]:
        raise MalformedSignature(
            reason="the credential must be ACCESS/YYYYMMDD/REGION/s3/aws4_request"
        )
    access, date, region = parts[:3]
    if not _STAMP.fullmatch(stamp) or not stamp.startswith(date) or len(date) != 8:
        raise MalformedSignature(reason="the date does not match X-Amz-Date")
    names = tuple(headers.split(";"))
    if "host" not in names or list(names) != sorted(names):
        raise MalformedSignature(reason="SignedHeaders must be sorted and hold host")
    if not re.fullmatch(r"[0-9a-f]{64}", signature):
        raise MalformedSignature(reason="the signature must be 64 hexadecimal digits")
    return Signed(access, date, region, names, signature, stamp, payload, presigned)


def _seconds(stamp: str) -> float:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise MalformedSignature(reason="X-Amz-Date is no date") from None


def string_to_sign(signed: Signed, method: str, path: str, query: Pairs, header: Header) -> str:
    "The text whose signature was sent. `path` and `query` are decoded."
    pairs = sorted(
        (quote(k, safe="-._~"), quote(v, safe="-._~"))
        for k, v in query
        if not (signed.presigned and k == "X-Amz-Signature")
    )
    canonical = "\n".join(
        (
            method,
            quote(path, safe="/-._~"),
            "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{' '.join(header(name).split())}" for name in signed.headers),
            "",
            ";".join(signed.headers),
            signed.payload,
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{signed.stamp}\n{signed.scope}\n{digest}"


def signature(key: bytes, text: str) -> str:
    "The signature of `text` by a day's key."
    return hmac.digest(key, text.encode(), "sha256").hex()


def signing_key(secret: str, scope: str) -> bytes:
    "The key that a secret gives for a day, a region and a service."
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class _Reader:
    "Lines and pieces of a body that comes in chunks."

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, bytearray()

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        self._held += chunk or b""
        return chunk is not None

    def line(self) -> bytes:
        "Up to CRLF; empty at the end."
        while (at := self._held.find(b"\n")) < 0:
            if len(self._held) > _MAX_LINE:
                raise CutShort()
            if not self._more():
                at = len(self._held) - 1
                break
        line = bytes(self._held[: at + 1])
        del self._held[: at + 1]
        return line.rstrip(b"\r\n")

    def pieces(self, length: int) -> Iterator[bytes]:
        "Exactly `length` bytes. Raises CutShort."
        while length:
            if not self._held and not self._more():
                raise CutShort()
            piece = bytes(self._held[: min(length, _PIECE)])
            del self._held[: len(piece)]
            length -= len(piece)
            if piece:
                yield piece


class Chain:
    "The signatures of a body's chunks: each covers the one before, the first the request's."

    def __init__(self, signed: Signed, key: bytes) -> None:
        self._signed, self._key, self._last = signed, key, signed.signature

    def _check(self, kind: str, given: bytes, *digests: str) -> None:
        s = self._signed
        text = "\n".join((f"{ALGORITHM}-{kind}", s.stamp, s.scope, self._last, *digests))
        wanted = signature(self._key, text)
        if not hmac.compare_digest(wanted.encode(), given):
            raise SignatureDoesNotMatch()
        self._last = wanted

    def chunk(self, given: bytes, digest: str) -> None:
        "Raise SignatureDoesNotMatch unless a chunk with that SHA-256 was signed so."
        self._check("PAYLOAD", given, _EMPTY, digest)

    def trailer(self, given: bytes, lines: bytes) -> None:
        "The same for the trailing headers."
        self._check("TRAILER", given, hashlib.sha256(lines).hexdigest())


def chunked(
    chunks: Iterator[bytes], chain: Chain | None, trailers: dict[str, str] | None
) -> Iterator[bytes]:
    """The data of an aws-chunked body. Each chunk's signature is checked at its end (with a
    `chain`), so whoever reads must drop everything on an error. Trailing headers are put into
    `trailers`; None: there must be none. Raises CutShort, SignatureDoesNotMatch."""
    reader = _Reader(chunks)
    while True:
        size, _, extension = reader.line().partition(b";")
        if not re.fullmatch(rb"[0-9a-fA-F]{1,12}", size):
            raise CutShort()
        length, digest = int(size, 16), hashlib.sha256()
        for piece in reader.pieces(length):
            if chain is not None:
                digest.update(piece)
            yield piece
        if chain is not None:
            given = _CHUNK.fullmatch(extension)
            if given is None:
                raise CutShort()
            chain.chunk(given[1], digest.hexdigest())
        if not length:
            break
        reader.line()
    _trailing(reader, chain, trailers)


def _trailing(reader: _Reader, chain: Chain | None, trailers: dict[str, str] | None) -> None:
    signed, lines = b"", b""
    while line := reader.line():
        name, colon, value = line.partition(b":")
        if name == b"x-amz-trailer-signature":
            signed = value.strip()
            continue
        if trailers is None or not colon:
            raise MalformedTrailer()
        trailers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        lines += name.lower() + b":" + value.strip() + b"\n"
    if chain is not None and trailers is not None:
        chain.trailer(signed, lines)
