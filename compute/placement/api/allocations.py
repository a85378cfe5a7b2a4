"Allocations, usages of projects, allocation candidates, the reshaper; traits and resource classes."

import re
from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import BadRequest, Conflict, NotFound
from common.http import Api, Reply, Version
from compute.core import Deps
from compute.placement import candidates, core, schemas, views
from compute.store import allocations, placement
from compute.store.models import ResourceClass, Trait

api = Api()
READ, WRITE = "placement:read", "placement:write"


@api.get("/allocations/<consumer>", policy=READ)
def show(deps: Deps, consumer: str, version: Version) -> dict[str, Any]:
    "What a consumer holds."
    with deps.db.read() as session:
        held = allocations.held_by(session, consumer)
        rows = {p.id: p for p in placement.providers(session)} if held else {}
        return views.allocations(
            held, rows, allocations.consumers(session, [consumer]).get(consumer), version
        )


@api.put("/allocations/<consumer>", policy=WRITE, body=schemas.PUT)
def put(deps: Deps, consumer: str, body: dict[str, Any]) -> Reply:
    "Make it exactly this."
    core.check_uuid(consumer)
    core.put_allocations(deps, {consumer: _modern(body)})
    return Reply(None, 204)


def _modern(body: dict[str, Any]) -> dict[str, Any]:
    if isinstance(body["allocations"], list):
        rows = {
            a["resource_provider"]["uuid"]: {"resources": a["resources"]}
            for a in body["allocations"]
        }
        return {**body, "allocations": rows}
    return body


@api.post("/allocations", policy=WRITE, body=schemas.POST, since="1.13")
def post(deps: Deps, body: dict[str, Any]) -> Reply:
    "The same for several consumers at once."
    core.put_allocations(deps, body)
    return Reply(None, 204)


@api.delete("/allocations/<consumer>", policy=WRITE)
def delete(deps: Deps, consumer: str) -> None:
    "Give everything back."
    with deps.db.write() as session:
        if not allocations.held_by(session, consumer):
            raise NotFound(f"No allocations for consumer '{consumer}'")
        allocations.release(session, consumer)


