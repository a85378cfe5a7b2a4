"""Multipart uploads: parts that are stored on their own and become one object at once.

The object has no bytes but its parts'; nothing is copied when it is made. What was uploaded and not
named by the completion is released with it.
Source: Amazon S3 User Guide, "Uploading and copying objects using multipart upload".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from common.ids import new_hex
from objectstore.core import Deps, clock, content, entries, objects, quotas
from objectstore.core.content import Content
from objectstore.core.entries import Place
from objectstore.core.objects import Draft, Saved
from objectstore.core.s3 import checksums
from objectstore.core.s3.errors import (
    BadDigest,
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    NoSuchUpload,
)
from objectstore.errors import ContainerNotFound
from objectstore.store import Session, containers, parts

MIN_PART = 5 << 20
MAX_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Named:
    "A part as the completion names it."

    number: int
    etag: str
    checksum: str = ""


@dataclass(slots=True)
class _Parts:
    "What an upload's object is made of."

    upload_id: str
    container_id: int
    size: int
    md5: str
    unnamed: list[int]
    blob_id: str | None = None

    def add_row(self, session: Session, now: int) -> None:
        """Raises NoSuchUpload when somebody else ended the upload, or sent a part again, in
        between."""
        if parts.upload(session, self.upload_id, self.container_id, lock=True) is None:
            raise NoSuchUpload()
        if self.unnamed:
            parts.drop(session, self.upload_id, now, self.unnamed)
        rows = parts.of(session, self.upload_id)
        if _etag(rows) != self.md5:
            raise InvalidPart(number=rows[0].number if rows else 1)
        parts.end_upload(session, self.upload_id)


def begin(
    deps: Deps,
    place: Place,
    name: str,
    content_type: str,
    meta: dict[str, str],
    sysmeta: dict[str, Any],
) -> str:
    "A new upload; its id. Raises ContainerNotFound."
    upload_id = new_hex()

    def work(session: Session) -> None:
        container = containers.get(session, place.account, place.container)
        if container is None or container.id != place.container_id:
            raise ContainerNotFound()
        values = {
            "id": upload_id,
            "container_id": container.id,
            "name": name,
            "created": clock.now(),
            "content_type": content_type,
            "meta": meta,
            "sysmeta": sysmeta,
        }
        parts.add_upload(session, values)

    deps.committer.run(work)
    return upload_id


def find(deps: Deps, place: Place, name: str, upload_id: str) -> Any:
    "The upload. Raises NoSuchUpload."
    with deps.db.read() as session:
        found = parts.upload(session, upload_id, place.container_id)
    if found is None or found.name != name:
        raise NoSuchUpload()
    return found


def check_room(deps: Deps, place: Place, size: int) -> None:
    "Raise UploadOverQuota when the parts that wait and this one are too much for the container."
    if quotas.has_any(place):
        with deps.db.read() as session:
            waiting = parts.pending_bytes(session, place.container_id)
        quotas.check_upload(deps, place, waiting + size, None)


def put_part(
    deps: Deps,
    place: Place,
    upload_id: str,
    number: int,
    stored: Content,
    checksum: str | None,
) -> int:
    """Keep a part whose bytes are stored; one of the same number is replaced. Returns its time.
    Raises NoSuchUpload; the bytes are given back then."""
    now = clock.now()

    def work(session: Session) -> None:
        if parts.upload(session, upload_id, place.container_id, lock=True) is None:
            raise NoSuchUpload()
        parts.drop(session, upload_id, now, [number])
        stored.add_row(session, now)
        values = {
            "owner": upload_id,
            "number": number,
            "size": stored.size,
            "etag": stored.md5,
            "checksum": checksum,
            "ts": now,
            "blob_id": stored.blob_id,
        }
        parts.add(session, values)

    try:
        deps.committer.run(work)
    except BaseException:
        content.discard(deps, stored)
        raise
    return now


def list_parts(deps: Deps, upload_id: str, after: int, limit: int) -> list[Any]:
    "Rows of parts behind number `after`."
    with deps.db.read() as session:
        return parts.of(session, upload_id, after, limit)


def list_uploads(
    deps: Deps, place: Place, prefix: str, marker: str, id_marker: str, limit: int
) -> list[Any]:
    "Rows of uploads by name, then id."
    with deps.db.read() as session:
        return parts.uploads(session, place.container_id, prefix, marker, id_marker, limit)


def abort(deps: Deps, place: Place, name: str, upload_id: str) -> None:
    "Forget an upload and its parts. Raises NoSuchUpload."

    def work(session: Session) -> None:
        found = parts.upload(session, upload_id, place.container_id, lock=True)
        if found is None or found.name != name:
            raise NoSuchUpload()
        parts.drop(session, upload_id, clock.now())
        parts.end_upload(session, upload_id)

    deps.committer.run(work)


def complete(
    deps: Deps,
    place: Place,
    name: str,
    upload_id: str,
    named: Sequence[Named],
    condition: Callable[[Any], None] | None,
    whole: str = "",
) -> tuple[Saved, dict[str, Any]]:
    """Make the object of the parts named; what it keeps about itself too. A completion that is sent
    again finds what it made. `whole` is the checksum that the client has of all of it. Raises
    NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest, UploadOverQuota."""
    with deps.db.read() as session:
        upload = parts.upload(session, upload_id, place.container_id)
        rows = {row.number: row for row in parts.of(session, upload_id)}
    if upload is None or upload.name != name:
        return _made_before(deps, place, name, upload_id, rows, named)
    chosen = _chosen(rows, named)
    sysmeta = {**upload.sysmeta, "parts": upload_id}
    _add_checksum(sysmeta, chosen, whole)
    size, etag = sum(row.size for row in chosen), _etag(chosen)
    unnamed = sorted(set(rows) - {row.number for row in chosen})
    body = _Parts(upload_id, place.container_id, size, etag, unnamed)
    draft = Draft(name, upload.content_type, dict(upload.meta), sysmeta, kind="multi", etag=etag)
    draft.condition = condition
    return objects.commit(deps, place, draft, body), sysmeta


def _made_before(
    deps: Deps,
    place: Place,
    name: str,
    upload_id: str,
    rows: dict[int, Any],
    named: Sequence[Named],
) -> tuple[Saved, dict[str, Any]]:
    _, entry = entries.find(deps, place.account, place.container, name)
    if entry is None or entry.sysmeta.get("parts") != upload_id:
        raise NoSuchUpload()
    asked = {part.number: part.etag.strip('"') for part in named}
    if asked != {row.number: row.etag for row in rows.values()}:
        raise NoSuchUpload()
    return Saved(entry.ts, entry.etag, entry.version_id), entry.sysmeta


def _chosen(rows: dict[int, Any], named: Sequence[Named]) -> list[Any]:
    numbers = [part.number for part in named]
    if numbers != sorted(set(numbers)):
        raise InvalidPartOrder()
    chosen = []
    for part in named:
        row = rows.get(part.number)
        wrong_sum = row is not None and part.checksum and part.checksum != row.checksum
        if row is None or part.etag.strip('"') != row.etag or wrong_sum:
            raise InvalidPart(number=part.number)
        chosen.append(row)
    for row in chosen[:-1]:
        if row.size < MIN_PART:
            raise EntityTooSmall(number=row.number)
    return chosen


def _etag(rows: Sequence[Any]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for row in rows:
        digest.update(bytes.fromhex(row.etag))
    return f"{digest.hexdigest()}-{len(rows)}"


def _add_checksum(sysmeta: dict[str, Any], rows: Sequence[Any], whole: str) -> None:
    kept = dict(sysmeta.get("s3", {}))
    name = kept.pop("algorithm", None)
    is_full = kept.pop("full", False)
    if name:
        if any(row.checksum is None for row in rows):
            raise InvalidRequest(reason=f"a part has no {name} checksum")
        made = (
            checksums.full(name, [(row.checksum, row.size) for row in rows])
            if is_full
            else checksums.composite(name, [row.checksum for row in rows])
        )
        if whole and is_full and whole != made:
            raise BadDigest(name=name)
        kept["checksum"] = {name: made}
    sysmeta["s3"] = kept
