"Unified limits: defaults of the cloud, and what projects and domains have instead."

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, listing
from identity.errors import Duplicate, Invalid, NoSuch, NotAllowed
from identity.store import Session, rows
from identity.store import listing as listing_store
from identity.store import projects as project_store
from identity.store.models import Limit, Project, Region, RegisteredLimit, Service
from identity.store.types import Filter

MODELS = {
    "flat": "Limit enforcement and validation does not take project hierarchy into consideration.",
    "strict_two_level": "A domain's or project's children share its limit; trees are two levels "
    "deep.",
}


def list_registered(deps: Deps, args: Mapping[str, str]) -> tuple[list[RegisteredLimit], bool]:
    "Registered limits for a query."
    wanted = listing.parse(deps, args, "service_id region_id resource_name")
    with deps.db.read() as session:
        return listing_store.everything(session, RegisteredLimit, wanted)


def registered(deps: Deps, limit_id: str) -> RegisteredLimit:
    "One registered limit."
    with deps.db.read() as session:
        return rows.get(session, RegisteredLimit, limit_id, "registered limit")


def create_registered(deps: Deps, given: list[dict[str, Any]]) -> list[RegisteredLimit]:
    "New registered limits, all or none."
    made = []
    with deps.db.write() as session:
        for entry in given:
            _check_place(session, entry)
            row = RegisteredLimit(
                id=new_hex(),
                service_id=entry["service_id"],
                region_id=entry.get("region_id") or "",
                resource_name=entry["resource_name"],
                default_limit=entry["default_limit"],
                description=entry.get("description"),
            )
            if rows.find(
                session,
                RegisteredLimit,
                service_id=row.service_id,
                region_id=row.region_id,
                resource_name=row.resource_name,
            ):
                raise Duplicate("registered_limit", "Duplicate entry")
            made.append(
                rows.add(session, row, lambda: Duplicate("registered_limit", "Duplicate entry"))
            )
    return made


def _check_place(session: Session, entry: dict[str, Any]) -> None:
    if "service_id" in entry and session.get(Service, entry["service_id"]) is None:
        raise Invalid("service_id", f"there is no service {entry['service_id']}.")
    if entry.get("region_id") and session.get(Region, entry["region_id"]) is None:
        raise Invalid("region_id", f"there is no region {entry['region_id']}.")


def update_registered(deps: Deps, limit_id: str, given: dict[str, Any]) -> RegisteredLimit:
    "Change a registered limit; where limits refer to it only its number and description."
    with deps.db.write() as session:
        row = rows.get(session, RegisteredLimit, limit_id, "registered limit")
        _check_place(session, given)
        if set(given) & {"service_id", "region_id", "resource_name"} and rows.find(
            session, Limit, registered_limit_id=limit_id
        ):
            raise NotAllowed(
                "the registered limit has limits: only default_limit and description can be "
                "changed."
            )
        for name, value in given.items():
            setattr(row, name, (value or "") if name == "region_id" else value)
        rows.flush(session, lambda: Duplicate("registered_limit", "Duplicate entry"))
    return row


def delete_registered(deps: Deps, limit_id: str) -> None:
    "Delete a registered limit that no limit refers to."
    with deps.db.write() as session:
        row = rows.get(session, RegisteredLimit, limit_id, "registered limit")
        if rows.find(session, Limit, registered_limit_id=limit_id):
            raise NotAllowed("the registered limit has limits.")
        session.delete(row)


def list_limits(
    deps: Deps, ctx: Context, args: Mapping[str, str]
) -> tuple[list[tuple[Limit, RegisteredLimit]], bool]:
    "Limits for a query; who is no reader of the system sees those of their own scope."
    wanted = listing.parse(deps, args, "project_id domain_id")
    if not (ctx.is_admin or ctx.system == "all"):
        own = (
            Filter("project_id", "equals", ctx.project_id)
            if ctx.project_id
            else Filter("domain_id", "equals", ctx.domain_id or "-")
        )
        wanted = listing.narrowed(wanted, own)
    with deps.db.read() as session:
        chosen = {k: args[k] for k in ("service_id", "region_id", "resource_name") if args.get(k)}
        known = {r.id: r for r in rows.every(session, RegisteredLimit, **chosen)}
        if chosen:
            wanted = listing.narrowed(wanted, Filter("registered_limit_id", "in", list(known)))
        found, more = listing_store.everything(session, Limit, wanted)
        return [(limit, known[limit.registered_limit_id]) for limit in found], more


