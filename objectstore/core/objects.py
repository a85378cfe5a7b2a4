"""Making, changing and removing objects. The commit of the row is when it becomes true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from objectstore.core import Deps, clock, content, quotas, versions
from objectstore.core.content import Content
from objectstore.core.entries import Entry, Place
from objectstore.errors import ContainerNotFound, ObjectNotFound
from objectstore.store import Session, blobs, containers, objects, parts
from objectstore.store.models import Container


@dataclass(slots=True)
class Draft:
    "An object about to be committed."

    name: str
    content_type: str
    meta: dict[str, str]
    """Headers that go back to clients, lower-case names."""
    sysmeta: dict[str, Any] = field(default_factory=dict)
    delete_at: int | None = None
    kind: str = ""
    size: int | None = None
    """What a GET returns, where that is not the bytes stored."""
    etag: str | None = None
    ts: int | None = None
    """When a client that may (container synchronisation) says when it was written."""
    condition: Callable[[Any], None] | None = None
    """Called with the row that is to be replaced (None for none), in the transaction: raises where
    the client's condition does not hold."""


@dataclass(slots=True)
class Saved:
    "What a PUT made."

    ts: int
    etag: str
    version_id: str


@dataclass(slots=True)
class Shared:
    "Bytes of an existing blob, for a copy."

    blob_id: str | None
    size: int
    md5: str

    def add_row(self, session: Session, now: int) -> None:
        """One object more on the same blob. Raises ObjectNotFound when the source was deleted in
        between."""
        if self.blob_id is not None and not blobs.share(session, self.blob_id):
            raise ObjectNotFound()


class Body(Protocol):
    "What an object is made of, and what becomes true together with it."

    size: int
    md5: str
    blob_id: str | None

    def add_row(self, session: Session, now: int) -> None:
        "Its part of the transaction."


def commit(deps: Deps, place: Place, draft: Draft, body: Body) -> Saved:
    """Make the object true, in one transaction with the container's totals. Raises
    ContainerNotFound or
    UploadOverQuota; the bytes are given back then."""

    def work(session: Session) -> Saved:
        return _commit(session, place, draft, body)

    try:
        return deps.committer.run(work)
    except BaseException:
        if isinstance(body, Content):
            content.discard(deps, body)
        raise


def _commit(session: Session, place: Place, draft: Draft, body: Body) -> Saved:
    container = _locked(session, place)
    old = objects.get(session, container.id, draft.name)
    if draft.condition is not None:
        draft.condition(old)
    ts = _later(draft.ts or clock.now(), old)
    if draft.ts is not None and old is not None and old.ts >= draft.ts:
        ts = draft.ts
        return Saved(old.ts, old.etag, old.version_id)
    quotas.check_commit(session, container, place, body.size, old)
    body.add_row(session, ts)
    version_id = versions.new_id(ts) if container.sysmeta.get("versioning") else ""
    values: dict[str, Any] = {
        "version_id": version_id,
        "ts": ts,
        "size": body.size if draft.size is None else draft.size,
        "stored": body.size,
        "etag": draft.etag or body.md5,
        "content_type": draft.content_type,
        "kind": draft.kind,
        "meta": draft.meta,
        "sysmeta": draft.sysmeta,
        "delete_at": draft.delete_at,
        "blob_id": body.blob_id,
    }
    if versions.displace(session, container, draft.name, old, ts):
        _drop_null_version(session, container, draft.name, version_id, ts)
        objects.insert_row(session, container.id, draft.name, values)
        containers.count(session, container.id, ts, 1, body.size)
    else:
        objects.replace_row(session, container.id, draft.name, values)
        containers.count(session, container.id, ts, 0, body.size - old.stored)
    if container.sysmeta.get("sync_to"):
        objects.note_change(session, container.id, draft.name, ts, False)
    return Saved(ts, values["etag"], version_id)


def _drop_null_version(
    session: Session, container: Container, name: str, version_id: str, ts: int
) -> None:
    """With versioning suspended there is one unversioned object of a name: a new one replaces it
    among the older ones too."""
    if container.sysmeta.get("versioning") is False and version_id == "":
        null = objects.version(session, container.id, name, "")
        if null is not None:
            versions.drop_version(session, container, name, null, ts)


def _locked(session: Session, place: Place) -> Container:
    container: Container | None = containers.locked(session, place.account, place.container)
    if container is None or container.id != place.container_id:
        raise ContainerNotFound()
    return container


def _later(ts: int, old: Any) -> int:
    "Times of one name only grow, also when the clock does not."
    return ts if old is None else max(ts, old.ts + 1)


def delete(
    deps: Deps,
    place: Place,
    name: str,
    version_id: str | None = None,
    only_if_ts: int | None = None,
    ts: int | None = None,
    promote: bool = False,
) -> dict[str, str]:
    """Remove the current object, or one version for good. Returns headers for the answer. Raises
    ObjectNotFound; with
    `only_if_ts` (the expirer) an object that has been replaced is left alone, with `ts`
    (synchronisation) a newer one. With `promote` (S3) the newest version that is left becomes the
    current object where there is none; in Swift it stays an older one."""

    def work(session: Session) -> dict[str, str]:
        container = _locked(session, place)
        if version_id is not None:
            headers = _delete_version(session, container, name, version_id)
            if promote:
                _promote(session, container, name)
            return headers
        old = objects.get(session, container.id, name)
        if only_if_ts is not None and (old is None or old.ts != only_if_ts):
            return {}
        if ts is not None and (old is None or old.ts >= ts):
            return {}
        return _delete(session, container, name, old)

    return deps.committer.run(work)


