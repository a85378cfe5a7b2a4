"""Containers: making, changing, listing, removing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.errors import Forbidden
from objectstore.core import Deps, Policy, clock, metadata
from objectstore.errors import ContainerNotEmpty, ContainerNotFound, InvalidHeader, PolicyConflict
from objectstore.store import Session, accounts, containers, objects, parts
from objectstore.store.listing import Query
from objectstore.store.models import Container


class TooManyContainers(Forbidden):
    "Reached the container limit of {limit}."


@dataclass(slots=True)
class Settings:
    "What a PUT or POST says about a container; an empty text removes, what is not named stays."

    meta: dict[str, str] = field(default_factory=dict)
    sysmeta: dict[str, Any] = field(default_factory=dict)
    policy: Policy | None = None


def get(deps: Deps, account: str, name: str) -> Container:
    "The container. Raises ContainerNotFound."
    with deps.db.read() as session:
        container = containers.get(session, account, name)
    if container is None:
        raise ContainerNotFound()
    return container


def find(deps: Deps, account: str, name: str) -> Container | None:
    "The container or None."
    with deps.db.read() as session:
        return containers.get(session, account, name)


def put(deps: Deps, account: str, name: str, settings: Settings) -> bool:
    """Make the container, or change one that is there; True when it was made. Raises
    PolicyConflict, TooManyContainers,
    InvalidHeader."""

    def work(session: Session) -> bool:
        now = clock.now()
        accounts.ensure(session, account, now)
        container = containers.get(session, account, name, lock=True)
        made = container is None
        if container is None:
            limit = deps.config.limits.max_containers
            if limit and sum(t[1] for t in accounts.totals(session, account)) >= limit:
                raise TooManyContainers(limit=limit)
            container = containers.add(
                session, account, name, now, (settings.policy or deps.policies[0]).index
            )
        elif settings.policy is not None and settings.policy.index != container.policy:
            raise PolicyConflict()
        _apply(session, container, settings, now)
        return made

    return deps.committer.run(work)


def post(deps: Deps, account: str, name: str, settings: Settings) -> None:
    "Change a container. Raises ContainerNotFound, InvalidHeader."

    def work(session: Session) -> None:
        container = containers.get(session, account, name, lock=True)
        if container is None:
            raise ContainerNotFound()
        _apply(session, container, settings, clock.now())

    deps.committer.run(work)


def _apply(session: Session, container: Container, settings: Settings, now: int) -> None:
    container.meta = metadata.merged(container.meta, settings.meta, "Container")
    if settings.sysmeta:
        old = container.sysmeta
        new = {k: v for k, v in {**old, **settings.sysmeta}.items() if v != ""}
        if new.get("versioning") is not None and new.get("versions_location"):
            raise InvalidHeader(
                header="X-Versions-Enabled",
                reason="a container has either X-Versions-Enabled or a location for its versions",
            )
        if new.get("sync_to") and new.get("sync_to") != old.get("sync_to"):
            objects.note_all(session, container.id)
        container.sysmeta = new
    if settings.meta or settings.sysmeta:
        container.changed = now
    session.flush()


def delete(deps: Deps, account: str, name: str) -> None:
    "Forget an empty container. Raises ContainerNotFound, ContainerNotEmpty."

    def work(session: Session) -> None:
        container = containers.get(session, account, name, lock=True)
        if container is None:
            raise ContainerNotFound()
        if objects.any_in(session, container.id):
            raise ContainerNotEmpty()
        parts.drop_uploads(session, container.id, clock.now())
        containers.remove(session, container)

    deps.committer.run(work)


FEW = 500
"""Below so many rows it takes longer to ask for text (1 to 2 ms) than to make it of the rows."""


def list_objects(deps: Deps, container_id: int, query: Query) -> list[Any]:
    "Rows (name, size, etag, content_type, ts, kind, sysmeta text, version_id) and Subdirs."
    with deps.db.read() as session:
        return containers.objects(session, container_id, query)


def list_names(deps: Deps, container_id: int, query: Query) -> list[str]:
    "The same as names, all that a listing in plain text has."
    with deps.db.read() as session:
        return containers.names(session, container_id, query)


def list_as_text(deps: Deps, container: Container, query: Query) -> bytes | None:
    "The names a line each where the database can put them together, else None: see `list_names`."
    if min(query.limit, container.objects) < FEW:
        return None
    with deps.db.read() as session:
        text = containers.names_as_text(session, container.id, query)
        return None if text is None else text.encode()


def list_as_json(deps: Deps, container: Container, query: Query) -> bytes | None:
    """The JSON of a listing where the database can make it and that is the faster way, else None:
    see `list_objects`."""
    if min(query.limit, container.objects) < FEW:
        return None
    with deps.db.read() as session:
        text = containers.objects_as_json(session, container.id, query, clock.UNIT)
        return None if text is None else text.encode()


def list_versions(deps: Deps, container_id: int, query: Query, version_marker: str) -> list[Any]:
    "The same for every version, with whether it is the latest as the ninth column."
    with deps.db.read() as session:
        return containers.versions(session, container_id, query, version_marker)
