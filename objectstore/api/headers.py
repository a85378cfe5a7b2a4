"""Headers of objects: what a request may set, what an answer shows."""

from __future__ import annotations

import time

from objectstore.api.request import Request, latin
from objectstore.core import clock, links, metadata
from objectstore.core.entries import Entry
from objectstore.errors import HeaderRefused, InvalidHeader

KEPT = (
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
    "x-robots-tag",
)
"""Headers of a PUT or POST that every later GET repeats."""
LAST_SECOND = 9_999_999_999
"""What Swift makes of a later X-Delete-At: ten digits."""
_TITLES = {"x-object-manifest": "X-Object-Manifest"}


def _title(name: str) -> str:
    known = _TITLES.get(name)
    if known is None:
        known = name.title()
        if len(_TITLES) < 2000:
            _TITLES[name] = known
    return known


def of_entry(entry: Entry, etag: str, known_caller: bool) -> list[tuple[str, str]]:
    "The headers of a GET or HEAD, Content-Length aside."
    headers = [
        ("Content-Type", latin(entry.content_type)),
        ("Etag", etag),
        ("Last-Modified", clock.http_date(entry.ts)),
        ("X-Timestamp", clock.stamp(entry.ts)),
        ("Accept-Ranges", "bytes"),
    ]
    if entry.meta:
        headers += [(_title(name), latin(value)) for name, value in entry.meta.items()]
    if entry.delete_at is not None:
        headers.append(("X-Delete-At", str(entry.delete_at)))
    if entry.kind == "slo":
        headers += [
            ("X-Static-Large-Object", "True"),
            ("X-Manifest-Etag", entry.sysmeta.get("manifest_etag", "")),
        ]
    elif entry.kind == "multi":
        # clients compare the MD5 of the bytes with the ETag unless they are told this
        headers.append(("X-Static-Large-Object", "True"))
    elif entry.kind == "link":
        headers += links.headers(entry)
    if entry.version_id or entry.place.sysmeta.get("versioning") is not None:
        headers.append(("X-Object-Version-Id", entry.version_id or "null"))
    return headers


def from_request(req: Request) -> dict[str, str]:
    "The metadata that a PUT or POST sets, as whole lower-case headers. Raises InvalidHeader."
    meta = req.prefixed("X-Object-Meta-")
    if meta:
        metadata.check(meta, "Object")
    found = {f"x-object-meta-{n}": v for n, v in meta.items()}
    for name in KEPT:
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in req.environ:
            value = req.header(name)
            if len(value) > metadata.MAX_HEADER:
                raise InvalidHeader(
                    header=name.title(), reason=f"is longer than {metadata.MAX_HEADER} bytes"
                )
            if value:
                found[name] = value
    manifest = req.header("X-Object-Manifest") if "HTTP_X_OBJECT_MANIFEST" in req.environ else ""
    if manifest:
        container, slash, prefix = manifest.removeprefix("/").partition("/")
        if not container or not slash or not prefix or "?" in manifest or "&" in manifest:
            raise InvalidHeader(
                header="X-Object-Manifest", reason="must be in the format container/prefix"
            )
        found["x-object-manifest"] = manifest.removeprefix("/")
    return found


def delete_at(req: Request) -> int | None:
    "Unix seconds from X-Delete-After or X-Delete-At. Raises InvalidHeader."
    after = req.header("X-Delete-After").strip() if "HTTP_X_DELETE_AFTER" in req.environ else ""
    if after:
        if not _is_number(after):
            raise HeaderRefused(reason="Non-integer X-Delete-After")
        return min(int(time.time()) + int(after), LAST_SECOND)
    at = req.header("X-Delete-At").strip() if "HTTP_X_DELETE_AT" in req.environ else ""
    if not at:
        return None
    if not _is_number(at):
        raise HeaderRefused(reason="Non-integer X-Delete-At")
    if int(at) < time.time() and not req.caller.trusted:
        raise HeaderRefused(reason="X-Delete-At in past")
    return min(int(at), LAST_SECOND)


def _is_number(text: str) -> bool:
    "Digits, and not more of them than int() takes."
    return text.isascii() and text.isdecimal() and len(text) < 1000
