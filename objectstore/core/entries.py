"""Finding an object: what a name in a container stands for right now."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from objectstore.core import Deps
from objectstore.errors import ContainerNotFound, ObjectNotFound
from objectstore.store import objects


@dataclass(slots=True)
class Place:
    "A container and its account, as far as a request for an object needs them."

    account: str
    container: str
    container_id: int
    policy: int
    meta: dict[str, str]
    sysmeta: dict[str, Any]
    account_meta: dict[str, str]
    account_sysmeta: dict[str, Any]


@dataclass(slots=True)
class Entry:
    "An object, or an older version of one, with where its bytes are."

    place: Place
    name: str
    version_id: str
    ts: int
    size: int
    stored: int
    etag: str
    content_type: str
    kind: str
    meta: dict[str, str]
    sysmeta: dict[str, Any]
    delete_at: int | None
    blob_id: str | None
    locator: str
    blob_size: int
    blob_key: str | None

    @property
    def path(self) -> str:
        "/container/object."
        return f"/{self.place.container}/{self.name}"

    @property
    def is_expired(self) -> bool:
        "Whether its time is over, though the expirer has not come by yet."
        return self.delete_at is not None and self.delete_at <= time.time()


def _entry(place: Place, m: Mapping[str, Any], name: str) -> Entry:
    return Entry(
        place,
        name,
        m["version_id"],
        m["ts"],
        m["size"],
        m["stored"],
        m["etag"],
        m["content_type"],
        m["kind"],
        m["meta"],
        m["sysmeta"],
        m["delete_at"],
        m["blob_id"],
        m["locator"] or "",
        m["blob_size"] or 0,
        m["blob_key"],
    )


def find(
    deps: Deps, account: str, container: str, name: str, version_id: str | None = None
) -> tuple[Place, Entry | None]:
    """The container and what `name` is in it: None for nothing, or when its time is over.
    `version_id` asks for that
    version ("null" is the unversioned one); versions do not expire. Raises ContainerNotFound."""
    m = objects.find(deps.db, account, container, name)
    if m is None:
        raise ContainerNotFound()
    place = Place(
        account,
        container,
        m["c_id"],
        m["policy"],
        m["c_meta"],
        m["c_sysmeta"],
        m["a_meta"],
        m["a_sysmeta"],
    )
    current = _entry(place, m, name) if m["o_name"] is not None else None
    if version_id is not None and (current is None or (current.version_id or "null") != version_id):
        wanted = "" if version_id == "null" else version_id
        with deps.db.read() as session:
            older = objects.find_version(session, place.container_id, name, wanted)
        return place, _entry(place, older._mapping, name) if older is not None else None
    if current is not None and current.is_expired and version_id is None:
        return place, None
    return place, current


def existing(found: tuple[Place, Entry | None]) -> Entry:
    "The entry; raises ObjectNotFound for none."
    entry = found[1]
    if entry is None or entry.kind == "marker":
        raise ObjectNotFound()
    return entry


def listing_sysmeta(text: str | None) -> dict[str, Any]:
    "Sysmeta of a listing row, which is read as text because hardly a row needs it."
    return json.loads(text) if text else {}
