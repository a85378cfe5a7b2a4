"""PUT and COPY of objects."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Iterator
from typing import Any

from common.errors import Error, PreconditionFailed
from objectstore.api import headers as object_headers
from objectstore.api.objects import HTML, check_version, find, find_version, part_of
from objectstore.api.request import Answer, Request, latin, quoted
from objectstore.core import (
    access,
    clock,
    conditions,
    content,
    entries,
    large,
    links,
    manifests,
    metadata,
    objects,
    quotas,
    ranges,
)
from objectstore.core.entries import Entry, Place
from objectstore.core.objects import Draft, Saved, Shared
from objectstore.core.sources import Plain, Source, plain
from objectstore.errors import (
    BadManifest,
    EtagMismatch,
    HeaderRefused,
    InvalidHeader,
    ObjectTooLarge,
)

DEFAULT_TYPE = "application/octet-stream"


def put(req: Request) -> Answer:
    "An object from the body, from another object (X-Copy-From), or a link, or a manifest."
    metadata.object_name(req.name)
    if "HTTP_X_COPY_FROM" in req.environ:
        return _put_copy(req)
    req.need_length()
    place, old, _ = find(req, "write")
    if req.version_id is not None:
        return _restore(req, place, req.version_id)
    if req.query.get("multipart-manifest") == "put":
        return _put_manifest(req, place, old)
    if req.has("X-Symlink-Target"):
        return _put_link(req, place, old)
    return _put_body(req, place, old)


def limit_rate(req: Request) -> None:
    "Wait for the container's turn to be written to, where its writes are limited."
    req.deps.limiter.take(
        f"container {req.account}/{req.container}", req.deps.config.limits.container_writes_per_s
    )


def _check_conditions(req: Request, old: Entry | None) -> None:
    header = req.environ.get("HTTP_IF_NONE_MATCH")
    if header:
        if header.strip() != "*":
            raise InvalidHeader(header="If-None-Match", reason="only * is supported with PUT")
        if old is not None and old.kind != "marker":
            raise PreconditionFailed()
    match = req.environ.get("HTTP_IF_MATCH")
    if (
        match
        and "*" not in (tags := conditions.etags(match))
        and (old is None or old.etag not in tags)
    ):
        raise PreconditionFailed()


def _put_body(req: Request, place: Place, old: Entry | None) -> Answer:
    most = req.deps.config.storage.max_object_mib << 20
    length = req.length
    if length is not None and length > most:
        raise ObjectTooLarge(limit=most)
    _check_conditions(req, old)
    draft = _draft(req, req.name)
    if draft.meta.get("x-object-manifest") and length:
        # Swift too takes a body with a manifest: it is what ?multipart-manifest=get shows
        pass
    quotas.check_upload(req.deps, place, length or 0, old)
    limit_rate(req)
    etag = req.header("ETag").strip().strip('"') if "HTTP_ETAG" in req.environ else ""
    stored = content.store(req.deps, req.deps.policy_at(place.policy), _limited(req, most), etag)
    return _created(objects.commit(req.deps, place, draft, stored))


def _limited(req: Request, most: int) -> Iterator[bytes]:
    class TooMuch(ObjectTooLarge):
        "The object is larger than allowed."

    return req.chunks(most, TooMuch)


def _draft(req: Request, name: str) -> Draft:
    ts = None
    if req.caller.trusted and req.has("X-Timestamp"):
        try:
            ts = clock.parse_stamp(req.header("X-Timestamp"))
        except ValueError:
            raise InvalidHeader(header="X-Timestamp", reason="is no timestamp") from None
    return Draft(
        name,
        _content_type(req, name),
        object_headers.from_request(req),
        delete_at=object_headers.delete_at(req),
        ts=ts,
    )


def _content_type(req: Request, name: str) -> str:
    kind = req.content_type
    if not kind or (req.has("X-Detect-Content-Type") and req.flag("X-Detect-Content-Type")):
        return mimetypes.guess_type(name)[0] or DEFAULT_TYPE
    return kind.strip()


def _created(saved: Saved, etag: str | None = None) -> Answer:
    headers = [
        HTML,
        ("Etag", etag or saved.etag),
        ("Last-Modified", clock.http_date(saved.ts)),
        ("X-Timestamp", clock.stamp(saved.ts)),
    ]
    if saved.version_id:
        headers.append(("X-Object-Version-Id", saved.version_id))
    return Answer(201, headers)


def _restore(req: Request, place: Place, version_id: str) -> Answer:
    if version_id == "null":
        raise InvalidHeader(header="version-id", reason="the null version cannot be restored")
    if req.length:
        raise InvalidHeader(header="Content-Length", reason="PUT with version-id takes no body")
    objects.restore_version(req.deps, place, req.name, version_id)
    _, entry = entries.find(req.deps, req.account, req.container, req.name)
    headers = [HTML, ("X-Object-Version-Id", version_id)]
    if entry is not None:
        headers += [("Etag", entry.etag), ("Last-Modified", clock.http_date(entry.ts))]
    return Answer(201, headers)


def _put_link(req: Request, place: Place, old: Entry | None) -> Answer:
    if req.length or (req.is_chunked and req.body(1)):
        raise HeaderRefused(reason="Symlink requests require a zero byte body")
    _check_conditions(req, old)
    link = links.parse(
        req.deps,
        req.account,
        f"/{req.container}/{req.name}",
        req.header("X-Symlink-Target"),
        req.header("X-Symlink-Target-Account"),
        req.header("X-Symlink-Target-Etag"),
    )
    target = links.pin(req.deps, req.caller, link)
    draft = _draft(req, req.name)
    draft.kind, draft.sysmeta = "link", {"link": link}
    if not req.content_type:
        draft.content_type = target.content_type if target is not None else links.CONTENT_TYPE
    quotas.check_upload(req.deps, place, 0, old)
    return _created(objects.commit(req.deps, place, draft, content.Content(0, content.EMPTY_MD5)))


def _put_manifest(req: Request, place: Place, old: Entry | None) -> Answer:
    _check_conditions(req, old)
    if req.has("X-Object-Manifest"):
        raise BadManifest(reason="an object is either a static or a dynamic large object")
    items = manifests.parse(req.body(manifests.MAX_BYTES))
    own = f"{req.container}/{req.name}"
    if any(item.get("path", "").lstrip("/") == own for item in items):
        raise BadManifest(reason=f"the manifest {quoted(own)} cannot be a segment of itself")
    draft = _draft(req, req.name)
    etag = req.header("ETag").strip().strip('"').lower()
    if req.query.get("heartbeat", "").lower() in ("true", "1", "yes", "on", "t", "y"):
        body = _with_heartbeat(req, place, draft, old, items, etag)
        return Answer(
            202, [("Content-Type", "text/plain" if _wants_plain(req) else "application/json")], body
        )
    saved = _save_manifest(
        req, place, draft, old, manifests.check(req.deps, req.caller, req.account, items), etag
    )
    return _created(saved, f'"{saved.etag}"')


def _save_manifest(
    req: Request, place: Place, draft: Draft, old: Entry | None, checks: Iterable[Any], etag: str
) -> Saved:
    manifest = next(m for m in checks if m is not None)
    return _store_manifest(req, place, draft, old, manifest, etag)


def _store_manifest(
    req: Request,
    place: Place,
    draft: Draft,
    old: Entry | None,
    manifest: manifests.Manifest,
    etag: str,
) -> Saved:
    if etag and etag != manifest.etag:
        raise EtagMismatch()
    quotas.check_upload(req.deps, place, len(manifest.stored), old)
    stored = content.store(req.deps, req.deps.policy_at(place.policy), [manifest.stored])
    draft.kind, draft.size, draft.etag = "slo", manifest.size, manifest.etag
    draft.sysmeta = {"manifest_etag": stored.md5}
    return objects.commit(req.deps, place, draft, stored)


def _wants_plain(req: Request) -> bool:
    return "json" not in req.header("Accept")


def _with_heartbeat(
    req: Request,
    place: Place,
    draft: Draft,
    old: Entry | None,
    items: list[dict[str, Any]],
    etag: str,
) -> Iterator[bytes]:
    """Spaces while segments are looked at, then the outcome: the status of the answer was sent
    long before."""
    yield b" "
    outcome: dict[str, Any] = {"Response Body": "", "Errors": []}
    try:
        for step in manifests.check(req.deps, req.caller, req.account, items):
            if step is None:
                yield b" "
            else:
                saved = _store_manifest(req, place, draft, old, step, etag)
                outcome |= {
                    "Response Status": "201 Created",
                    "Etag": f'"{saved.etag}"',
                    "Last Modified": clock.http_date(saved.ts),
                }
    except Error as error:
        outcome |= {
            "Response Status": f"{error.code} {error.title}",
            "Response Body": error.message,
        }
    if not _wants_plain(req):
        yield b"\r\n\r\n" + json.dumps(outcome).encode()
        return
    errors = outcome.pop("Errors")
    lines = [f"{k}: {v}" for k, v in outcome.items()]
    yield "\r\n\r\n{}\nErrors:\n{}".format("\n".join(lines), "\n".join(errors)).encode()


def copy(req: Request) -> Answer:
    "COPY: to Destination; served as a PUT there."
    if not req.has("Destination"):
        raise PreconditionFailed("COPY needs a Destination header.")
    container, name = _destination(req)
    account = req.header("Destination-Account") or req.account
    if "/" in account:
        raise PreconditionFailed("Destination-Account cannot contain slashes.")
    source = (req.account, req.container, req.name)
    req.account, req.container, req.name, req.method = (
        account,
        container,
        metadata.object_name(name),
        "PUT",
    )
    return _copy(req, *source)


def _destination(req: Request) -> tuple[str, str]:
    try:
        return metadata.container_and_object("Destination", req.header("Destination"))
    except InvalidHeader as error:
        raise PreconditionFailed(error.message) from None


def _put_copy(req: Request) -> Answer:
    if req.length or (req.is_chunked and req.body(1)):
        raise InvalidHeader(header="X-Copy-From", reason="Copy requests require a zero byte body")
    try:
        container, name = metadata.container_and_object("X-Copy-From", req.header("X-Copy-From"))
    except InvalidHeader as error:
        raise PreconditionFailed(error.message) from None
    account = req.header("X-Copy-From-Account") or req.account
    if "/" in account:
        raise PreconditionFailed("X-Copy-From-Account cannot contain slashes.")
    return _copy(req, account, container, name)


def _copy(req: Request, account: str, container: str, name: str) -> Answer:
    # version-id names a version of the source
    place, old, _ = find_version(req, "write", req.name, None)
    source_place, source_entry = entries.find(req.deps, account, container, name, req.version_id)
    owner = access.check_container(
        req.deps,
        req.caller,
        account,
        container,
        source_place.sysmeta,
        source_place.account_sysmeta,
        "read",
        name,
    )
    check_version(req, account, owner, req.version_id)
    entry = entries.existing((source_place, source_entry))
    conditions.not_modified(
        lambda h: req.header(h) if h in ("If-Match", "If-Unmodified-Since") else "",
        entry.etag,
        entry.ts,
    )
    original = entry
    if entry.kind == "link" and req.query.get("symlink") != "get":
        entry = links.follow(req.deps, req.caller, entry)
    as_manifest = req.query.get("multipart-manifest") == "get" or entry.kind == "link"
    as_manifest = as_manifest and entry.kind != "multi"  # it has no manifest
    source = plain(req.deps, entry) if as_manifest else large.source_of(req.deps, req.caller, entry)
    if as_manifest and entry.kind == "slo":
        _check_segments(req, entry)
    start, length = (0, source.size) if as_manifest else _copied_span(req, source)
    most = req.deps.config.storage.max_object_mib << 20
    if length > most:
        raise ObjectTooLarge(limit=most)
    quotas.check_upload(req.deps, place, length, old)
    limit_rate(req)
    draft = _copy_draft(req, entry, as_manifest)
    saved = objects.commit(
        req.deps, place, draft, _copy_bytes(req, place, source, entry, start, length)
    )
    answer = _created(saved, f'"{saved.etag}"' if draft.kind == "slo" else None)
    answer.headers += [
        ("X-Copied-From", quoted(f"{container}/{name}")),
        ("X-Copied-From-Account", quoted(account)),
        ("X-Copied-From-Last-Modified", clock.http_date(original.ts)),
        *((n.title(), latin(v)) for n, v in draft.meta.items() if n.startswith("x-object-meta-")),
    ]
    return answer


def _copy_draft(req: Request, entry: Entry, as_manifest: bool) -> Draft:
    given = object_headers.from_request(req)
    meta = dict(given)
    if not req.flag("X-Fresh-Metadata"):
        meta = {**{n: v for n, v in entry.meta.items() if n != "x-object-manifest"}, **given}
    if as_manifest and "x-object-manifest" in entry.meta:
        meta.setdefault("x-object-manifest", entry.meta["x-object-manifest"])
    delete_at = object_headers.delete_at(req)
    if delete_at is None and not req.flag("X-Fresh-Metadata"):
        delete_at = entry.delete_at
    draft = Draft(req.name, req.content_type or entry.content_type, meta, delete_at=delete_at)
    if as_manifest and entry.kind:
        draft.kind, draft.sysmeta = entry.kind, dict(entry.sysmeta)
        draft.size, draft.etag = entry.size, entry.etag
    return draft


def _copy_bytes(
    req: Request, place: Place, source: Source, entry: Entry, start: int, length: int
) -> content.Content | Shared:
    "The same blob, where the bytes and the number of copies are the same; else bytes written anew."
    whole = isinstance(source, Plain) and length == entry.stored
    if whole and place.policy == entry.place.policy:
        return Shared(entry.blob_id, entry.stored, entry.etag)
    return content.store(req.deps, req.deps.policy_at(place.policy), source.read(start, length))


def _copied_span(req: Request, source: Source) -> tuple[int, int]:
    "(start, length) of what Range or part-number ask for; all of it without."
    part = part_of(req, source)
    if part is not None:
        return part[1], part[2]
    spans = ranges.parse(req.header("Range"), source.size) if req.has("Range") else []
    return spans[0] if len(spans) == 1 else (0, source.size)


def _check_segments(req: Request, entry: Entry) -> None:
    "A copied manifest names the same segments in the account that it is copied to."
    items = manifests.as_sent(large.manifest_of(req.deps, entry))
    for _ in manifests.check(req.deps, req.caller, req.account, items):
        pass
