"""Multipart uploads of the S3 API."""

from __future__ import annotations

from typing import Any

from objectstore.api import objects as object_api
from objectstore.api.request import Answer
from objectstore.api.s3 import xml
from objectstore.api.s3.buckets import MOST, XML, open_bucket, owner_of
from objectstore.api.s3.objects import (
    checksum_headers,
    condition,
    kept_of,
    metadata,
    part_number,
    source_entry,
    version_header,
)
from objectstore.api.s3.request import S3Request
from objectstore.core import content, large, ranges
from objectstore.core.entries import Place
from objectstore.core.s3 import checksums, multipart
from objectstore.core.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedXml,
    NotImplementedHere,
)
from objectstore.core.s3.multipart import Named
from objectstore.errors import ObjectTooLarge
from objectstore.views import s3 as views

MAX_PART = 5 << 30


def _place(req: S3Request, action: str = "write") -> Place:
    return object_api.find(req, action)[0]


def create(req: S3Request) -> Answer:
    "CreateMultipartUpload."
    place = _place(req)
    content_type, meta = metadata(req)
    kept: dict[str, Any] = kept_of(req)
    name = req.header("x-amz-checksum-algorithm").upper()
    headers = [XML]
    if name:
        checksums.Digest(name)  # raises for what is none
        kind = req.header("x-amz-checksum-type").upper()
        kind = kind or ("FULL_OBJECT" if name == "CRC64NVME" else "COMPOSITE")
        if kind == "FULL_OBJECT" and not name.startswith("CRC"):
            raise InvalidRequest(reason=f"{name} cannot be a full object checksum")
        if kind == "COMPOSITE" and name == "CRC64NVME":
            raise InvalidRequest(reason=f"{name} cannot be a composite checksum")
        kept |= {"algorithm": name, "full": kind == "FULL_OBJECT"}
        headers += [("x-amz-checksum-algorithm", name), ("x-amz-checksum-type", kind)]
    upload_id = multipart.begin(
        req.deps, place, req.name, content_type, meta, {"s3": kept} if kept else {}
    )
    inside = (
        views.text("Bucket", req.container),
        views.text("Key", req.name),
        views.text("UploadId", upload_id),
    )
    return Answer(200, headers, views.document("InitiateMultipartUploadResult", *inside))


def put_part(req: S3Request) -> Answer:
    "UploadPart and UploadPartCopy."
    place = _place(req)
    number, upload_id = part_number(req), req.query["uploadId"]
    upload = multipart.find(req.deps, place, req.name, upload_id)
    algorithm = upload.sysmeta.get("s3", {}).get("algorithm", "")
    if req.has("x-amz-copy-source"):
        return _copy_part(req, place, upload_id, number, algorithm)
    incoming = req.incoming(min(MAX_PART, req.deps.config.storage.max_object_mib << 20))
    if incoming.digest is None and algorithm:
        incoming.digest = checksums.Digest(algorithm)
    multipart.check_room(req.deps, place, incoming.length or 0)
    stored = content.store(req.deps, req.deps.policy_at(place.policy), incoming.data, incoming.etag)
    kept = incoming.checksum.get(algorithm)
    multipart.put_part(req.deps, place, upload_id, number, stored, kept)
    headers = [("ETag", f'"{stored.md5}"')]
    headers += [h for h in checksum_headers(incoming.checksum) if h[0] != "x-amz-checksum-type"]
    return Answer(200, headers)


def _copy_part(req: S3Request, place: Place, upload_id: str, number: int, algorithm: str) -> Answer:
    entry = source_entry(req)
    source = large.source_of(req.deps, req.caller, entry)
    start, length = 0, source.size
    text = req.header("x-amz-copy-source-range")
    if text:
        spans = ranges.parse(text, source.size)
        if len(spans) != 1:
            raise InvalidArgument(reason="The x-amz-copy-source-range must be bytes=first-last")
        start, length = spans[0]
    if length > MAX_PART:
        raise ObjectTooLarge(limit=MAX_PART)
    multipart.check_room(req.deps, place, length)
    digest = checksums.Digest(algorithm) if algorithm else None
    chunks = source.read(start, length)

    def read() -> Any:
        for chunk in chunks:
            if digest is not None:
                digest.update(chunk)
            yield chunk

    stored = content.store(req.deps, req.deps.policy_at(place.policy), read())
    kept = digest.text() if digest is not None else None
    ts = multipart.put_part(req.deps, place, upload_id, number, stored, kept)
    inside = (
        views.text("LastModified", views.iso(ts)),
        views.text("ETag", f'"{stored.md5}"'),
        views.checksum({algorithm: kept} if kept else {}),
    )
    return Answer(200, [XML], views.document("CopyPartResult", *inside))


