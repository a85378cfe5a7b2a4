"""Images: finding the ones a caller may see, page by page, and loading them whole.

A list asks twice, whatever its length: once for ids and revisions in order, once for those that are
not yet rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, selectinload

from image.store.models import Image, Member, Property, Tag

LOADS = (selectinload(Image.properties), selectinload(Image.tags), selectinload(Image.blobs))
GONE = "pending_delete"
_OPS = {
    "eq": "__eq__",
    "neq": "__ne__",
    "gt": "__gt__",
    "gte": "__ge__",
    "lt": "__lt__",
    "lte": "__le__",
}


# built once: building the expression costs as much as running it
_OUTLINE = select(Image.id, Image.revision, Image.owner, Image.visibility).where(
    Image.id == bindparam("wanted"), Image.status != GONE
)


@dataclass(frozen=True)
class Viewer:
    """Who looks: administrators see everything, others their own, public, accepted and community
    images."""

    project_id: str | None
    is_admin: bool = False


@dataclass
class Listing:
    """Which images, in which order. `terms` are (column, operator, value); operator `in` takes a
    list."""

    terms: list[tuple[str, str, Any]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    visibility: str | None = None
    member_status: str = "accepted"
    hidden: bool = False
    sort: list[tuple[str, str]] = field(default_factory=list)
    limit: int = 25
    marker: str | None = None


def get(session: Session, image_id: str, *, lock: bool = False) -> Image | None:
    "The image with properties, tags and blobs, or None; one that is being deleted is gone already."
    query = select(Image).where(Image.id == image_id, Image.status != GONE).options(*LOADS)
    if lock:
        query = query.with_for_update()
    return session.scalars(query).unique().first()


def outline(session: Session, image_id: str) -> Any:
    "id, revision, owner and visibility of an image: enough to decide who may see it."
    return session.execute(_OUTLINE, {"wanted": image_id}).first()


def row(session: Session, image_id: str) -> Image | None:
    "The bare row, also of an image that is being deleted."
    return session.get(Image, image_id, with_for_update=True)


def load(session: Session, ids: Iterable[str]) -> Mapping[str, Image]:
    "Whole images by id."
    wanted = list(ids)
    if not wanted:
        return {}
    query = select(Image).where(Image.id.in_(wanted)).options(*LOADS)
    return {image.id: image for image in session.scalars(query)}


def page(session: Session, viewer: Viewer, listing: Listing) -> Sequence[tuple[str, int]] | None:
    """(id, revision) of the images of one page, in order; None if the marker is unknown to the
    viewer."""
    query = select(Image.id, Image.revision).where(Image.status != GONE, *_matching(listing))
    visible = _visible(viewer, listing)
    if visible is not None:
        query = query.where(visible)
    sort = _sort(listing)
    if listing.marker is not None:
        found = select(Image).where(Image.id == listing.marker, Image.status != GONE)
        if not viewer.is_admin:
            found = found.where(_in_sight(viewer))
        after = session.scalars(found).first()
        if after is None:
            return None
        query = query.where(_after(after, sort))
    query = _ordered(query, sort).limit(listing.limit)
    return session.execute(query).tuples().all()


def may_see(session: Session, viewer: Viewer, image: Any) -> bool:
    "Whether the viewer may know that `image` exists."
    if viewer.is_admin or image.visibility in ("public", "community"):
        return True
    if viewer.project_id is not None and image.owner == viewer.project_id:
        return True
    return image.visibility == "shared" and is_member(session, image.id, viewer.project_id)


def is_member(session: Session, image_id: str, project_id: str | None) -> bool:
    "Whether the image is shared with the project, accepted or not."
    if project_id is None:
        return False
    return session.get(Member, (image_id, project_id)) is not None


def _shared_with(viewer: Viewer, status: str | None) -> ColumnElement[bool]:
    member = exists().where(Member.image_id == Image.id, Member.member == viewer.project_id)
    if status is not None:
        member = member.where(Member.status == status)
    return and_(Image.visibility == "shared", member)


def _own(viewer: Viewer) -> ColumnElement[bool]:
    return Image.owner == viewer.project_id if viewer.project_id is not None else false()


def _in_sight(viewer: Viewer) -> ColumnElement[bool]:
    return or_(
        Image.visibility.in_(("public", "community")), _own(viewer), _shared_with(viewer, None)
    )


def _visible(viewer: Viewer, listing: Listing) -> ColumnElement[bool] | None:
    status = None if listing.member_status == "all" else listing.member_status
    wanted = listing.visibility
    if wanted in ("public", "community"):
        return Image.visibility == wanted
    if viewer.is_admin:
        return Image.visibility == wanted if wanted in ("private", "shared") else None
    if wanted == "private":
        return and_(Image.visibility == "private", _own(viewer))
    if wanted == "shared":
        return and_(Image.visibility == "shared", or_(_own(viewer), _shared_with(viewer, status)))
    public = ("public", "community") if wanted == "all" else ("public",)
    return or_(Image.visibility.in_(public), _own(viewer), _shared_with(viewer, status))


def _matching(listing: Listing) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = [Image.os_hidden == listing.hidden]
    for name, operator, value in listing.terms:
        column = getattr(Image, name)
        terms.append(
            column.in_(value) if operator == "in" else getattr(column, _OPS[operator])(value)
        )
    for tag in listing.tags:
        terms.append(exists().where(Tag.image_id == Image.id, Tag.value == tag))
    for name, value in listing.properties.items():
        terms.append(
            exists().where(
                Property.image_id == Image.id, Property.name == name, Property.value == value
            )
        )
    return terms


def _sort(listing: Listing) -> list[tuple[str, str]]:
    sort = list(listing.sort) or [("created_at", "desc")]
    named = {key for key, _ in sort}
    direction = sort[0][1]
    return sort + [(key, direction) for key in ("created_at", "id") if key not in named]


def _expression(key: str) -> Any:
    # Nulls compare with nothing: pages would lose them. They sort as the smallest value.
    column = getattr(Image, key)
    if key in ("name", "disk_format", "container_format"):
        return func.coalesce(column, "")
    return func.coalesce(column, -1) if key == "size" else column


def _ordered(query: Select, sort: list[tuple[str, str]]) -> Select:
    return query.order_by(
        *(
            _expression(key).desc() if direction == "desc" else _expression(key).asc()
            for key, direction in sort
        )
    )


def _after(marker: Image, sort: list[tuple[str, str]]) -> ColumnElement[bool]:
    choices: list[Any] = []
    equal: list[Any] = []
    for key, direction in sort:
        value = getattr(marker, key)
        if value is None:
            value = -1 if key == "size" else ""
        column = _expression(key)
        choices.append(and_(*equal, column < value if direction == "desc" else column > value))
        equal.append(column == value)
    return or_(*choices)


def add_tag(session: Session, image_id: str, tag: str) -> None:
    "Add one tag."
    session.add(Tag(image_id=image_id, value=tag))


def remove_tag(session: Session, image_id: str, tag: str) -> None:
    "Remove one tag."
    session.execute(delete(Tag).where(Tag.image_id == image_id, Tag.value == tag))


def set_property(session: Session, image_id: str, name: str, value: str | None) -> None:
    "Write one property, or remove it when `value` is None."
    session.execute(delete(Property).where(Property.image_id == image_id, Property.name == name))
    if value is not None:
        session.add(Property(image_id=image_id, name=name, value=value))


def drop(session: Session, image_id: str) -> None:
    "Delete the row and all that belongs to it."
    session.execute(delete(Image).where(Image.id == image_id))


def count(session: Session, owner: str, statuses: Sequence[str] = ()) -> int:
    "How many images a project has (in one of `statuses`)."
    query = (
        select(func.count()).select_from(Image).where(Image.owner == owner, Image.status != GONE)
    )
    if statuses:
        query = query.where(Image.status.in_(statuses))
    return session.scalar(query) or 0
