"""Metadata definitions as JSON."""

from __future__ import annotations

from typing import Any

from image.core.metadefs import Whole
from image.store.definition_models import Association, Definition, Namespace
from image.views.images import moment


def _stamps(row: Any) -> dict[str, str]:
    return {"created_at": moment(row.created_at), "updated_at": moment(row.updated_at)}


def namespace(whole: Whole) -> dict[str, Any]:
    "A namespace as lists show it."
    row = whole.namespace
    view: dict[str, Any] = {"namespace": row.namespace}
    for key in ("display_name", "description", "owner"):
        if getattr(row, key) is not None:
            view[key] = getattr(row, key)
    view |= {"visibility": row.visibility, "protected": row.protected, **_stamps(row)}
    if whole.associations:
        view["resource_type_associations"] = [association(a) for a in whole.associations]
    view["self"] = f"/v2/metadefs/namespaces/{row.namespace}"
    view["schema"] = "/v2/schemas/metadefs/namespace"
    return view


def full(whole: Whole, prefix: str = "") -> dict[str, Any]:
    "A namespace with its contents; `prefix` stands before the names of properties."
    view = namespace(whole)
    if whole.objects:
        view["objects"] = [member(whole.namespace, o) for o in whole.objects]
    if whole.properties:
        view["properties"] = {prefix + p.name: p.body for p in whole.properties}
    if whole.tags:
        view["tags"] = [{"name": t.name} for t in whole.tags]
    return view


def member(space: Namespace | str, row: Definition) -> dict[str, Any]:
    "An object or a tag."
    name = space if isinstance(space, str) else space.namespace
    plural = {"object": "objects", "tag": "tags"}[row.kind]
    view = {"name": row.name, **row.body, **_stamps(row)}
    if row.kind == "object":
        view.setdefault("required", [])
        view.setdefault("properties", {})
    view["self"] = f"/v2/metadefs/namespaces/{name}/{plural}/{row.name}"
    view["schema"] = f"/v2/schemas/metadefs/{row.kind}"
    return view


def association(row: Association) -> dict[str, Any]:
    "A resource type of a namespace."
    view: dict[str, Any] = {"name": row.resource_type, **_stamps(row)}
    for key in ("prefix", "properties_target"):
        if getattr(row, key) is not None:
            view[key] = getattr(row, key)
    return view
