"""Buckets: making, listing, removing them, and listings of what is in them."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from objectstore.api import containers as container_api
from objectstore.api.request import Answer
from objectstore.api.s3 import xml
from objectstore.api.s3.request import VERSION, S3Request
from objectstore.core import access, accounts, containers
from objectstore.core.containers import Settings
from objectstore.core.listing import Query, Subdir
from objectstore.core.s3.errors import (
    BucketAlreadyOwnedByYou,
    InvalidArgument,
    InvalidBucketName,
    NotImplementedHere,
)
from objectstore.views import s3 as views

XML = ("Content-Type", "application/xml")
PUBLIC_READ = ".r:*,.rlistings"
MOST = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")


def owner_of(req: S3Request) -> views.Owner:
    "The project that the account is of."
    ctx = req.caller.ctx
    assert ctx is not None
    return ctx.project_id or "", ctx.project_name or ctx.project_id or ""


def list_all(req: S3Request) -> Answer:
    "ListBuckets."
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=False)
    most = req.whole_number("max-buckets", 10_000, 10_000)
    marker = _from_token(req, "continuation-token")
    query = Query(most + 1, req.query.get("prefix", ""), marker)
    rows = accounts.list_containers(req.deps, req.account, query)
    more = _token(rows[most - 1][0]) if len(rows) > most > 0 else ""
    found = [(row[0], row[3]) for row in rows[:most]]
    return Answer(200, [XML], views.buckets(owner_of(req), found, more))


def canned_acl(req: S3Request) -> dict[str, Any]:
    "The container's ACL that x-amz-acl asks for; empty when it asks for nothing."
    if any(req.has(f"x-amz-grant-{g}") for g in ("read", "write", "full-control", "read-acp")):
        raise NotImplementedHere(what="x-amz-grant-*")
    canned = req.header("x-amz-acl")
    if not canned:
        return {}
    if canned == "private":
        return {"read": "", "write": ""}
    if canned == "public-read":
        return {"read": PUBLIC_READ, "write": ""}
    raise NotImplementedHere(what=f"x-amz-acl: {canned}")


def create(req: S3Request) -> Answer:
    "CreateBucket."
    name = req.container
    if not _NAME.fullmatch(name) or ".." in name or _ADDRESS.fullmatch(name):
        raise InvalidBucketName(name=name)
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    body = req.document()
    if body.strip():
        asked = xml.parse(body, "CreateBucketConfiguration")
        location = xml.text(asked, "LocationConstraint", "")
        region = req.signed.region if req.signed is not None else ""
        if location not in ("", region, req.deps.config.s3.location):
            raise InvalidArgument(reason=f"There is no location {location} here")
    if req.header("x-amz-bucket-object-lock-enabled").lower() == "true":
        raise NotImplementedHere(what="object lock")
    settings = Settings(sysmeta=canned_acl(req))
    if containers.find(req.deps, req.account, name) is not None or not containers.put(
        req.deps, req.account, name, settings
    ):
        raise BucketAlreadyOwnedByYou()
    return Answer(200, [("Location", f"/{name}")])


def open_bucket(req: S3Request, action: str) -> containers.Container:
    "The bucket, once it is clear that the caller may. Raises ContainerNotFound."
    if req.has("x-amz-expected-bucket-owner"):
        wanted = req.header("x-amz-expected-bucket-owner")
        if wanted != owner_of(req)[0]:
            raise access.AccessDenied()
    return container_api.open_container(req, action)[0]


def head(req: S3Request) -> Answer:
    "HeadBucket."
    open_bucket(req, "list")
    return Answer(200, [XML, ("x-amz-bucket-region", req.deps.config.s3.location)])


def delete(req: S3Request) -> Answer:
    "DeleteBucket."
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    containers.delete(req.deps, req.account, req.container)
    return Answer(204)


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _from_token(req: S3Request, parameter: str) -> str:
    text = req.query.get(parameter, "")
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise InvalidArgument(reason="The continuation token provided is incorrect") from None


def _name_of(row: Any) -> str:
    return str(row.name if isinstance(row, Subdir) else row[0])


def _page(
    req: S3Request, container: containers.Container, marker: str
) -> tuple[list[Any], str, int]:
    "(rows, the name at which the next page begins or empty, the most that were asked for)."
    most = req.whole_number("max-keys", MOST, MOST)
    prefix, delimiter = req.query.get("prefix", ""), req.query.get("delimiter", "")
    query = Query(most + 1, prefix, marker, "", delimiter)
    rows = containers.list_objects(req.deps, container.id, query) if most else []
    more = _name_of(rows[most - 1]) if len(rows) > most else ""
    return rows[:most], more, most


def list_objects(req: S3Request) -> Answer:
    "ListObjectsV2, and ListObjects without list-type=2."
    container = open_bucket(req, "list")
    if req.query.get("list-type") == "2":
        return _second(req, container)
    marker, form = req.query.get("marker", ""), req.query.get("encoding-type", "")
    rows, more, most = _page(req, container, marker)
    encode = views.encoder(form)
    objects, prefixes = views.contents(rows, encode, owner_of(req))
    inside = [
        views.text("Name", req.container),
        views.text("Prefix", encode(req.query.get("prefix", ""))),
        views.text("Marker", encode(marker)),
        views.text("MaxKeys", most),
        views.text("IsTruncated", bool(more)),
        views.text("NextMarker", encode(more)) if more else "",
    ]
    inside += _common(req, encode, form)
    return Answer(200, [XML], views.document("ListBucketResult", *inside, objects, prefixes))


def _common(req: S3Request, encode: Any, form: str) -> list[str]:
    found = []
    if req.query.get("delimiter"):
        found.append(views.text("Delimiter", encode(req.query["delimiter"])))
    if form == "url":
        found.append(views.text("EncodingType", "url"))
    return found


def _second(req: S3Request, container: containers.Container) -> Answer:
    token, start = req.query.get("continuation-token", ""), req.query.get("start-after", "")
    form = req.query.get("encoding-type", "")
    rows, more, most = _page(req, container, _from_token(req, "continuation-token") or start)
    encode = views.encoder(form)
    who = owner_of(req) if req.query.get("fetch-owner") == "true" else None
    objects, prefixes = views.contents(rows, encode, who)
    inside = [
        views.text("Name", req.container),
        views.text("Prefix", encode(req.query.get("prefix", ""))),
        views.text("KeyCount", len(rows)),
        views.text("MaxKeys", most),
        views.text("IsTruncated", bool(more)),
        views.text("ContinuationToken", token) if token else "",
        views.text("NextContinuationToken", _token(more)) if more else "",
        views.text("StartAfter", encode(start)) if "start-after" in req.query else "",
    ]
    inside += _common(req, encode, form)
    return Answer(200, [XML], views.document("ListBucketResult", *inside, objects, prefixes))


def list_versions(req: S3Request) -> Answer:
    "ListObjectVersions."
    container = open_bucket(req, "list")
    most = req.whole_number("max-keys", MOST, MOST)
    marker, id_marker = req.query.get("key-marker", ""), req.query.get("version-id-marker", "")
    if id_marker and not marker:
        raise InvalidArgument(reason="A version-id marker cannot be specified without a key marker")
    if id_marker and id_marker != "null" and not VERSION.fullmatch(id_marker):
        raise InvalidArgument(reason="Invalid version id specified")
    form = req.query.get("encoding-type", "")
    prefix, delimiter = req.query.get("prefix", ""), req.query.get("delimiter", "")
    query = Query(most + 1, prefix, marker, "", delimiter)
    rows = containers.list_versions(req.deps, container.id, query, id_marker) if most else []
    encode = views.encoder(form)
    is_more, rows = len(rows) > most, rows[:most]
    found, prefixes = views.versions(rows, encode, owner_of(req))
    inside = [
        views.text("Name", req.container),
        views.text("Prefix", encode(prefix)),
        views.text("KeyMarker", encode(marker)),
        views.text("VersionIdMarker", id_marker),
        views.text("MaxKeys", most),
        views.text("IsTruncated", is_more),
    ]
    if is_more:
        last = rows[-1]
        inside.append(views.text("NextKeyMarker", encode(_name_of(last))))
        if not isinstance(last, Subdir):
            inside.append(views.text("NextVersionIdMarker", last[7] or "null"))
    inside += _common(req, encode, form)
    return Answer(200, [XML], views.document("ListVersionsResult", *inside, found, prefixes))