def complete(req: S3Request) -> Answer:
    "CompleteMultipartUpload."
    place = _place(req)
    root = xml.parse(req.document(checked=False), "CompleteMultipartUpload")
    named = [_named(part) for part in xml.children(root, "Part")]
    if not named or len(named) > multipart.MAX_PARTS:
        raise MalformedXml()
    whole = [req.header(checksums.header_of(n)) for n in checksums.NAMES]
    saved, sysmeta = multipart.complete(
        req.deps,
        place,
        req.name,
        req.query["uploadId"],
        named,
        condition(req),
        next((text for text in whole if text), ""),
    )
    kept = sysmeta.get("s3", {}).get("checksum", {})
    kind = dict(checksum_headers(kept)).get("x-amz-checksum-type")
    inside = (
        views.text("Location", f"{req.host_url}/{req.container}/{req.name}"),
        views.text("Bucket", req.container),
        views.text("Key", req.name),
        views.text("ETag", f'"{saved.etag}"'),
        views.checksum(kept),
        views.text("ChecksumType", kind) if kind else "",
    )
    headers = [XML, *version_header(place, saved.version_id)]
    return Answer(200, headers, views.document("CompleteMultipartUploadResult", *inside))


def _named(part: Any) -> Named:
    number = xml.text(part, "PartNumber")
    if not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise MalformedXml()
    sums = [xml.text(part, f"Checksum{name}", "") for name in checksums.NAMES]
    return Named(int(number), xml.text(part, "ETag"), next((s for s in sums if s), ""))


def abort(req: S3Request) -> Answer:
    "AbortMultipartUpload."
    multipart.abort(req.deps, _place(req), req.name, req.query["uploadId"])
    return Answer(204)


def list_parts(req: S3Request) -> Answer:
    "ListParts."
    place, upload_id = _place(req), req.query["uploadId"]
    upload = multipart.find(req.deps, place, req.name, upload_id)
    most = req.whole_number("max-parts", MOST, MOST)
    marker = req.whole_number("part-number-marker", 0, 10_000)
    rows = multipart.list_parts(req.deps, upload_id, marker, most + 1)
    is_more, rows = len(rows) > most, rows[:most]
    algorithm = upload.sysmeta.get("s3", {}).get("algorithm", "")
    parts = [
        views.el(
            "Part",
            views.text("PartNumber", row.number),
            views.text("LastModified", views.iso(row.ts)),
            views.text("ETag", f'"{row.etag}"'),
            views.text("Size", row.size),
            views.checksum({algorithm: row.checksum} if row.checksum else {}),
        )
        for row in rows
    ]
    who = owner_of(req)
    inside = [
        views.text("Bucket", req.container),
        views.text("Key", req.name),
        views.text("UploadId", upload_id),
        views.owner(who, "Initiator"),
        views.owner(who),
        views.text("StorageClass", "STANDARD"),
        views.text("PartNumberMarker", marker),
        views.text("NextPartNumberMarker", rows[-1].number if rows else 0),
        views.text("MaxParts", most),
        views.text("IsTruncated", is_more),
    ]
    return Answer(200, [XML], views.document("ListPartsResult", *inside, *parts))


def list_uploads(req: S3Request) -> Answer:
    "ListMultipartUploads."
    open_bucket(req, "list")
    place = _place(req, "list")
    if req.query.get("delimiter"):
        raise NotImplementedHere(what="a delimiter for multipart uploads")
    most = req.whole_number("max-uploads", MOST, MOST)
    marker, id_marker = req.query.get("key-marker", ""), req.query.get("upload-id-marker", "")
    prefix, form = req.query.get("prefix", ""), req.query.get("encoding-type", "")
    rows = multipart.list_uploads(req.deps, place, prefix, marker, id_marker, most + 1)
    is_more, rows = len(rows) > most, rows[:most]
    encode, who = views.encoder(form), owner_of(req)
    uploads = [
        views.el(
            "Upload",
            views.text("Key", encode(row.name)),
            views.text("UploadId", row.id),
            views.owner(who, "Initiator"),
            views.owner(who),
            views.text("StorageClass", "STANDARD"),
            views.text("Initiated", views.iso(row.created)),
        )
        for row in rows
    ]
    last = rows[-1] if is_more and rows else None
    inside = [
        views.text("Bucket", req.container),
        views.text("KeyMarker", encode(marker)),
        views.text("UploadIdMarker", id_marker),
        views.text("NextKeyMarker", encode(last.name) if last else ""),
        views.text("NextUploadIdMarker", last.id if last else ""),
        views.text("Prefix", encode(prefix)) if prefix else "",
        views.text("MaxUploads", most),
        views.text("EncodingType", "url") if form == "url" else "",
        views.text("IsTruncated", is_more),
    ]
    return Answer(200, [XML], views.document("ListMultipartUploadsResult", *inside, *uploads))
