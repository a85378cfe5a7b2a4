"""Objects of the S3 API: reading, writing, copying, deleting, tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from common.errors import Error, MethodNotAllowed, PreconditionFailed
from objectstore.api import objects as object_api
from objectstore.api.headers import KEPT
from objectstore.api.request import Answer, latin
from objectstore.api.s3 import xml
from objectstore.api.s3.buckets import XML
from objectstore.api.s3.request import S3Request
from objectstore.core import (
    access,
    clock,
    conditions,
    content,
    entries,
    large,
    links,
    objects,
    quotas,
    ranges,
)
from objectstore.core.entries import Entry, Place
from objectstore.core.objects import Draft, Shared
from objectstore.core.s3 import checksums
from objectstore.core.s3.errors import (
    InvalidArgument,
    InvalidPartNumber,
    InvalidRequest,
    MalformedXml,
    MetadataTooLarge,
    NoSuchVersion,
    NotImplementedHere,
)
from objectstore.core.sources import Plain, Source
from objectstore.errors import ObjectNotFound, ObjectTooLarge
from objectstore.views import s3 as views

DEFAULT_TYPE = "binary/octet-stream"
MAX_META = 2048
MAX_TAGS = 10
MAX_DELETES = 1000
_META = "x-object-meta-"
_SHOWN_AS = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
}
_REFUSED = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-website-redirect-location",
)
"""Headers of a PUT that ask for what an object cannot have here."""


def found(req: S3Request, action: str) -> tuple[Place, Entry]:
    """The object, links followed, once it is clear that the caller may. Raises ObjectNotFound,
    NoSuchVersion, MethodNotAllowed for a delete marker."""
    place, entry, _ = object_api.find(req, action)
    if entry is None:
        raise NoSuchVersion() if req.version_id else ObjectNotFound()
    if entry.kind == "marker":
        headers = {"x-amz-delete-marker": "true", "x-amz-version-id": entry.version_id or "null"}
        if req.version_id:
            raise MethodNotAllowed(headers={**headers, "Allow": "DELETE"})
        raise ObjectNotFound(headers=headers)
    return place, links.follow(req.deps, req.caller, entry)


def get(req: S3Request) -> Answer:
    "GetObject and HeadObject."
    _, entry = found(req, "read")
    source = large.source_of(req.deps, req.caller, entry)
    etag = views.quoted_etag(source.etag.strip('"'), entry.kind)
    headers = _headers(req, entry, etag)
    if _not_modified(req, etag, entry.ts, headers):
        return Answer(304, [h for h in headers if not h[0].startswith("x-amz-checksum")])
    status, start, length = _wanted(req, source, headers)
    for parameter, name in _SHOWN_AS.items():
        if parameter in req.query:
            headers = [h for h in headers if h[0].lower() != name.lower()]
            headers.append((name, latin(req.query[parameter])))
    body = iter(()) if req.method == "HEAD" else source.read(start, length)
    return Answer(status, headers, body, length)


def _not_modified(req: S3Request, etag: str, ts: int, headers: list[tuple[str, str]]) -> bool:
    # with If-Match that holds, If-Unmodified-Since is not looked at (RFC 9110 section 13.2.2)
    skip = {"If-Unmodified-Since"} if req.has("If-Match") else set()
    return conditions.not_modified(lambda h: "" if h in skip else req.header(h), etag, ts)


def _wanted(req: S3Request, source: Source, headers: list[tuple[str, str]]) -> tuple[int, int, int]:
    "(status, start, length) of what Range or partNumber ask for."
    if "partNumber" in req.query:
        if req.has("Range"):
            raise InvalidRequest(
                reason="Cannot specify both Range header and partNumber query parameter"
            )
        return _part(req, source, headers)
    if req.has("Range"):
        spans = ranges.parse(req.header("Range"), source.size)
        if len(spans) == 1:
            start, length = spans[0]
            headers.append(("Content-Range", f"bytes {start}-{start + length - 1}/{source.size}"))
            return 206, start, length
    return 200, 0, source.size


def _part(req: S3Request, source: Source, headers: list[tuple[str, str]]) -> tuple[int, int, int]:
    number, sizes = part_number(req), [source.size]
    if isinstance(source, large.Segmented) and source.entry.kind == "multi":
        sizes = [s.length for s in source.segments] or [0]
        headers.append(("x-amz-mp-parts-count", str(len(sizes))))
    if number > len(sizes):
        raise InvalidPartNumber()
    start, length = sum(sizes[: number - 1]), sizes[number - 1]
    if length:
        headers.append(("Content-Range", f"bytes {start}-{start + length - 1}/{source.size}"))
    return 206 if length else 200, start, length


def part_number(req: S3Request) -> int:
    "?partNumber=. Raises InvalidArgument."
    text = req.query.get("partNumber", "")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= 10_000:
        raise InvalidArgument(
            reason="Part number must be an integer between 1 and 10000, inclusive"
        )
    return int(text)


def _headers(req: S3Request, entry: Entry, etag: str) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", latin(entry.content_type)),
        ("ETag", etag),
        ("Last-Modified", clock.http_date(entry.ts)),
        ("Accept-Ranges", "bytes"),
    ]
    for name, value in entry.meta.items():
        if name.startswith(_META):
            headers.append((f"x-amz-meta-{name[len(_META) :]}", latin(value)))
        elif name in KEPT:
            headers.append((name.title(), latin(value)))
    headers += version_header(entry.place, entry.version_id)
    kept = entry.sysmeta.get("s3", {})
    if kept.get("tags"):
        headers.append(("x-amz-tagging-count", str(len(kept["tags"]))))
    whole = not req.has("Range") and "partNumber" not in req.query
    if whole and req.header("x-amz-checksum-mode").upper() == "ENABLED":
        headers += checksum_headers(kept.get("checksum", {}))
    return headers


def version_header(place: Place, version_id: str) -> list[tuple[str, str]]:
    "The version, where the bucket has any."
    if place.sysmeta.get("versioning") is None:
        return []
    return [("x-amz-version-id", version_id or "null")]


def checksum_headers(kept: dict[str, str]) -> list[tuple[str, str]]:
    "An object's checksum."
    found = [(checksums.header_of(name), value) for name, value in kept.items()]
    if found:
        kind = "COMPOSITE" if "-" in found[0][1] else "FULL_OBJECT"
        found.append(("x-amz-checksum-type", kind))
    return found


def metadata(req: S3Request) -> tuple[str, dict[str, str]]:
    """(content type, metadata) that a request gives an object. Raises MetadataTooLarge,
    NotImplementedHere, InvalidArgument."""
    for name in _REFUSED:
        if req.has(name):
            raise NotImplementedHere(what=name)
    if req.header("x-amz-storage-class") not in ("", "STANDARD"):
        raise InvalidArgument(reason="The storage class you specified is not valid: STANDARD is")
    if req.header("x-amz-acl") not in ("", "private", "bucket-owner-full-control"):
        raise NotImplementedHere(what="access control lists of single objects")
    meta = req.prefixed("x-amz-meta-")
    if sum(len(n) + len(v.encode()) for n, v in meta.items()) > MAX_META:
        raise MetadataTooLarge()
    kept = {f"{_META}{name}": value for name, value in meta.items()}
    is_streaming = req.header("x-amz-content-sha256").startswith("STREAMING-")
    for name in KEPT:
        value = req.header(name)
        if name == "content-encoding" and is_streaming:
            codings = (c.strip() for c in value.split(","))
            value = ", ".join(c for c in codings if c and c != "aws-chunked")
        if value:
            kept[name] = value
    return req.content_type or DEFAULT_TYPE, kept


def _tags_header(req: S3Request) -> dict[str, str]:
    pairs = parse_qsl(req.header("x-amz-tagging"), keep_blank_values=True)
    return xml.checked_tags(pairs, MAX_TAGS)


def kept_of(req: S3Request) -> dict[str, Any]:
    "What the object keeps about itself besides its metadata."
    tags = _tags_header(req) if req.has("x-amz-tagging") else {}
    return {"tags": tags} if tags else {}


def condition(req: S3Request) -> Callable[[Any], None] | None:
    """What If-Match and If-None-Match of a write ask of the object that is there. Raises
    NotImplementedHere for what S3 has not either."""
    absent, match = req.header("If-None-Match").strip(), req.header("If-Match").strip()
    if not absent and not match:
        return None
    if absent and absent != "*":
        raise NotImplementedHere(what="If-None-Match with anything but *")

    def check(old: Any) -> None:
        if absent and old is not None:
            raise PreconditionFailed()
        if match and old is None:
            raise ObjectNotFound()
        if match and old.etag not in conditions.etags(match):
            raise PreconditionFailed()

    return check


def put(req: S3Request) -> Answer:
    "PutObject and CopyObject."
    if req.has("x-amz-copy-source"):
        return _copy(req)
    place, old, _ = object_api.find(req, "write")
    most = req.deps.config.storage.max_object_mib << 20
    incoming = req.incoming(most)
    content_type, meta = metadata(req)
    draft = Draft(req.name, content_type, meta, condition=condition(req))
    if draft.condition is not None:
        draft.condition(old)  # before the body, as far as that tells; and again with the commit
    kept = kept_of(req)
    quotas.check_upload(req.deps, place, incoming.length or 0, old)
    stored = content.store(req.deps, req.deps.policy_at(place.policy), incoming.data, incoming.etag)
    if incoming.checksum:
        kept["checksum"] = incoming.checksum
    draft.sysmeta = {"s3": kept} if kept else {}
    saved = objects.commit(req.deps, place, draft, stored)
    headers = [("ETag", f'"{saved.etag}"'), *version_header(place, saved.version_id)]
    return Answer(200, headers + checksum_headers(kept.get("checksum", {})))


def source_entry(req: S3Request) -> Entry:
    """The object that x-amz-copy-source names, readable, under the conditions of the request.
    Raises InvalidArgument, ObjectNotFound, PreconditionFailed."""
    text, _, query = req.header("x-amz-copy-source").partition("?")
    bucket, slash, key = unquote(text).removeprefix("/").partition("/")
    if not slash or not bucket or not key:
        raise InvalidArgument(reason="Copy Source must mention the source bucket and key")
    version_id = dict(parse_qsl(query)).get("versionId") or None
    place, entry = entries.find(req.deps, req.account, bucket, key, version_id)
    owner = access.check_container(
        req.deps,
        req.caller,
        req.account,
        bucket,
        place.sysmeta,
        place.account_sysmeta,
        "read",
        key,
    )
    object_api.check_version(req, req.account, owner, version_id)
    if entry is None or entry.kind == "marker":
        raise NoSuchVersion() if version_id else ObjectNotFound()
    entry = links.follow(req.deps, req.caller, entry)
    etag = views.quoted_etag(entry.etag, entry.kind)

    def header(name: str) -> str:
        return req.header(f"x-amz-copy-source-{name}")

    if conditions.not_modified(header, etag, entry.ts):
        raise PreconditionFailed()
    return entry


def _copy(req: S3Request) -> Answer:
    place, old, _ = object_api.find_version(req, "write", req.name, None)
    entry = source_entry(req)
    replaces = _directive(req, "x-amz-metadata-directive")
    itself = (req.container, req.name) == (entry.place.container, entry.name)
    if itself and not replaces and not req.header("x-amz-copy-source").count("versionId="):
        raise InvalidRequest(
            reason="This copy request is illegal because it is trying to copy an object to itself "
            "without changing the object's metadata"
        )
    content_type, meta = metadata(req)
    kept = dict(entry.sysmeta.get("s3", {}))
    if _directive(req, "x-amz-tagging-directive"):
        kept.pop("tags", None)
        kept |= kept_of(req)
    if not replaces:
        content_type = entry.content_type
        meta = {n: v for n, v in entry.meta.items() if n != "x-object-manifest"}
    source = large.source_of(req.deps, req.caller, entry)
    most = req.deps.config.storage.max_object_mib << 20
    if source.size > most:
        raise ObjectTooLarge(limit=most)
    quotas.check_upload(req.deps, place, source.size, old)
    draft = Draft(req.name, content_type, meta, condition=condition(req))
    body: Any
    if isinstance(source, Plain) and place.policy == entry.place.policy:
        body = Shared(entry.blob_id, entry.stored, entry.etag)
    else:
        if any("-" in value for value in kept.get("checksum", {}).values()):
            kept.pop("checksum")  # that of parts which the copy does not have
        policy = req.deps.policy_at(place.policy)
        body = content.store(req.deps, policy, source.read(0, source.size))
    draft.sysmeta = {"s3": kept} if kept else {}
    saved = objects.commit(req.deps, place, draft, body)
    headers = [XML, *version_header(place, saved.version_id)]
    if entry.version_id:
        headers.append(("x-amz-copy-source-version-id", entry.version_id))
    inside = (
        views.text("LastModified", views.iso(saved.ts)),
        views.text("ETag", f'"{saved.etag}"'),
        views.checksum(kept.get("checksum", {})),
    )
    return Answer(200, headers, views.document("CopyObjectResult", *inside))


def _directive(req: S3Request, name: str) -> bool:
    "Whether a directive says REPLACE. Raises InvalidArgument for what it cannot say."
    value = req.header(name) or "COPY"
    if value not in ("COPY", "REPLACE"):
        raise InvalidArgument(reason=f"Unknown {name}: {value}")
    return value == "REPLACE"


def delete(req: S3Request) -> Answer:
    "DeleteObject: fine also where there is none."
    place, entry, _ = object_api.find(req, "write")
    if req.has("If-Match"):
        check = condition(req)
        if check is not None:
            check(entry if entry is not None and entry.kind != "marker" else None)
    return Answer(204, _delete(req, place, req.name, req.version_id, entry))


def _delete(
    req: S3Request, place: Place, name: str, version_id: str | None, entry: Entry | None
) -> list[tuple[str, str]]:
    "The headers about what was deleted."
    try:
        made = objects.delete(req.deps, place, name, version_id, promote=True)
    except ObjectNotFound:
        return [("x-amz-version-id", version_id)] if version_id else []
    if version_id is not None:
        headers = [("x-amz-version-id", version_id)]
        if entry is not None and entry.kind == "marker":
            headers.append(("x-amz-delete-marker", "true"))
        return headers
    marker = made.get("X-Object-Version-Id")
    return [("x-amz-delete-marker", "true"), ("x-amz-version-id", marker)] if marker else []


def delete_many(req: S3Request) -> Answer:
    "DeleteObjects."
    place, _, _ = object_api.find(req, "write")
    if not req.has("Content-MD5") and not req.prefixed(checksums.PREFIX):
        raise InvalidRequest(
            reason="Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        )
    root = xml.parse(req.document(), "Delete")
    asked = xml.children(root, "Object")
    if not 1 <= len(asked) <= MAX_DELETES:
        raise MalformedXml()
    quiet = xml.text(root, "Quiet", "false") == "true"
    pairs = [(xml.text(one, "Key"), xml.text(one, "VersionId", "") or None) for one in asked]
    return Answer(200, [XML], b"".join(_deleting(req, place, pairs, quiet)))


def _deleting(
    req: S3Request, place: Place, pairs: list[tuple[str, str | None]], quiet: bool
) -> Iterator[bytes]:
    from objectstore.api.s3.dispatch import code_of

    head = views.document("DeleteResult")
    end = b"</DeleteResult>"
    yield head.removesuffix(end)
    for key, version_id in pairs:
        named = [views.text("Key", key)]
        named += [views.text("VersionId", version_id)] if version_id else []
        try:
            _, entry, _ = object_api.find_version(req, "write", key, version_id)
            headers = dict(_delete(req, place, key, version_id, entry))
        except Error as error:
            code = views.text("Code", code_of(error)[0])
            inside = (*named, code, views.text("Message", error.message))
            yield views.el("Error", *inside).encode()
            continue
        if quiet:
            continue
        if headers.get("x-amz-delete-marker"):
            named.append(views.text("DeleteMarker", True))
            named.append(views.text("DeleteMarkerVersionId", headers["x-amz-version-id"]))
        yield views.el("Deleted", *named).encode()
    yield end


def get_tags(req: S3Request) -> Answer:
    "GetObjectTagging."
    place, entry = found(req, "read")
    tags = entry.sysmeta.get("s3", {}).get("tags", {})
    return Answer(200, [XML, *version_header(place, entry.version_id)], views.tagging(tags))


def put_tags(req: S3Request) -> Answer:
    "PutObjectTagging."
    return _set_tags(req, 200)


def delete_tags(req: S3Request) -> Answer:
    "DeleteObjectTagging."
    return _set_tags(req, 204)


def _set_tags(req: S3Request, status: int) -> Answer:
    place, entry = found(req, "write")
    tags = xml.tags(req.document(), MAX_TAGS) if status == 200 else {}
    kept = {**entry.sysmeta.get("s3", {}), "tags": tags}
    objects.set_sysmeta(req.deps, entry, {**entry.sysmeta, "s3": kept})
    return Answer(status, version_header(place, entry.version_id))


def attributes(req: S3Request) -> Answer:
    "GetObjectAttributes."
    place, entry = found(req, "read")
    wanted = {w.strip() for w in req.header("x-amz-object-attributes").split(",")}
    source = large.source_of(req.deps, req.caller, entry)
    etag = views.quoted_etag(source.etag.strip('"'), entry.kind).strip('"')
    kept = entry.sysmeta.get("s3", {}).get("checksum", {})
    inside = []
    if "ETag" in wanted:
        inside.append(views.text("ETag", etag))
    if "Checksum" in wanted and kept:
        inside.append(views.el("Checksum", views.checksum(kept)))
    if "ObjectParts" in wanted and entry.kind == "multi":
        count = len(source.segments) if isinstance(source, large.Segmented) else 1
        inside.append(views.el("ObjectParts", views.text("PartsCount", count)))
    if "StorageClass" in wanted:
        inside.append(views.text("StorageClass", "STANDARD"))
    if "ObjectSize" in wanted:
        inside.append(views.text("ObjectSize", source.size))
    headers = [XML, ("Last-Modified", clock.http_date(entry.ts))]
    headers += version_header(place, entry.version_id)
    return Answer(200, headers, views.document("GetObjectAttributesResponse", *inside))
