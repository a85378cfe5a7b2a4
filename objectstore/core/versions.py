"""What happens to the object that another one replaces, or that a DELETE removes.

Three ways, set on the container: `versioning` keeps versions beside the object (X-Versions-
Enabled); `versions_location` moves them to
another container and a DELETE brings the newest back ("stack"); with `versions_mode` "history" a
DELETE leaves a marker there instead.
Source: Object Storage API, "Object versioning".
"""

from __future__ import annotations

from typing import Any

from objectstore.core import clock
from objectstore.core.content import EMPTY_MD5
from objectstore.errors import ContainerNotFound, ObjectNotFound
from objectstore.store import Session, containers, listing, objects, parts
from objectstore.store.models import Container

MARKER_TYPE = "application/x-deleted;swift_versions_deleted=1"


def new_id(ts: int) -> str:
    "The id of a version written at `ts`; Swift's too are timestamps."
    return clock.stamp(ts)


def displace(session: Session, container: Container, name: str, old: Any, ts: int) -> bool:
    """Make way for a new object of that name: the old row goes to where the container's versioning
    wants it, or its
    blob is released. False when the row stays for the caller to overwrite."""
    state = container.sysmeta
    if old is None:
        if state.get("versioning") is not None:
            objects.set_latest_marker(session, container.id, name, False)
        return True
    if _keeps(state, old):
        values = objects.values_of(old)
        objects.remove_row(session, container.id, name)
        objects.add_version(session, container.id, name, values)
        containers.count(session, container.id, ts, -1, -values["stored"], 1, values["stored"])
        return True
    if state.get("versions_location"):
        _archive(session, container, name, old, ts)
        return True
    parts.release(session, old, ts)
    return False


def _keeps(state: dict[str, Any], old: Any) -> bool:
    """Versioning on keeps everything; once suspended, what it made is kept and the null version is
    overwritten."""
    return state.get("versioning") is True or (
        state.get("versioning") is False and old.version_id != ""
    )


def _archive(session: Session, container: Container, name: str, old: Any, ts: int) -> None:
    "Move the row to the container of older versions, as LENGTHname/timestamp."
    target = containers.get(
        session, container.account, container.sysmeta["versions_location"], lock=True
    )
    if target is None:
        raise ContainerNotFound("The container of X-Versions-Location does not exist.")
    values = objects.values_of(old)
    objects.remove_row(session, container.id, name)
    containers.count(session, container.id, ts, -1, -values["stored"])
    put_row(session, target.id, _archived_name(name, values["ts"]), values)
    containers.count(session, target.id, ts, 1, values["stored"])


def put_row(session: Session, container_id: int, name: str, values: dict[str, Any]) -> None:
    "A row under a name that may be taken (by the same moment's version)."
    if objects.get(session, container_id, name) is None:
        objects.insert_row(session, container_id, name, values)
    else:
        objects.replace_row(session, container_id, name, values)


def _archived_name(name: str, ts: int) -> str:
    return f"{_prefix(name)}{clock.stamp(ts)}"


def _prefix(name: str) -> str:
    return f"{len(name):03x}{name}/"


def after_delete(
    session: Session, container: Container, name: str, ts: int, had_one: bool
) -> str | None:
    """What a DELETE leaves in a container that keeps versions; called with the current object
    already displaced (`had_one`: there was one). Raises ObjectNotFound when there was nothing to
    delete or to bring back. Returns the id of the delete marker that was made, for the answer."""
    state = container.sysmeta
    if state.get("versioning") is not None:
        return _mark(session, container, name, ts, new_id(ts) if state["versioning"] else "")
    if state.get("versions_location"):
        if state.get("versions_mode") == "history":
            _leave_history_marker(session, container, name, ts)
        else:
            _restore(session, container, name, ts, had_one)
    return None


def marker_values(
    ts: int, version_id: str, content_type: str = MARKER_TYPE, kind: str = "marker"
) -> dict[str, Any]:
    "The columns of a delete marker."
    return {
        "version_id": version_id,
        "ts": ts,
        "size": 0,
        "stored": 0,
        "etag": EMPTY_MD5,
        "content_type": content_type,
        "kind": kind,
        "meta": {},
        "sysmeta": {},
        "delete_at": None,
        "blob_id": None,
    }


def _mark(session: Session, container: Container, name: str, ts: int, version_id: str) -> str:
    objects.set_latest_marker(session, container.id, name, False)
    old = objects.version(session, container.id, name, version_id)
    if old is not None:
        drop_version(session, container, name, old, ts)
    objects.add_version(session, container.id, name, marker_values(ts, version_id), latest=True)
    containers.count(session, container.id, ts, 0, 0, 1, 0)
    return version_id or "null"


def drop_version(session: Session, container: Container, name: str, row: Any, ts: int) -> None:
    "Forget one older version or marker for good."
    parts.release(session, row, ts)
    objects.remove_version(session, container.id, name, row.version_id)
    containers.count(session, container.id, ts, 0, 0, -1, -row.stored)


def _leave_history_marker(session: Session, container: Container, name: str, ts: int) -> None:
    target = containers.get(
        session, container.account, container.sysmeta["versions_location"], lock=True
    )
    if target is None:
        raise ContainerNotFound("The container of X-History-Location does not exist.")
    put_row(session, target.id, _archived_name(name, ts), marker_values(ts, "", kind=""))
    containers.count(session, target.id, ts, 1, 0)


def _restore(session: Session, container: Container, name: str, ts: int, had_one: bool) -> None:
    """Bring back the newest version from the container of older ones. A marker that history mode
    left is taken away: it brings back nothing, unless it is what this DELETE undoes."""
    target = containers.get(
        session, container.account, container.sysmeta["versions_location"], lock=True
    )
    values = _pop(session, target, name, ts) if target is not None else None
    if not had_one:
        if values is None:
            raise ObjectNotFound()
        if _is_marker(values):
            values = _pop(session, target, name, ts)
    if values is None or _is_marker(values):
        return
    objects.insert_row(session, container.id, name, values)
    containers.count(session, container.id, ts, 1, values["stored"])


def _is_marker(values: dict[str, Any]) -> bool:
    return str(values["content_type"]).startswith(MARKER_TYPE)


def _pop(session: Session, target: Any, name: str, ts: int) -> dict[str, Any] | None:
    "The newest archived version of `name`, taken out of the container of versions."
    query = listing.Query(1, prefix=_prefix(name), reverse=True)
    rows = containers.objects(session, target.id, query)
    if not rows:
        return None
    archived = rows[0][0]
    values = objects.values_of(objects.get(session, target.id, archived))
    objects.remove_row(session, target.id, archived)
    containers.count(session, target.id, ts, -1, -values["stored"])
    return values
