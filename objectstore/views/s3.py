"""The XML of the S3 API.

Source: Amazon S3 API Reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from objectstore.core import clock
from objectstore.core.listing import Subdir

_NS = "http://s3.amazonaws.com/doc/2006-03-01/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
Owner = tuple[str, str]
"""(id, name)"""


def el(name: str, *inside: str) -> str:
    "An element around XML."
    return f"<{name}>{''.join(inside)}</{name}>"


def text(name: str, value: Any) -> str:
    "An element around a text, a number or a truth."
    if isinstance(value, bool):
        value = "true" if value else "false"
    return f"<{name}>{escape(str(value))}</{name}>"


def document(name: str, *inside: str) -> bytes:
    "A whole answer."
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{name} xmlns="{_NS}">{"".join(inside)}</{name}>'.encode()


def iso(ts: int) -> str:
    "A time as in Last-Modified: S3 shows whole seconds, and clients read nothing else."
    return f"{clock.iso(-(-ts // clock.UNIT) * clock.UNIT)[:19]}.000Z"


def quoted_etag(etag: str, kind: str) -> str:
    """An object's ETag as S3 has it: with quotes, and a dash where it is not the MD5 of the
    bytes."""
    return f'"{etag}-N"' if kind == "slo" else f'"{etag}"'


def error(code: str, message: str, resource: str, request_id: str, more: dict[str, str]) -> bytes:
    "An error; `more` are its own elements."
    inside = (
        text("Code", code),
        text("Message", message),
        *(text(name, value) for name, value in more.items()),
        text("Resource", resource),
        text("RequestId", request_id),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{el("Error", *inside)}'.encode()


def owner(who: Owner, name: str = "Owner") -> str:
    "Who owns something."
    return el(name, text("ID", who[0]), text("DisplayName", who[1]))


def buckets(who: Owner, rows: Iterable[tuple[str, int]], more: str) -> bytes:
    "ListBuckets; `more` is the continuation token or empty."
    items = (
        el("Bucket", text("Name", name), text("CreationDate", iso(created)))
        for name, created in rows
    )
    tail = [text("ContinuationToken", more)] if more else []
    return document("ListAllMyBucketsResult", owner(who), el("Buckets", *items), *tail)


def encoder(kind: str) -> Callable[[str], str]:
    "What names in a listing go through."
    return (lambda name: quote(name, safe="/*-._~")) if kind == "url" else str


def contents(
    rows: Sequence[Any], encode: Callable[[str], str], who: Owner | None
) -> tuple[str, str]:
    "(objects, common prefixes) of a listing; `who` is named as their owner."
    objects, prefixes = [], []
    for row in rows:
        if isinstance(row, Subdir):
            prefixes.append(el("CommonPrefixes", text("Prefix", encode(row.name))))
            continue
        kept = json.loads(row[6]).get("s3", {}) if row[6] and row[6] != "{}" else {}
        objects.append(
            el(
                "Contents",
                text("Key", encode(row[0])),
                text("LastModified", iso(row[4])),
                text("ETag", quoted_etag(row[2], row[5])),
                *(text("ChecksumAlgorithm", name) for name in kept.get("checksum", ())),
                text("Size", row[1]),
                owner(who) if who else "",
                text("StorageClass", "STANDARD"),
            )
        )
    return "".join(objects), "".join(prefixes)


def versions(rows: Sequence[Any], encode: Callable[[str], str], who: Owner) -> tuple[str, str]:
    "(versions and delete markers, common prefixes) of a listing of versions."
    found, prefixes = [], []
    for row in rows:
        if isinstance(row, Subdir):
            prefixes.append(el("CommonPrefixes", text("Prefix", encode(row.name))))
            continue
        common = (
            text("Key", encode(row[0])),
            text("VersionId", row[7] or "null"),
            text("IsLatest", bool(row[8])),
            text("LastModified", iso(row[4])),
            owner(who),
        )
        if row[5] == "marker":
            found.append(el("DeleteMarker", *common))
            continue
        more = (
            text("ETag", quoted_etag(row[2], row[5])),
            text("Size", row[1]),
            text("StorageClass", "STANDARD"),
        )
        found.append(el("Version", *common, *more))
    return "".join(found), "".join(prefixes)


def policy(who: Owner, public: bool) -> bytes:
    "An access control policy: the owner's, and everybody's who may read."
    grants = [_grant("CanonicalUser", text("ID", who[0]) + text("DisplayName", who[1]))]
    grants[0] = el("Grant", grants[0], text("Permission", "FULL_CONTROL"))
    if public:
        everybody = _grant("Group", text("URI", _ALL_USERS))
        grants.append(el("Grant", everybody, text("Permission", "READ")))
    return document("AccessControlPolicy", owner(who), el("AccessControlList", *grants))


def _grant(kind: str, inside: str) -> str:
    return f'<Grantee xmlns:xsi="{_XSI}" xsi:type="{kind}">{inside}</Grantee>'


def tagging(tags: dict[str, str]) -> bytes:
    "Tags of a bucket or an object."
    items = (el("Tag", text("Key", key), text("Value", value)) for key, value in tags.items())
    return document("Tagging", el("TagSet", *items))


def checksum(kept: dict[str, str]) -> str:
    "Checksums of an object as elements."
    return "".join(text(f"Checksum{name}", value) for name, value in kept.items())
