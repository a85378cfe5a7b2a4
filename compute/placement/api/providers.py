"Resource providers with their inventories, usages, traits and aggregates."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.errors import BadRequest, Conflict, NotFound
from common.http import Api, Reply, Version
from common.ids import new_id
from compute.core import Deps
from compute.placement import core, schemas, views
from compute.placement.candidates import (
    Group,
    Universe,
    member,
    parse_members,
    parse_resources,
    parse_traits,
    room,
)
from compute.store import allocations, placement

api = Api("/resource_providers")
READ, WRITE = "placement:read", "placement:write"


@api.get("", policy=READ)
def index(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Providers by name, uuid, tree, aggregates, traits and room."
    unknown = set(args) - {"name", "uuid", "in_tree", "member_of", "required", "resources"}
    if unknown:
        raise BadRequest(
            f"Invalid query string parameters: Additional properties are not allowed "
            f"({', '.join(unknown)})"
        )
    group = Group("")
    if "resources" in args:
        group.resources = parse_resources(args["resources"])
    group.required, group.forbidden = parse_traits(args.getlist("required"))
    group.member_of, group.not_member_of = parse_members(args.getlist("member_of"))
    for name in ("uuid", "in_tree"):
        if name in args:
            core.check_uuid(args[name])
    with deps.db.read() as session:
        rows = placement.search(
            session, name=args.get("name"), uuid=args.get("uuid"), in_tree=args.get("in_tree")
        )
        everything = Universe.load(session)
    known = {t for s in group.required for t in s} | group.forbidden
    if known - core.standard_traits() - {t for t in known if t.startswith("CUSTOM_")}:
        raise BadRequest(f"No such trait(s): {', '.join(sorted(known - core.standard_traits()))}.")
    rows = [r for r in rows if member(everything, r.id, group) and room(everything, r.id, group)]
    return {"resource_providers": [views.provider(r, everything.providers, version) for r in rows]}


@api.post("", policy=WRITE, body=schemas.CREATE)
def create(deps: Deps, body: dict[str, Any], version: Version) -> Reply:
    "A new one."
    uuid = body.get("uuid") or new_id()
    row = core.create(deps, body["name"], uuid, body.get("parent_provider_uuid"))
    headers = {"Location": f"/placement/resource_providers/{uuid}"}
    if version < "1.20":
        return Reply(None, 201, headers)
    with deps.db.read() as session:
        known = {p.id: p for p in placement.tree(session, [row.root_id])}
    return Reply(views.provider(row, known, version), 200, headers)


@api.get("/<uuid>", policy=READ)
def show(deps: Deps, uuid: str, version: Version) -> dict[str, Any]:
    "One."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        return views.provider(
            row, {p.id: p for p in placement.tree(session, [row.root_id])}, version
        )


@api.put("/<uuid>", policy=WRITE, body=schemas.UPDATE)
def update(deps: Deps, uuid: str, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "Rename, hang elsewhere."
    row = core.update(
        deps, uuid, body["name"], body.get("parent_provider_uuid", False), version >= "1.37"
    )
    with deps.db.read() as session:
        return views.provider(
            row, {p.id: p for p in placement.tree(session, [row.root_id])}, version
        )


@api.delete("/<uuid>", policy=WRITE)
def delete(deps: Deps, uuid: str) -> None:
    "Delete it."
    core.delete(deps, uuid)


@api.get("/<uuid>/inventories", policy=READ)
def inventories(deps: Deps, uuid: str) -> dict[str, Any]:
    "What it has."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        return views.inventories(row, placement.inventories(session, [row.id]).get(row.id, {}))


@api.put("/<uuid>/inventories", policy=WRITE, body=schemas.INVENTORIES)
def set_inventories(deps: Deps, uuid: str, body: dict[str, Any]) -> dict[str, Any]:
    "Make it exactly this."
    with deps.db.write() as session:
        row = core.provider(session, uuid, generation=body["resource_provider_generation"])
        return views.inventories(row, core.set_inventories(session, row, body["inventories"]))


@api.post("/<uuid>/inventories", policy=WRITE, body=schemas.POST_INVENTORY)
def add_inventory(deps: Deps, uuid: str, body: dict[str, Any]) -> Reply:
    "One more."
    name = body["resource_class"]
    with deps.db.write() as session:
        row = core.provider(session, uuid)
        core.check_class(session, name)
        if name in placement.inventories(session, [row.id]).get(row.id, {}):
            raise Conflict(f"Update conflict: inventory of {name} exists.")
        made = core.set_inventory(session, row, name, body)
        placement.bump(row)
        session.flush()
        return Reply(
            {"resource_provider_generation": row.generation, **views.inventory(made)},
            201,
            {"Location": f"/placement/resource_providers/{uuid}/inventories/{name}"},
        )


@api.delete("/<uuid>/inventories", policy=WRITE, since="1.5")
def drop_inventories(deps: Deps, uuid: str) -> None:
    "All of it."
    with deps.db.write() as session:
        core.set_inventories(session, core.provider(session, uuid), {})


@api.get("/<uuid>/inventories/<name>", policy=READ)
def inventory(deps: Deps, uuid: str, name: str) -> dict[str, Any]:
    "Of one class."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        found = placement.inventories(session, [row.id]).get(row.id, {}).get(name)
        if found is None:
            raise NotFound(f"No inventory of class {name} for {uuid}")
        return {"resource_provider_generation": row.generation, **views.inventory(found)}


@api.put("/<uuid>/inventories/<name>", policy=WRITE, body=schemas.INVENTORY)
def set_inventory(deps: Deps, uuid: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    "Change one that is there."
    with deps.db.write() as session:
        row = core.provider(session, uuid, generation=body["resource_provider_generation"])
        if name not in placement.inventories(session, [row.id]).get(row.id, {}):
            raise BadRequest(
                f"No inventory record with resource class for resource provider {uuid}: {name}."
            )
        made = core.set_inventory(session, row, name, body)
        placement.bump(row)
        session.flush()
        return {"resource_provider_generation": row.generation, **views.inventory(made)}


@api.delete("/<uuid>/inventories/<name>", policy=WRITE)
def drop_inventory(deps: Deps, uuid: str, name: str) -> None:
    "Remove one that nobody uses."
    with deps.db.write() as session:
        row = core.provider(session, uuid)
        if name not in placement.inventories(session, [row.id]).get(row.id, {}):
            raise NotFound(f"No inventory of class {name} found for delete: {uuid}")
        if placement.drop_inventory(session, row, [name]):
            raise Conflict(
                f"Unable to delete inventory: {name} is in use.",
                error_code="placement.inventory.inuse",
            )
        placement.bump(row)


@api.get("/<uuid>/usages", policy=READ)
def usages(deps: Deps, uuid: str) -> dict[str, Any]:
    "What is held of it."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        have = placement.inventories(session, [row.id]).get(row.id, {})
    return {
        "resource_provider_generation": row.generation,
        "usages": {rc: i.used for rc, i in have.items()},
    }


@api.get("/<uuid>/allocations", policy=READ)
def allocations_of(deps: Deps, uuid: str, version: Version) -> dict[str, Any]:
    "Who holds what of it."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        held = allocations.of_provider(session, row.id)
        who = allocations.consumers(session, list(held))
    rows: dict[str, Any] = {c: {"resources": r} for c, r in held.items()}
    if version >= "1.28":
        for consumer, one in rows.items():
            one["consumer_generation"] = who[consumer].generation
    return {"resource_provider_generation": row.generation, "allocations": rows}


@api.get("/<uuid>/traits", policy=READ, since="1.6")
def traits(deps: Deps, uuid: str) -> dict[str, Any]:
    "Its traits."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        found = placement.traits_of(session, [row.id]).get(row.id, set())
    return {"resource_provider_generation": row.generation, "traits": sorted(found)}


@api.put("/<uuid>/traits", policy=WRITE, body=schemas.TRAITS, since="1.6")
def set_traits(deps: Deps, uuid: str, body: dict[str, Any]) -> dict[str, Any]:
    "Make them exactly these."
    row, found = core.set_traits(deps, uuid, body["resource_provider_generation"], body["traits"])
    return {"resource_provider_generation": row.generation, "traits": found}


@api.delete("/<uuid>/traits", policy=WRITE, since="1.6")
def drop_traits(deps: Deps, uuid: str) -> None:
    "None."
    with deps.db.write() as session:
        row = core.provider(session, uuid)
        placement.set_traits(session, row, [])
        placement.bump(row)


@api.get("/<uuid>/aggregates", policy=READ, since="1.1")
def aggregates(deps: Deps, uuid: str, version: Version) -> dict[str, Any]:
    "Aggregates that it is in."
    with deps.db.read() as session:
        row = core.provider(session, uuid)
        found = placement.aggregates_of(session, [row.id]).get(row.id, set())
    return views.aggregates(row, found, version)


@api.put("/<uuid>/aggregates", policy=WRITE, body=schemas.AGGREGATES, since="1.1")
def set_aggregates(deps: Deps, uuid: str, body: Any, version: Version) -> dict[str, Any]:
    "Make them exactly these."
    wanted = body["aggregates"] if version >= "1.19" else body
    generation = body["resource_provider_generation"] if version >= "1.19" else None
    with deps.db.write() as session:
        row = core.provider(session, uuid, generation=generation)
        placement.set_aggregates(session, row, wanted)
        if version >= "1.19":
            placement.bump(row)
        return views.aggregates(row, set(wanted), version)
