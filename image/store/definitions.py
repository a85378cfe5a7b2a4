"""Metadata definitions: namespaces, what is in them, and the resource types they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from image.store.base import rowcount
from image.store.definition_models import Association, Definition, Namespace, ResourceType

SORT_KEYS = ("namespace", "created_at", "updated_at", "display_name")


def namespace(session: Session, name: str, *, lock: bool = False) -> Namespace | None:
    "One namespace by name."
    query = select(Namespace).where(Namespace.namespace == name)
    return session.scalars(query.with_for_update() if lock else query).first()


def visible(project_id: str | None, is_admin: bool) -> Any:
    "The condition of namespaces that a caller sees: public and its own."
    if is_admin:
        return Namespace.id.is_not(None)
    return or_(Namespace.visibility == "public", Namespace.owner == project_id)


def page(session: Session, condition: Any, query: dict[str, Any]) -> Sequence[Namespace] | None:
    """Namespaces in order; `query` has resource_types, visibility, sort_key, sort_dir, limit and
    marker (a namespace). None if the marker is unknown."""
    found = select(Namespace).where(condition)
    if query.get("visibility"):
        found = found.where(Namespace.visibility == query["visibility"])
    if query.get("resource_types"):
        wanted = select(Association.namespace_id).where(
            Association.resource_type.in_(query["resource_types"])
        )
        found = found.where(Namespace.id.in_(wanted))
    column = getattr(Namespace, query["sort_key"])
    descending = query["sort_dir"] == "desc"
    if query.get("marker") is not None:
        after = namespace(session, query["marker"])
        if after is None:
            return None
        at = getattr(after, query["sort_key"])
        beyond = column < at if descending else column > at
        further = Namespace.id < after.id if descending else Namespace.id > after.id
        found = found.where(or_(beyond, (column == at) & further))
    order = (column.desc(), Namespace.id.desc()) if descending else (column, Namespace.id)
    return session.scalars(found.order_by(*order).limit(query["limit"])).all()


def is_empty(session: Session) -> bool:
    "Whether there is no namespace at all."
    return not session.scalar(select(func.count()).select_from(Namespace))


def add_namespace(session: Session, **values: Any) -> Namespace:
    "A new namespace."
    row = Namespace(**values)
    session.add(row)
    session.flush()
    return row


def remove_namespace(session: Session, namespace_id: int) -> None:
    "Remove a namespace and all that is in it."
    session.execute(delete(Namespace).where(Namespace.id == namespace_id))


def members(session: Session, namespace_ids: Sequence[int], kind: str) -> Sequence[Definition]:
    "The objects, properties or tags of namespaces, by name."
    query = select(Definition).where(
        Definition.namespace_id.in_(namespace_ids), Definition.kind == kind
    )
    return session.scalars(query.order_by(Definition.name)).all()


def member(session: Session, namespace_id: int, kind: str, name: str) -> Definition | None:
    "One object, property or tag."
    query = select(Definition).where(
        Definition.namespace_id == namespace_id, Definition.kind == kind, Definition.name == name
    )
    return session.scalars(query).first()


def add_member(session: Session, namespace_id: int, kind: str, name: str, body: Any) -> Definition:
    "A new object, property or tag."
    row = Definition(namespace_id=namespace_id, kind=kind, name=name, body=body)
    session.add(row)
    session.flush()
    return row


def clear(session: Session, namespace_id: int, kind: str) -> None:
    "Remove all of a kind."
    session.execute(
        delete(Definition).where(Definition.namespace_id == namespace_id, Definition.kind == kind)
    )


def remove(session: Session, definition_id: int) -> None:
    "Remove one."
    session.execute(delete(Definition).where(Definition.id == definition_id))


def resource_types(session: Session) -> Sequence[ResourceType]:
    "All resource types."
    return session.scalars(select(ResourceType).order_by(ResourceType.name)).all()


def ensure_resource_type(session: Session, name: str, protected: bool = False) -> None:
    "Make a resource type known."
    if session.get(ResourceType, name) is None:
        session.add(ResourceType(name=name, protected=protected))
        session.flush()


def associations(session: Session, namespace_ids: Sequence[int]) -> Sequence[Association]:
    "Associations of namespaces, by resource type."
    query = select(Association).where(Association.namespace_id.in_(namespace_ids))
    return session.scalars(query.order_by(Association.resource_type)).all()


def association(session: Session, namespace_id: int, name: str) -> Association | None:
    "One association."
    return session.get(Association, (namespace_id, name))


def associate(session: Session, namespace_id: int, name: str, **values: Any) -> Association:
    "A new association."
    ensure_resource_type(session, name)
    row = Association(namespace_id=namespace_id, resource_type=name, **values)
    session.add(row)
    session.flush()
    return row


def dissociate(session: Session, namespace_id: int, name: str) -> bool:
    "Remove an association; False if there was none."
    gone = session.execute(
        delete(Association).where(
            Association.namespace_id == namespace_id, Association.resource_type == name
        )
    )
    return rowcount(gone) > 0