def load(deps: Deps, ctx: Context, limit_id: str) -> tuple[Limit, RegisteredLimit]:
    "One limit with what it refers to."
    with deps.db.read() as session:
        limit = session.get(Limit, limit_id)
        project = session.get(Project, limit.project_id) if limit and limit.project_id else None
        ctx.enforce(
            "identity:get_limit",
            {
                "target.limit.project_id": (limit.project_id or None) if limit else None,
                "target.limit.domain.id": (limit.domain_id or None) if limit else None,
                "target.limit.project.domain_id": project.domain_id if project else None,
            },
        )
        if limit is None:
            raise NoSuch("limit", limit_id)
        return limit, rows.get(
            session, RegisteredLimit, limit.registered_limit_id, "registered limit"
        )


def create(deps: Deps, given: list[dict[str, Any]]) -> list[tuple[Limit, RegisteredLimit]]:
    "New limits, all or none. Raises NotAllowed where the model says no."
    made = []
    with deps.db.write() as session:
        for entry in given:
            parent = rows.find(
                session,
                RegisteredLimit,
                service_id=entry["service_id"],
                region_id=entry.get("region_id") or "",
                resource_name=entry["resource_name"],
            )
            if parent is None:
                raise NotAllowed(
                    "there is no registered limit for the resource, service and region."
                )
            if bool(entry.get("project_id")) == bool(entry.get("domain_id")):
                raise Invalid("project_id", "either it or domain_id is needed.")
            place = rows.get(
                session, Project, entry.get("project_id") or entry.get("domain_id"), "project"
            )
            row = Limit(
                id=new_hex(),
                registered_limit_id=parent.id,
                project_id=entry.get("project_id") or "",
                domain_id=entry.get("domain_id") or "",
                resource_limit=entry["resource_limit"],
                description=entry.get("description"),
            )
            _refuse_tree(deps, session, parent, place, row.resource_limit)
            if rows.find(
                session,
                Limit,
                registered_limit_id=parent.id,
                project_id=row.project_id,
                domain_id=row.domain_id,
            ):
                raise Duplicate("limit", "Duplicate entry")
            made.append(
                (rows.add(session, row, lambda: Duplicate("limit", "Duplicate entry")), parent)
            )
    return made


def _refuse_tree(
    deps: Deps, session: Session, parent: RegisteredLimit, place: Project, number: int
) -> None:
    if deps.config.limit.enforcement_model != "strict_two_level":
        return
    limits = {
        limit.project_id or limit.domain_id: limit.resource_limit
        for limit in rows.every(session, Limit, registered_limit_id=parent.id)
    }
    above = place.ancestor_ids[-1:]
    if above and number > limits.get(above[0], parent.default_limit):
        raise NotAllowed("the limit is above that of the parent.")
    below = [limits[p.id] for p in project_store.below(session, place) if p.id in limits]
    if any(child > number for child in below):
        raise NotAllowed("the limit is below that of a child.")


def update(deps: Deps, limit_id: str, given: dict[str, Any]) -> tuple[Limit, RegisteredLimit]:
    "Change a limit."
    with deps.db.write() as session:
        limit = rows.get(session, Limit, limit_id, "limit")
        parent = rows.get(session, RegisteredLimit, limit.registered_limit_id, "registered limit")
        if "resource_limit" in given:
            place = rows.get(session, Project, limit.project_id or limit.domain_id, "project")
            _refuse_tree(deps, session, parent, place, given["resource_limit"])
        for name, value in given.items():
            setattr(limit, name, value)
    return limit, parent


def delete(deps: Deps, limit_id: str) -> None:
    "Delete a limit; the registered one holds again."
    with deps.db.write() as session:
        session.delete(rows.get(session, Limit, limit_id, "limit"))