@api.get("/usages", since="1.9")
def usages(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "What a project holds."
    project = args.get("project_id")
    if not project:
        raise BadRequest("Invalid query string parameters: 'project_id' is a required property")
    ctx.enforce("placement:usages", {"project_id": project})
    by_type = version >= "1.38"
    with deps.db.read() as session:
        rows = allocations.totals(session, project, args.get("user_id"), by_type)
    if not by_type:
        return {"usages": {rc: n for _, rc, n, _ in rows}}
    wanted = args.get("consumer_type")
    out: dict[str, Any] = {}
    for kind, rc, amount, count in rows:
        name = "all" if wanted == "all" else kind or "unknown"
        if wanted in (None, "all", name):
            group = out.setdefault(name, {"consumer_count": 0})
            group[rc] = group.get(rc, 0) + amount
            group["consumer_count"] = max(group["consumer_count"], count)
    return {"usages": out}


@api.get("/allocation_candidates", policy=READ, since="1.10")
def allocation_candidates(
    deps: Deps, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "Where something would fit."
    groups = candidates.parse(args)
    if args.get("limit", "1") == "0" or not args.get("limit", "1").isdigit():
        raise BadRequest("Invalid query string parameters: limit must be 1 or more")
    policy = args.get("group_policy")
    if len([s for s in groups if s]) > 1 and version < "1.36" and policy is None:
        raise BadRequest(
            'The "group_policy" parameter is required when specifying more than one "resources{N}".'
        )
    if policy not in (None, "none", "isolate"):
        raise BadRequest("Invalid query string parameters: group_policy must be none or isolate")
    root = (
        candidates.parse_traits(args.getlist("root_required")) if "root_required" in args else None
    )
    with deps.db.read() as session:
        for rc in {rc for g in groups.values() for rc in g.resources}:
            core.check_class(session, rc)
        universe = candidates.Universe.load(session)
    limit = int(args["limit"]) if "limit" in args and version >= "1.16" else None
    found = candidates.find(
        universe, groups, isolate=policy == "isolate", root_required=root, limit=limit
    )
    return views.candidates(
        universe, found, {rc for g in groups.values() for rc in g.resources}, version
    )


@api.post("/reshaper", policy=WRITE, body=schemas.RESHAPE, since="1.30")
def reshaper(deps: Deps, body: dict[str, Any]) -> Reply:
    "Inventories and allocations at once."
    core.reshape(deps, body["inventories"], body["allocations"])
    return Reply(None, 204)


@api.get("/traits", policy=READ, since="1.6")
def traits(deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "All traits; `name` in:A,B or startswith:X; `associated` only those that a provider has."
    with deps.db.read() as session:
        found = core.standard_traits() | set(placement.custom_traits(session))
        if args.get("associated", "").lower() in ("true", "1"):
            found &= placement.used_traits(session)
    kind, _, value = args.get("name", "").partition(":")
    if kind == "in":
        found &= set(value.split(","))
    elif kind == "startswith":
        found = {t for t in found if t.startswith(value)}
    elif kind:
        raise BadRequest(
            "Badly formatted name parameter. Expected name query string parameter in form: "
            "?name=[in|startswith]:[name1,name2|prefix]."
        )
    return {"traits": sorted(found)}


@api.get("/traits/<name>", policy=READ, since="1.6")
def trait(deps: Deps, name: str) -> Reply:
    "Whether it exists."
    with deps.db.read() as session:
        if name not in core.standard_traits() and name not in placement.custom_traits(session):
            raise NotFound(f"No such trait: {name}")
    return Reply(None, 204)


@api.put("/traits/<name>", policy=WRITE, since="1.6")
def make_trait(deps: Deps, name: str) -> Reply:
    "A custom trait."
    _check_custom("trait", name)
    headers = {"Location": f"/placement/traits/{name}"}
    with deps.db.write() as session:
        if name in placement.custom_traits(session):
            return Reply(None, 204, headers)
        session.add(Trait(name=name))
    return Reply(None, 201, headers)


def _check_custom(what: str, name: str) -> None:

    if not re.fullmatch("CUSTOM_[A-Z0-9_]{1,248}", name):
        raise BadRequest(
            f"The {what} is invalid. A valid {what} must be no longer than 255 characters, start "
            f"with the "
            f'prefix "CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
        )


@api.delete("/traits/<name>", policy=WRITE, since="1.6")
def drop_trait(deps: Deps, name: str) -> None:
    "Remove a custom trait that nobody has."
    if name in core.standard_traits():
        raise BadRequest(f"Cannot delete standard trait {name}.")
    with deps.db.write() as session:
        row = placement.custom_traits(session).get(name)
        if row is None:
            raise NotFound(f"No such trait: {name}")
        if placement.trait_in_use(session, name):
            raise Conflict(f"The trait {name} is in use by a resource provider.")
        session.delete(row)


@api.get("/resource_classes", policy=READ, since="1.2")
def classes(deps: Deps) -> dict[str, Any]:
    "All classes."
    with deps.db.read() as session:
        names = [*core.STANDARD_CLASSES, *placement.custom_classes(session)]
    return {"resource_classes": [_class(n) for n in names]}


def _class(name: str) -> dict[str, Any]:
    return {"name": name, "links": [{"rel": "self", "href": f"/placement/resource_classes/{name}"}]}


@api.get("/resource_classes/<name>", policy=READ, since="1.2")
def one_class(deps: Deps, name: str) -> dict[str, Any]:
    "One."
    with deps.db.read() as session:
        if name not in core.STANDARD_CLASSES and name not in placement.custom_classes(session):
            raise NotFound(f"No such resource class: {name}")
    return _class(name)


@api.post("/resource_classes", policy=WRITE, body=schemas.RESOURCE_CLASS, since="1.2")
def make_class(deps: Deps, body: dict[str, Any]) -> Reply:
    "A custom class."
    return _make_class(deps, body["name"], again=409)


@api.put("/resource_classes/<name>", policy=WRITE, since="1.7")
def put_class(deps: Deps, name: str) -> Reply:
    "A custom class, there already or not."
    _check_custom("resource class", name)
    return _make_class(deps, name, again=204)


def _make_class(deps: Deps, name: str, again: int) -> Reply:
    headers = {"Location": f"/placement/resource_classes/{name}"}
    with deps.db.write() as session:
        if name in placement.custom_classes(session):
            if again == 409:
                raise Conflict(f"Conflicting resource class already exists: {name}")
            return Reply(None, again, headers)
        session.add(ResourceClass(name=name))
    return Reply(None, 201, headers)


@api.delete("/resource_classes/<name>", policy=WRITE, since="1.2")
def drop_class(deps: Deps, name: str) -> None:
    "Remove a custom class of which there is no inventory."
    if name in core.STANDARD_CLASSES:
        raise BadRequest(f"Cannot delete standard resource class {name}.")
    with deps.db.write() as session:
        row = placement.custom_classes(session).get(name)
        if row is None:
            raise NotFound(f"No such resource class: {name}")
        if placement.class_in_use(session, name):
            raise Conflict(f"Resource class {name} is in use in inventory.")
        session.delete(row)
