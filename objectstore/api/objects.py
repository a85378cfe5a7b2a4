"""/v1/{account}/{container}/{object}: GET, HEAD, POST, DELETE."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

from common.errors import PreconditionFailed
from objectstore.api import headers as object_headers
from objectstore.api.request import Answer, Request, latin, quoted
from objectstore.core import (
    access,
    clock,
    conditions,
    entries,
    large,
    links,
    manifests,
    objects,
    ranges,
)
from objectstore.core.entries import Entry, Place
from objectstore.core.sources import Source, plain
from objectstore.errors import (
    ContainerNotFound,
    HeaderRefused,
    InvalidUrl,
    ObjectNotFound,
    PartFault,
    PartNotThere,
)
from objectstore.views.listings import TYPES

HTML = ("Content-Type", "text/html; charset=UTF-8")


def find(req: Request, action: str) -> tuple[Place, Entry | None, bool]:
    """Container, object (or None) and whether the caller counts as owner, once it is clear that he
    may."""
    return find_version(req, action, req.name, req.version_id)


def find_version(
    req: Request, action: str, name: str, version_id: str | None
) -> tuple[Place, Entry | None, bool]:
    "The same for another name of the container, or another version than the request's own."
    try:
        place, entry = entries.find(req.deps, req.account, req.container, name, version_id)
    except ContainerNotFound:
        access.check_container(
            req.deps, req.caller, req.account, req.container, {}, {}, action, name, req.method
        )
        raise
    owner = access.check_container(
        req.deps,
        req.caller,
        req.account,
        req.container,
        place.sysmeta,
        place.account_sysmeta,
        action,
        name,
        req.method,
    )
    check_version(req, req.account, owner, version_id)
    return place, entry, owner


def check_version(req: Request, account: str, owner: bool, version_id: str | None) -> None:
    "Refuse a version to whom only an ACL lets in: it speaks for a container's current objects."
    if version_id is not None and not owner and not access.standing(req.deps, req.caller, account):
        raise req.caller.denied()


def get(req: Request) -> Answer:
    "The object, or ranges of it."
    place, entry, _ = find(req, "read")
    if entry is None or entry.kind == "marker":
        raise _gone(entry)
    extra: list[tuple[str, str]] = []
    if entry.kind == "link" and req.query.get("symlink") != "get":
        link, entry = entry, links.follow(req.deps, req.caller, entry)
        extra = _link_headers(link, entry)
    elif entry.version_id:
        path = quoted(f"/v1/{place.account}/{place.container}/{entry.name}")
        extra = [("Content-Location", f"{path}?version-id={entry.version_id}")]
    if (
        req.environ.get("QUERY_STRING")
        and req.query.get("multipart-manifest") == "get"
        and _is_large(entry)
    ):
        return _manifest(req, entry, extra)
    source: Source
    if entry.kind == "" and "x-object-manifest" not in entry.meta:
        source = plain(req.deps, entry)
    else:
        source = large.source_of(req.deps, req.caller, entry)
        part = part_of(req, source)
        if part is not None:
            return _part(req, source, extra, *part)
    return _answer(req, source, extra)


def part_of(req: Request, source: Source) -> tuple[int, int, int] | None:
    """(parts, start, length) of the part of a static large object that ?part-number= asks for;
    None without, and for other objects. Raises PartFault, PartNotThere."""
    text = req.query.get("part-number") if req.environ.get("QUERY_STRING") else None
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise PartFault()
    if not isinstance(source, large.Segmented) or source.entry.kind != "slo":
        return None
    if req.has("Range"):
        raise PartFault("Range requests are not supported with part number queries")
    count, number = len(source.segments), int(text)
    if number > count:
        shown = dict(object_headers.of_entry(source.entry, source.etag, True))
        shown |= {
            "Content-Type": TYPES["plain"],
            "X-Parts-Count": str(count),
            "Content-Range": f"bytes */{source.size}",
        }
        raise PartNotThere(headers=shown)
    start = sum(s.length for s in source.segments[: number - 1])
    return count, start, source.segments[number - 1].length


def _part(
    req: Request, source: Source, extra: list[tuple[str, str]], count: int, start: int, length: int
) -> Answer:
    headers = object_headers.of_entry(source.entry, source.etag, req.caller.ctx is not None)
    headers += [
        *extra,
        ("X-Parts-Count", str(count)),
        ("Content-Range", f"bytes {start}-{start + length - 1}/{source.size}"),
    ]
    if conditions.not_modified(req.header, source.etag, source.entry.ts):
        return Answer(304, headers)
    return Answer(206, headers, _body(req, source, start, length), length)


def _gone(entry: Entry | None) -> ObjectNotFound:
    if entry is None:
        return ObjectNotFound()
    return ObjectNotFound(
        headers={
            "X-Object-Version-Id": entry.version_id or "null",
            "Content-Type": entry.content_type,
        }
    )


def _link_headers(link: Entry, target: Entry) -> list[tuple[str, str]]:
    place = target.place
    return [("Content-Location", quoted(f"/v1/{place.account}/{place.container}/{target.name}"))]


def _is_large(entry: Entry) -> bool:
    return entry.kind == "slo" or "x-object-manifest" in entry.meta


def _answer(req: Request, source: Source, extra: list[tuple[str, str]]) -> Answer:
    entry = source.entry
    headers = object_headers.of_entry(entry, source.etag, req.caller.ctx is not None)
    headers += extra
    try:
        unchanged = conditions.not_modified(req.header, source.etag, entry.ts)
    except PreconditionFailed as error:
        error.headers.update(extra)
        raise
    if unchanged:
        return Answer(304, [h for h in headers if h[0] != "Content-Length"])
    spans: list[tuple[int, int]] = []
    wanted = req.environ.get("HTTP_RANGE")
    if wanted and _range_applies(req, source):
        spans = ranges.parse(wanted, source.size)
        if len(spans) > 1 and "x-object-manifest" in entry.meta:
            spans = []  # Swift's dynamic large objects serve one range, or everything
    if len(spans) == 1:
        start, length = spans[0]
        headers.append(("Content-Range", f"bytes {start}-{start + length - 1}/{source.size}"))
        return Answer(206, headers, _body(req, source, start, length), length)
    if spans:
        return _multipart(req, source, headers, spans)
    return Answer(200, headers, _body(req, source, 0, source.size), source.size)


def _body(req: Request, source: Source, start: int, length: int) -> Iterator[bytes]:
    return iter(()) if req.method == "HEAD" else source.read(start, length)


def _range_applies(req: Request, source: Source) -> bool:
    condition = req.header("If-Range")
    if not condition:
        return True
    when = clock.parse_http(condition)
    if when is not None:
        return -(-source.entry.ts // clock.UNIT) == when
    return condition.strip().strip('"') == source.etag.strip('"')


def _multipart(
    req: Request, source: Source, headers: list[tuple[str, str]], spans: list[tuple[int, int]]
) -> Answer:
    boundary = secrets.token_hex(16)
    heads = [
        (
            f"--{boundary}\r\nContent-Type: {source.entry.content_type}\r\n"
            f"Content-Range: bytes {start}-{start + length - 1}/{source.size}\r\n\r\n"
        ).encode()
        for start, length in spans
    ]
    tail = f"--{boundary}--".encode()
    total = sum(len(h) + length + 2 for h, (_, length) in zip(heads, spans, strict=True)) + len(
        tail
    )

    def body() -> Iterator[bytes]:
        for head, (start, length) in zip(heads, spans, strict=True):
            yield head
            yield from source.read(start, length)
            yield b"\r\n"
        yield tail

    headers = [h for h in headers if h[0] != "Content-Type"]
    headers.append(("Content-Type", f"multipart/byteranges;boundary={boundary}"))
    return Answer(206, headers, iter(()) if req.method == "HEAD" else body(), total)


def _manifest(req: Request, entry: Entry, extra: list[tuple[str, str]]) -> Answer:
    "The manifest of a large object itself."
    if entry.kind != "slo":
        return _answer(req, plain(req.deps, entry), extra)
    stored = large.manifest_of(req.deps, entry)
    raw = req.query.get("format") == "raw"
    shown = manifests.as_sent(stored) if raw else stored
    body = json.dumps(shown).encode()
    etag = entry.sysmeta.get("manifest_etag", "")
    if raw:
        import hashlib

        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    headers = object_headers.of_entry(entry, etag, True) + extra
    if not raw:
        headers = [h for h in headers if h[0] != "Content-Type"]
        headers.append(("Content-Type", "application/json; charset=utf-8"))
    return Answer(200, headers, b"" if req.method == "HEAD" else body, len(body))


def post(req: Request) -> Answer:
    "Other metadata."
    place, entry, _ = find(req, "write")
    if entry is None or entry.kind == "marker":
        raise ObjectNotFound()
    if req.version_id is not None:
        raise InvalidUrl(reason="version-id cannot be used with POST")
    if req.has("X-Symlink-Target"):
        raise HeaderRefused(reason="A PUT request is required to set a symlink target")
    meta = object_headers.from_request(req)
    delete_at = object_headers.delete_at(req)
    ts = objects.set_metadata(req.deps, entry, meta, req.content_type or None, delete_at)
    if entry.kind == "link":
        # the link has the metadata now; whoever meant the target is sent there
        headers = [("Location", quoted(entry.sysmeta["link"]["path"])), HTML, *links.headers(entry)]
        return Answer(307, headers, b"The requested POST was to a symlink.\n")
    return Answer(202, [HTML, ("X-Timestamp", clock.stamp(ts))])


def delete(req: Request) -> Answer:
    "Remove the object (with ?multipart-manifest=delete its segments too), or one version."
    place, entry, _ = find(req, "write")
    version_id = req.version_id
    _check_if_delete_at(req, entry)
    if req.query.get("multipart-manifest") == "delete" and version_id is None:
        from objectstore.api import bulk

        return bulk.delete_large(req, entry)
    _limit_rate(req)
    headers = objects.delete(req.deps, place, req.name, version_id)
    if version_id is None and entry is None and (headers or _keeps_history(place)):
        # nothing was there, and yet a marker of the DELETE is: Swift answers so
        raise ObjectNotFound(headers=headers)
    return Answer(204, [HTML, *((n, latin(v)) for n, v in headers.items())])


def _keeps_history(place: Place) -> bool:
    state = place.sysmeta
    return bool(state.get("versions_location")) and state.get("versions_mode") == "history"


def _check_if_delete_at(req: Request, entry: Entry | None) -> None:
    "X-If-Delete-At: only the object that expires at that second."
    text = req.header("X-If-Delete-At").strip()
    if not text:
        return
    if not text.isdecimal() or len(text) > 12:
        raise HeaderRefused(reason="Bad X-If-Delete-At header value")
    if entry is None or entry.delete_at != int(text):
        raise PreconditionFailed("X-If-Delete-At and X-Delete-At do not match")


def _limit_rate(req: Request) -> None:
    req.deps.limiter.take(
        f"container {req.account}/{req.container}", req.deps.config.limits.container_writes_per_s
    )
