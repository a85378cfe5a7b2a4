"Regions, services, endpoints, endpoint groups, policies: the catalog as administrators keep it."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, listing, memory, resources
from identity.errors import Duplicate, InUse, Invalid, NotAllowed
from identity.store import Session, rows
from identity.store import listing as listing_store
from identity.store.models import (
    Base,
    Endpoint,
    EndpointGroup,
    Policy,
    PolicyAssociation,
    Region,
    RegisteredLimit,
    Service,
)

_KINDS: dict[str, tuple[type[Base], tuple[str, ...]]] = {
    "region": (Region, ("description", "parent_region_id")),
    "service": (Service, ("type", "name", "description", "enabled")),
    "endpoint": (
        Endpoint,
        ("interface", "region_id", "service_id", "url", "enabled", "description"),
    ),
    "endpoint_group": (EndpointGroup, ("name", "description", "filters")),
    "policy": (Policy, ("type", "blob")),
}
_FILTERS = {
    "region": ("parent_region_id", ""),
    "service": ("name type", "enabled"),
    "endpoint": ("interface service_id region_id", "enabled"),
    "endpoint_group": ("name", ""),
    "policy": ("type", ""),
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "region": {"extra": {}},
    "service": {"extra": {}, "enabled": True},
    "endpoint": {"extra": {}, "enabled": True},
    "endpoint_group": {},
    "policy": {"extra": {}},
}


def get(deps: Deps, kind: str, row_id: str) -> Any:
    "A region, service or endpoint. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, _KINDS[kind][0], row_id, kind)


def list_all(deps: Deps, kind: str, args: Mapping[str, str]) -> tuple[list[Any], bool]:
    "Those that a query asks for."
    names, flags = _FILTERS[kind]
    renames = {"region": "region_id"} if kind == "endpoint" else None
    wanted = listing.parse(deps, args, names, booleans=flags, renames=renames)
    with deps.db.read() as session:
        return listing_store.everything(session, _KINDS[kind][0], wanted)


def create(deps: Deps, ctx: Context, kind: str, given: dict[str, Any]) -> Any:
    "A new one. Raises Duplicate, Invalid."
    model, known = _KINDS[kind]
    row = model(id=given.get("id") or new_hex(), **_DEFAULTS[kind])
    with deps.db.write() as session:
        _check(session, kind, given, None)
        resources.apply(row, given, known)
        if session.get(model, row.id) is not None:  # type: ignore[attr-defined]
            raise Duplicate.name(kind, row.id)  # type: ignore[attr-defined]
        rows.add(session, row, lambda: Duplicate.name(kind, row.id))  # type: ignore[attr-defined]
        rows.bump(session, "catalog")
    _changed(deps, ctx, kind, "created", row.id)  # type: ignore[attr-defined]
    return row


def update(deps: Deps, ctx: Context, kind: str, row_id: str, given: dict[str, Any]) -> Any:
    "Change one. Raises NoSuch, Invalid, NotAllowed for another id."
    model, known = _KINDS[kind]
    with deps.db.write() as session:
        row: Any = rows.get(session, model, row_id, kind)
        if given.pop("id", row_id) != row_id:
            raise NotAllowed(f"the id of a {kind} cannot be changed.")
        _check(session, kind, given, row_id)
        if given.get("filters", ()) is None:
            del given["filters"]
        resources.apply(row, given, known)
        rows.flush(session)
        rows.bump(session, "catalog")
    _changed(deps, ctx, kind, "updated", row_id)
    return row


def delete(deps: Deps, ctx: Context, kind: str, row_id: str) -> None:
    """Delete one: a service with its endpoints, a region only when nothing is in it, an endpoint
    group with what projects have of it, a policy with its associations. Raises NoSuch, InUse."""
    with deps.db.write() as session:
        row = rows.get(session, _KINDS[kind][0], row_id, kind)
        if kind == "region":
            _refuse_used_region(session, row_id)
        if kind == "service":
            rows.remove(session, Endpoint, service_id=row_id)
        if kind in ("service", "endpoint"):
            rows.remove(session, PolicyAssociation, **{f"{kind}_id": row_id})
        if kind == "region":
            rows.remove(session, PolicyAssociation, region_id=row_id)
        session.delete(row)
        rows.flush(session, lambda: InUse(f"The {kind} {row_id} is still in use."))
        rows.bump(session, "catalog")
    _changed(deps, ctx, kind, "deleted", row_id)


def _refuse_used_region(session: Session, region_id: str) -> None:
    if rows.find(session, Region, parent_region_id=region_id):
        raise NotAllowed(f"the region {region_id} has regions below it.")
    if rows.find(session, Endpoint, region_id=region_id) or rows.find(
        session, RegisteredLimit, region_id=region_id
    ):
        raise InUse(f"The region {region_id} still has endpoints or limits.")


def _changed(deps: Deps, ctx: Context, kind: str, operation: str, row_id: str) -> None:
    deps.memory.refresh()
    audit.changed(deps, ctx, kind, operation, row_id)


def _check(session: Session, kind: str, given: dict[str, Any], row_id: str | None) -> None:
    if kind == "region":
        _check_parent(session, given.get("parent_region_id"), row_id)
    if kind == "endpoint":
        if "region" in given:  # the name that v2 clients use
            given["region_id"] = given.pop("region")
            if given["region_id"] and session.get(Region, given["region_id"]) is None:
                rows.add(session, Region(id=given["region_id"], description="", extra={}))
        if given.get("region_id") and session.get(Region, given["region_id"]) is None:
            raise Invalid("region_id", f"there is no region {given['region_id']}.")
        if "service_id" in given and session.get(Service, given["service_id"]) is None:
            raise Invalid("service_id", f"there is no service {given['service_id']}.")
        _check_url(given.get("url"))


def _check_url(url: str | None) -> None:
    probe: dict[str, str | None] = {"project_id": "x", "tenant_id": "x", "user_id": "x"}
    if url is not None and any(
        mark in (memory.substitute(url, probe) or "") for mark in ("$(", "%(")
    ):
        raise Invalid("url", "only $(project_id)s, $(tenant_id)s and $(user_id)s can be put in.")


def _check_parent(session: Session, parent_id: str | None, row_id: str | None) -> None:
    seen = {row_id}
    while parent_id:
        if parent_id in seen:
            raise Invalid("parent_region_id", "a region cannot be above itself.")
        seen.add(parent_id)
        parent = session.get(Region, parent_id)
        if parent is None:
            raise Invalid("parent_region_id", f"there is no region {parent_id}.")
        parent_id = parent.parent_region_id
