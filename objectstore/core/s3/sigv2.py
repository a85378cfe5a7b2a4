"""AWS Signature Version 2: what SDKs still make presigned URLs with, for hosts they do not know.

Source: Amazon S3 API Reference, "Signing and authenticating REST requests (AWS signature version
2)".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from objectstore.core.s3.errors import InvalidRequest, NotSigned, TimeTooSkewed
from objectstore.core.s3.sigv4 import Header, Pairs

_SKEW_S = 15 * 60
_SUBRESOURCES = frozenset(
    (
        "acl",
        "cors",
        "delete",
        "encryption",
        "lifecycle",
        "location",
        "logging",
        "notification",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    )
)


@dataclass(frozen=True, slots=True)
class Signed2:
    "Who signed a request, and what stands in for its date."

    access: str
    signature: str
    date: str


def from_header(header: Header, now: float) -> Signed2:
    "What `Authorization: AWS access:signature` says. Raises InvalidRequest, NotSigned."
    access, colon, signature = header("Authorization").partition(" ")[2].strip().rpartition(":")
    if not colon or not access:
        raise InvalidRequest(reason="The authorization header is malformed")
    text = header("x-amz-date") or header("Date")
    try:
        when = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise NotSigned(
            reason="AWS authentication requires a valid Date or x-amz-date header"
        ) from None
    if abs(now - when) > _SKEW_S:
        raise TimeTooSkewed()
    return Signed2(access, signature, "" if header("x-amz-date") else text)


def from_query(query: dict[str, str], now: float) -> Signed2:
    "What a presigned URL says. Raises NotSigned when its time is over."
    expires = query.get("Expires", "")
    if not expires.isascii() or not expires.isdecimal() or len(expires) > 12:
        raise NotSigned(reason="Query-string authentication requires Expires")
    if int(expires) < now:
        raise NotSigned(reason="Request has expired")
    return Signed2(query["AWSAccessKeyId"], query.get("Signature", ""), expires)


def string_to_sign(
    signed: Signed2, method: str, path: str, query: Pairs, header: Header, names: Iterable[str]
) -> str:
    "The text whose signature was sent; `names` are the names of all headers, in lower case."
    amz = "".join(
        f"{name}:{' '.join(header(name).split())}\n"
        for name in sorted(names)
        if name.startswith("x-amz-")
    )
    asked = sorted((k, v) for k, v in query if k in _SUBRESOURCES)
    resource = quote(path, safe="/-._~")
    if asked:
        resource += "?" + "&".join(f"{k}={v}" if v else k for k, v in asked)
    lines = (method, header("Content-MD5"), header("content-type"), signed.date)
    return "\n".join((*lines, f"{amz}{resource}"))