def _delete(session: Session, container: Container, name: str, old: Any) -> dict[str, str]:
    now = _later(clock.now(), old)
    elsewhere = bool(container.sysmeta.get("versions_location"))
    history = elsewhere and container.sysmeta.get("versions_mode") == "history"
    keeps = container.sysmeta.get("versioning") is not None
    if old is None and not keeps and not elsewhere:
        raise ObjectNotFound()
    if old is not None:
        _take_away(session, container, name, old, now, keep=keeps or history)
    marker = versions.after_delete(session, container, name, now, had_one=old is not None)
    if container.sysmeta.get("sync_to"):
        objects.note_change(session, container.id, name, now, True)
    if marker is None:
        return {}
    return {"X-Object-Current-Version-Id": marker, "X-Object-Version-Id": marker}


def _take_away(
    session: Session, container: Container, name: str, old: Any, now: int, keep: bool
) -> None:
    if keep and versions.displace(session, container, name, old, now):
        return
    if not keep:
        parts.release(session, old, now)
    objects.remove_row(session, container.id, name)
    containers.count(session, container.id, now, -1, -old.stored)


def _delete_version(
    session: Session, container: Container, name: str, version_id: str
) -> dict[str, str]:
    now, wanted = clock.now(), "" if version_id == "null" else version_id
    headers = {"X-Object-Version-Id": version_id}
    current = objects.get(session, container.id, name)
    if current is not None and current.version_id == wanted:
        parts.release(session, current, now)
        objects.remove_row(session, container.id, name)
        containers.count(session, container.id, now, -1, -current.stored)
        return headers
    row = objects.version(session, container.id, name, wanted)
    if row is None:
        raise ObjectNotFound()
    versions.drop_version(session, container, name, row, now)
    if row.latest:
        newest = objects.newest_version(session, container.id, name)
        if newest is not None and newest.kind == "marker":
            objects.set_latest_marker(session, container.id, name, True, newest.version_id)
    if current is not None:
        headers["X-Object-Current-Version-Id"] = current.version_id or "null"
    return headers


def _promote(session: Session, container: Container, name: str) -> None:
    if objects.get(session, container.id, name) is not None:
        return
    row = objects.newest_version(session, container.id, name)
    if row is None:
        return
    if row.kind == "marker":
        objects.set_latest_marker(session, container.id, name, True, row.version_id)
        return
    values, now = objects.values_of(row), clock.now()
    objects.remove_version(session, container.id, name, row.version_id)
    containers.count(session, container.id, now, 0, 0, -1, -values["stored"])
    objects.insert_row(session, container.id, name, values)
    containers.count(session, container.id, now, 1, values["stored"])


def set_sysmeta(deps: Deps, entry: Entry, sysmeta: dict[str, Any]) -> None:
    """Set what the service keeps about an object or one of its versions (tags); its time stays.
    Raises ObjectNotFound."""
    place = entry.place

    def work(session: Session) -> None:
        container = _locked(session, place)
        values = {"sysmeta": sysmeta}
        old = objects.get(session, container.id, entry.name)
        if old is not None and old.version_id == entry.version_id:
            objects.set_meta(session, container.id, entry.name, values)
        elif not objects.set_version(session, container.id, entry.name, entry.version_id, values):
            raise ObjectNotFound()

    deps.committer.run(work)


def restore_version(deps: Deps, place: Place, name: str, version_id: str) -> None:
    "Make an older version the current object again (PUT ?version-id=). Raises ObjectNotFound."

    def work(session: Session) -> None:
        container = _locked(session, place)
        current = objects.get(session, container.id, name)
        if current is not None and (current.version_id or "null") == version_id:
            return
        wanted = "" if version_id == "null" else version_id
        row = objects.version(session, container.id, name, wanted)
        if row is None:
            raise ObjectNotFound()
        now = _later(clock.now(), current)
        values = objects.values_of(row)
        objects.remove_version(session, container.id, name, wanted)
        containers.count(session, container.id, now, 0, 0, -1, -values["stored"])
        if current is not None and not versions.displace(session, container, name, current, now):
            objects.remove_row(session, container.id, name)
            containers.count(session, container.id, now, -1, -current.stored)
        objects.set_latest_marker(session, container.id, name, False)
        if values["kind"] == "marker":
            objects.add_version(session, container.id, name, values, latest=True)
            containers.count(session, container.id, now, 0, 0, 1, 0)
        else:
            objects.insert_row(session, container.id, name, values)
            containers.count(session, container.id, now, 1, values["stored"])

    deps.committer.run(work)


def set_metadata(
    deps: Deps,
    entry: Entry,
    meta: dict[str, str],
    content_type: str | None,
    delete_at: int | None,
    sysmeta: dict[str, Any] | None = None,
) -> int:
    "POST: other metadata for the current object. Returns its new time. Raises ObjectNotFound."
    place = entry.place

    def work(session: Session) -> int:
        container = _locked(session, place)
        old = objects.get(session, container.id, entry.name)
        if old is None or old.version_id != entry.version_id:
            raise ObjectNotFound()
        ts = _later(clock.now(), old)
        values: dict[str, Any] = {"meta": meta, "delete_at": delete_at, "ts": ts}
        if content_type is not None:
            values["content_type"] = content_type
        if sysmeta is not None:
            values["sysmeta"] = sysmeta
        objects.set_meta(session, container.id, entry.name, values)
        containers.count(session, container.id, ts, 0, 0)
        if container.sysmeta.get("sync_to"):
            objects.note_change(session, container.id, entry.name, ts, False)
        return ts

    return deps.committer.run(work)
