"""A request of the S3 API: which bucket and key, who signed it, and a body that is checked while it
comes in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from common.context import Context
from common.errors import Unavailable
from objectstore.api.request import Request
from objectstore.core import Deps
from objectstore.core.access import Caller
from objectstore.core.s3 import checksums, sigv2, sigv4
from objectstore.core.s3.errors import (
    BadDigest,
    IncompleteBody,
    InvalidArgument,
    InvalidDigest,
    InvalidRequest,
    KeyTooLong,
    MalformedTrailer,
    Md5Mismatch,
    NotImplementedHere,
    NotSigned,
    PayloadMismatch,
)
from objectstore.core.s3.sigv4 import Signed
from objectstore.errors import InvalidUrl, LengthMissing, ObjectTooLarge

MAX_KEY = 1024
MAX_XML = 4 << 20
VERSION = re.compile(r"[0-9]{1,12}(\.[0-9]{1,5})?")
_PAYLOAD = re.compile(
    "[0-9a-fA-F]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|"
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?"
)
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_UNSIGNED_MAY_BE = {"x-amz-content-sha256"}


class NotServed(Unavailable):
    "The S3 API is switched off."


def is_one(environ: dict[str, Any], deps: Deps) -> bool:
    "Whether a request is one of the S3 API: signed as those are, or sent to one of its host names."
    if environ.get("HTTP_AUTHORIZATION", "").startswith(("AWS4-HMAC-SHA256", "AWS ")):
        return deps.signers is not None
    query = environ.get("QUERY_STRING")
    if query and ("X-Amz-Algorithm=" in query or "AWSAccessKeyId=" in query):
        return deps.signers is not None
    return bool(deps.s3_domains) and _domain(environ, deps) is not None


def _domain(environ: dict[str, Any], deps: Deps) -> str | None:
    host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    for domain in deps.s3_domains:
        if host == domain or host.endswith(f".{domain}"):
            return str(domain)
    return None


def _utf8(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeEncodeError:
        return text  # the server decoded it already
    except UnicodeDecodeError:
        raise InvalidUrl(reason="it is not UTF-8") from None


class Incoming:
    "The body of a request. `data` is read once; what was announced about it is checked at its end."

    def __init__(self, req: S3Request, at_most: int, with_sums: bool = True) -> None:
        payload = req.header("x-amz-content-sha256") or sigv4.UNSIGNED
        self.length = req.length
        streaming = payload.startswith("STREAMING-")
        if streaming:
            self.length = _decoded_length(req)
        elif self.length is None and not req.is_chunked:
            raise LengthMissing()
        if self.length is not None and self.length > at_most:
            raise ObjectTooLarge(limit=at_most)
        self._trailers: dict[str, str] = {}
        self._declared = req.header("x-amz-trailer").strip().lower()
        self.etag = _content_md5(req)
        self.digest = _digest(req) if with_sums else None
        raw = req.chunks(at_most + (at_most >> 4) + (1 << 16) if streaming else at_most)
        self.data = self._checked(req, self._plain(req, raw, payload), at_most)

    def _plain(self, req: S3Request, raw: Iterator[bytes], payload: str) -> Iterator[bytes]:
        if payload.startswith("STREAMING-"):
            trailers = self._trailers if payload.endswith("-TRAILER") else None
            if "UNSIGNED" in payload:
                return sigv4.chunked(raw, None, trailers)
            if req.key is None or req.signed is None:
                raise NotImplementedHere(what="bodies that are signed in chunks")
            return sigv4.chunked(raw, sigv4.Chain(req.signed, req.key), trailers)
        if payload == sigv4.UNSIGNED:
            return raw
        return _hashed(raw, payload)

    def _checked(self, req: S3Request, data: Iterator[bytes], at_most: int) -> Iterator[bytes]:
        got = 0
        for piece in data:
            got += len(piece)
            if got > at_most:
                raise ObjectTooLarge(limit=at_most)
            if self.digest is not None:
                self.digest.update(piece)
            yield piece
        if self.length is not None and got != self.length:
            raise IncompleteBody()
        if set(self._trailers) != ({self._declared} if self._declared else set()):
            raise MalformedTrailer()
        if self.digest is not None:
            header = checksums.header_of(self.digest.name)
            given = req.header(header) or self._trailers.get(header, "")
            if given and given != self.digest.text():
                raise BadDigest(name=self.digest.name)

    @property
    def checksum(self) -> dict[str, str]:
        "Algorithm to checksum, once `data` was read; empty where the client uses none."
        return {self.digest.name: self.digest.text()} if self.digest is not None else {}


def _decoded_length(req: S3Request) -> int:
    text = req.header("x-amz-decoded-content-length")
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise LengthMissing()
    return int(text)


def _content_md5(req: S3Request) -> str:
    "The MD5 that the client announces, in hex."
    text = req.header("Content-MD5").strip()
    if not text:
        return ""
    try:
        digest = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise InvalidDigest() from None
    if len(digest) != 16:
        raise InvalidDigest()
    return digest.hex()


_NO_SUMS = ("mode", "algorithm", "type")


def _digest(req: S3Request) -> checksums.Digest | None:
    "What the checksum that was sent, or comes behind the body, is computed with."
    sent = [n.upper() for n in req.prefixed(checksums.PREFIX) if n not in _NO_SUMS]
    trailer = req.header("x-amz-trailer").strip().lower()
    if trailer:
        if not trailer.startswith(checksums.PREFIX):
            raise InvalidRequest(
                reason="The value specified in the x-amz-trailer header is not supported"
            )
        sent.append(trailer.removeprefix(checksums.PREFIX).upper())
    if len(sent) > 1:
        raise InvalidRequest(
            reason="Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
            "allowed."
        )
    wanted = req.header("x-amz-sdk-checksum-algorithm").upper()
    if wanted and not sent:
        raise InvalidRequest(
            reason="x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
            "or x-amz-trailer headers were found."
        )
    if wanted and wanted != sent[0]:
        raise InvalidRequest(reason="Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if not sent:
        return None
    digest = checksums.Digest(sent[0])
    if not trailer:
        checksums.check_form(digest.name, req.header(checksums.header_of(digest.name)))
    return digest


def _hashed(raw: Iterator[bytes], wanted: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in raw:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != wanted:
        raise PayloadMismatch(wanted, digest.hexdigest())


class S3Request(Request):
    "One request; `container` and `name` are bucket and key, empty where there is none."

    __slots__ = ("key", "params", "path", "signed")

    def __init__(self, environ: dict[str, Any], deps: Deps, trans_id: str) -> None:
        self.environ, self.deps, self.trans_id = environ, deps, trans_id
        self.caller = Caller()
        self.method = environ["REQUEST_METHOD"]
        self._body_read = False
        self.signed: Signed | None = None
        self.key: bytes | None = None
        self.path = _utf8(environ["PATH_INFO"]) or "/"
        try:
            self.params = parse_qsl(
                environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict"
            )
        except (ValueError, UnicodeError):
            raise InvalidUrl(reason="the query is not UTF-8") from None
        self._query = dict(self.params)
        self.account = ""
        self.container, self.name = self._address()
        if len(self.name.encode()) > MAX_KEY:
            raise KeyTooLong()

    def _address(self) -> tuple[str, str]:
        domain = _domain(self.environ, self.deps)
        host = self.environ.get("HTTP_HOST", "").partition(":")[0]
        if domain is not None and len(host) > len(domain):
            return host[: -len(domain) - 1], self.path[1:]
        bucket, _, key = self.path[1:].partition("/")
        return bucket, key

    @property
    def version_id(self) -> str | None:
        "The version that ?versionId= names. Raises InvalidArgument."
        text = self.query.get("versionId")
        if not text:
            return None
        if text != "null" and not VERSION.fullmatch(text):
            raise InvalidArgument(reason="Invalid version id specified")
        return text

    def signed_header(self, name: str) -> str:
        "A header by its lower-case name, as it was signed."
        plain = _PLAIN.get(name)
        return (self.environ.get(plain) or "") if plain else self.header(name)

    def identify(self) -> None:
        """Find out who asks, and whose account it is. Raises what a bad signature deserves; a
        request without one is nobody's."""
        if self.deps.signers is None:
            raise NotServed()
        ctx = self._second() or self._fourth()
        ctx.remote_addr = self.environ.get("REMOTE_ADDR")
        self.caller = Caller(ctx)
        self.account = f"{self.deps.reseller_prefix}{ctx.project_id}"

    def _fourth(self) -> Context:
        assert self.deps.signers is not None
        if "HTTP_AUTHORIZATION" in self.environ:
            signed = sigv4.from_header(self.signed_header, time.time())
            if not _PAYLOAD.fullmatch(signed.payload):
                raise InvalidArgument(
                    reason="x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                    "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value."
                )
        elif "X-Amz-Algorithm" in self.query:
            signed = sigv4.from_query(self.query, self.signed_header, time.time())
        else:
            raise NotSigned(reason="Access Denied")
        self._need_signed(signed)
        text = sigv4.string_to_sign(signed, self.method, self.path, self.params, self.signed_header)
        ctx, self.key = self.deps.signers.check(signed, text)
        self.signed = signed
        return ctx

    def _second(self) -> Context | None:
        "The caller by a signature of version 2; None where there is none."
        assert self.deps.signers is not None
        if self.environ.get("HTTP_AUTHORIZATION", "").startswith("AWS "):
            signed = sigv2.from_header(self.signed_header, time.time())
        elif "AWSAccessKeyId" in self.query and "HTTP_AUTHORIZATION" not in self.environ:
            signed = sigv2.from_query(self.query, time.time())
        else:
            return None
        names = [k[5:].lower().replace("_", "-") for k in self.environ if k.startswith("HTTP_")]
        path = self.path
        if _domain(self.environ, self.deps) is not None and self.container:
            path = f"/{self.container}/{self.name}"
        # botocore signs /bucket/ where it asks for /bucket
        paths = [f"{path}/", path] if path == f"/{self.container}" else [path]
        texts = [
            sigv2.string_to_sign(signed, self.method, p, self.params, self.signed_header, names)
            for p in paths
        ]
        return self.deps.signers.check_once(signed.access, texts, signed.signature)

    def _need_signed(self, signed: Signed) -> None:
        "What changes the meaning of a request must be signed with it."
        for key in self.environ:
            if key.startswith("HTTP_X_AMZ_"):
                name = key[5:].lower().replace("_", "-")
                if name not in signed.headers and name not in _UNSIGNED_MAY_BE:
                    known = {h.replace("_", "-") for h in signed.headers}
                    if name not in known:
                        raise NotSigned(
                            reason=f"There were headers present in the request which were not "
                            f"signed: {name}"
                        )

    def incoming(self, at_most: int) -> Incoming:
        "The body."
        return Incoming(self, at_most)

    def document(self, checked: bool = True) -> bytes:
        """A small body; not `checked` where checksums in the headers are not those of the body but
        of the object."""
        if self.length is None and not self.is_chunked:
            return b""
        incoming = Incoming(self, MAX_XML, checked)
        data = b"".join(incoming.data)
        if incoming.etag and incoming.etag != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise Md5Mismatch()
        return data

    def whole_number(self, name: str, default: int, most: int) -> int:
        "A parameter that is a number, at most `most`. Raises InvalidArgument."
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            raise InvalidArgument(reason=f"Provided {name} not an integer or within integer range")
        return min(int(text), most)
