"""Metadata definitions: what properties, objects and tags mean, for dashboards that offer them.

Source: Metadata Definitions Service API v2. Public namespaces are for everybody, private ones for
their project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.context import Context
from common.db import utcnow
from image.core import Deps
from image.errors import (
    DefinitionNotFound,
    DuplicateDefinition,
    InvalidFilter,
    ProtectedDefinition,
)
from image.store import definitions as table
from image.store.definition_models import Association, Definition, Namespace

FIELDS = ("display_name", "description", "visibility", "protected", "owner")
OBJECTS, PROPERTIES, TAGS = "object", "property", "tag"


@dataclass
class Whole:
    "A namespace with all that is in it."

    namespace: Namespace
    objects: Sequence[Definition] = ()
    properties: Sequence[Definition] = ()
    tags: Sequence[Definition] = ()
    associations: Sequence[Association] = field(default_factory=list)


def _target(namespace: Namespace) -> dict[str, Any]:
    return {"project_id": namespace.owner, "visibility": namespace.visibility}


def require(session: Any, ctx: Context, name: str, rule: str, *, lock: bool = False) -> Namespace:
    "A namespace in the caller's sight for which `rule` holds. Raises DefinitionNotFound."
    found = table.namespace(session, name, lock=lock)
    if found is None or not (
        ctx.is_admin or found.visibility == "public" or found.owner == ctx.project_id
    ):
        ctx.enforced = True
        raise DefinitionNotFound(kind="namespace", name=name)
    ctx.enforce(rule, _target(found))
    return found


def find(deps: Deps, ctx: Context, args: Mapping[str, str], limit: int) -> Sequence[Whole]:
    "A page of namespaces with their associations."
    query: dict[str, Any] = {
        "limit": limit,
        "marker": args.get("marker"),
        "sort_key": args.get("sort_key", "created_at"),
        "sort_dir": args.get("sort_dir", "desc"),
        "visibility": args.get("visibility"),
        "resource_types": [t for t in args.get("resource_types", "").split(",") if t],
    }
    for name, values in (
        ("sort_key", table.SORT_KEYS),
        ("sort_dir", ("asc", "desc")),
        ("visibility", (None, "public", "private")),
    ):
        if query[name] not in values:
            reason = f"One of {', '.join(v for v in values if v)}."
            raise InvalidFilter(field=name, value=query[name], reason=reason)
    with deps.db.read() as session:
        found = table.page(session, table.visible(ctx.project_id, ctx.is_admin), query)
        if found is None:
            reason = "There is no such namespace."
            raise InvalidFilter(field="marker", value=query["marker"], reason=reason)
        links = table.associations(session, [n.id for n in found])
    return [Whole(n, associations=[a for a in links if a.namespace_id == n.id]) for n in found]


def show(deps: Deps, ctx: Context, name: str) -> Whole:
    "A namespace and everything in it."
    with deps.db.read() as session:
        return _whole(session, require(session, ctx, name, "get_metadef_namespace"))


def _whole(session: Any, namespace: Namespace) -> Whole:
    ids = [namespace.id]
    return Whole(
        namespace,
        table.members(session, ids, OBJECTS),
        table.members(session, ids, PROPERTIES),
        table.members(session, ids, TAGS),
        table.associations(session, ids),
    )


def create(deps: Deps, ctx: Context, body: Mapping[str, Any]) -> Whole:
    "A namespace, with what the body brings along."
    ctx.enforce("add_metadef_namespace", {"project_id": ctx.project_id})
    with deps.db.write() as session:
        return add_whole(session, {"owner": ctx.project_id, **body})


def add_whole(session: Any, body: Mapping[str, Any]) -> Whole:
    "Write a namespace and its contents. Raises DuplicateDefinition."
    name = body["namespace"]
    if table.namespace(session, name) is not None:
        raise DuplicateDefinition(kind="namespace", name=name)
    values = {k: body[k] for k in FIELDS if k in body}
    namespace = table.add_namespace(session, namespace=name, **values)
    for link in body.get("resource_type_associations", []):
        _associate(session, namespace, link)
    for schema_name, schema in body.get("properties", {}).items():
        _add(session, namespace, PROPERTIES, schema_name, schema)
    for entry in body.get("objects", []):
        _add(session, namespace, OBJECTS, entry["name"], contents(entry))
    for entry in body.get("tags", []):
        _add(session, namespace, TAGS, entry["name"], {})
    return _whole(session, namespace)


def change(deps: Deps, ctx: Context, name: str, body: Mapping[str, Any]) -> Whole:
    "Replace what a namespace says about itself; its name may change."
    with deps.db.write() as session:
        found = require(session, ctx, name, "modify_metadef_namespace", lock=True)
        if body["namespace"] != name and table.namespace(session, body["namespace"]) is not None:
            raise DuplicateDefinition(kind="namespace", name=body["namespace"])
        found.namespace = body["namespace"]
        for key in FIELDS:
            if key in body:
                setattr(found, key, body[key])
        found.updated_at = utcnow()
        return _whole(session, found)


def remove(deps: Deps, ctx: Context, name: str) -> None:
    "Delete a namespace and everything in it."
    with deps.db.write() as session:
        found = require(session, ctx, name, "delete_metadef_namespace", lock=True)
        _not_protected(found)
        table.remove_namespace(session, found.id)


def _not_protected(namespace: Namespace) -> None:
    if namespace.protected:
        raise ProtectedDefinition(kind="namespace", name=namespace.namespace)


def contents(body: Mapping[str, Any]) -> dict[str, Any]:
    "What is kept of an object or property besides its name."
    return {
        k: v
        for k, v in body.items()
        if k not in ("name", "self", "schema", "created_at", "updated_at")
    }


def _add(session: Any, namespace: Namespace, kind: str, name: str, body: Any) -> Definition:
    if table.member(session, namespace.id, kind, name) is not None:
        raise DuplicateDefinition(kind=kind, name=name)
    return table.add_member(session, namespace.id, kind, name, body)


def members(
    deps: Deps, ctx: Context, namespace: str, kind: str, rule: str
) -> tuple[Namespace, Sequence[Definition]]:
    "The objects, properties or tags of a namespace."
    with deps.db.read() as session:
        found = require(session, ctx, namespace, rule)
        return found, table.members(session, [found.id], kind)


def member(
    deps: Deps, ctx: Context, namespace: str, kind: str, name: str, resource_type: str | None = None
) -> Definition:
    "One of them; with a resource type a property may be named with that type's prefix."
    with deps.db.read() as session:
        found = require(session, ctx, namespace, f"get_metadef_{kind}")
        wanted = name
        if resource_type is not None:
            link = table.association(session, found.id, resource_type)
            if link is None:
                raise DefinitionNotFound(kind="resource type association", name=resource_type)
            wanted = name.removeprefix(link.prefix or "")
        entry = table.member(session, found.id, kind, wanted)
        if entry is None:
            raise DefinitionNotFound(kind=kind, name=name)
        return entry


def add_member(
    deps: Deps, ctx: Context, namespace: str, kind: str, name: str, body: Any
) -> Definition:
    "A new object, property or tag."
    with deps.db.write() as session:
        found = require(session, ctx, namespace, f"add_metadef_{kind}", lock=True)
        return _add(session, found, kind, name, body)


def change_member(
    deps: Deps, ctx: Context, namespace: str, kind: str, name: str, body: Mapping[str, Any]
) -> Definition:
    "Replace an object, property or tag; `body` has its (maybe new) name."
    with deps.db.write() as session:
        found = require(session, ctx, namespace, f"modify_metadef_{kind}", lock=True)
        entry = table.member(session, found.id, kind, name)
        if entry is None:
            raise DefinitionNotFound(kind=kind, name=name)
        if body["name"] != name and table.member(session, found.id, kind, body["name"]):
            raise DuplicateDefinition(kind=kind, name=body["name"])
        entry.name, entry.body, entry.updated_at = body["name"], contents(body), utcnow()
        return entry


def remove_member(deps: Deps, ctx: Context, namespace: str, kind: str, name: str) -> None:
    "Delete one of them."
    verb = "remove" if kind == PROPERTIES else "delete"
    with deps.db.write() as session:
        found = require(session, ctx, namespace, f"{verb}_metadef_{kind}", lock=True)
        _not_protected(found)
        entry = table.member(session, found.id, kind, name)
        if entry is None:
            raise DefinitionNotFound(kind=kind, name=name)
        table.remove(session, entry.id)


def clear(deps: Deps, ctx: Context, namespace: str, kind: str, rule: str) -> None:
    "Delete all of a kind."
    with deps.db.write() as session:
        found = require(session, ctx, namespace, rule, lock=True)
        _not_protected(found)
        table.clear(session, found.id, kind)


def set_tags(
    deps: Deps, ctx: Context, namespace: str, names: Sequence[str], *, append: bool
) -> Sequence[Definition]:
    "Replace a namespace's tags, or add to them."
    with deps.db.write() as session:
        found = require(session, ctx, namespace, "add_metadef_tags", lock=True)
        if len(set(names)) != len(names):
            raise DuplicateDefinition(kind=TAGS, name=", ".join(names))
        if not append:
            table.clear(session, found.id, TAGS)
        have = {t.name for t in table.members(session, [found.id], TAGS)}
        for name in names:
            if name not in have:
                table.add_member(session, found.id, TAGS, name, {})
        return table.members(session, [found.id], TAGS)


def associations(deps: Deps, ctx: Context, namespace: str) -> Sequence[Association]:
    "The resource types that a namespace is for."
    with deps.db.read() as session:
        found = require(session, ctx, namespace, "get_metadef_resource_type")
        return table.associations(session, [found.id])


def associate(deps: Deps, ctx: Context, namespace: str, body: Mapping[str, Any]) -> Association:
    "Say that a namespace is for a resource type."
    with deps.db.write() as session:
        rule = "add_metadef_resource_type_association"
        found = require(session, ctx, namespace, rule, lock=True)
        return _associate(session, found, body)


def _associate(session: Any, namespace: Namespace, body: Mapping[str, Any]) -> Association:
    if table.association(session, namespace.id, body["name"]) is not None:
        raise DuplicateDefinition(kind="resource type association", name=body["name"])
    return table.associate(
        session,
        namespace.id,
        body["name"],
        prefix=body.get("prefix"),
        properties_target=body.get("properties_target"),
    )


def dissociate(deps: Deps, ctx: Context, namespace: str, name: str) -> None:
    "Take a resource type away from a namespace."
    with deps.db.write() as session:
        rule = "remove_metadef_resource_type_association"
        found = require(session, ctx, namespace, rule, lock=True)
        _not_protected(found)
        if not table.dissociate(session, found.id, name):
            raise DefinitionNotFound(kind="resource type association", name=name)


def load(deps: Deps, catalogue: Sequence[Mapping[str, Any]], *, only_if_empty: bool = False) -> int:
    "Add the namespaces of a catalogue that are not there yet; returns how many."
    added = 0
    with deps.db.write() as session:
        if only_if_empty and not table.is_empty(session):
            return 0
        for body in catalogue:
            if table.namespace(session, body["namespace"]) is None:
                add_whole(session, body)
                added += 1
    return added
