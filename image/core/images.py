"""Images as records: create, find, change, delete, and who may see which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.context import Context
from common.db import after_commit, utcnow
from common.errors import Forbidden
from common.ids import is_uuid
from image.core import Deps, patch, quota, removal, viewer
from image.errors import (
    DuplicateImage,
    FixedFormat,
    ImageNotFound,
    InQuarantine,
    InvalidFilter,
    OverLimit,
    PropertyProtected,
    ProtectedImage,
    ReadOnly,
    Reserved,
    StatusForbids,
)
from image.schemas.images import BASE, READ_ONLY
from image.store import blobs
from image.store import images as table
from image.store.models import Image, Property, Tag

OWN_PREFIX = "os_glance_"
"""Properties that the service writes about an image; clients cannot."""
IMPORTING_TO, FAILED_IMPORT = "os_glance_importing_to_stores", "os_glance_failed_import"
"""Stores that an import has still to fill, and those where it failed; clients poll them."""
QUARANTINE = "os_glance_quarantine"
"""Why an image was deactivated as it came in; only an administrator may reactivate it."""
WRITABLE = (
    "name",
    "visibility",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "protected",
    "os_hidden",
)


class OwnerForbidden(Forbidden):
    "You are not permitted to set the owner of an image to '{owner}'."


def target(image: Any, ctx: Context | None = None) -> dict[str, Any]:
    """What policy rules compare with: owner, visibility, and the caller as member. Only for images
    in the caller's sight: there a shared one that is not its own is one of which it is a member."""
    shared = ctx is not None and image.visibility == "shared" and image.owner != ctx.project_id
    return {
        "project_id": image.owner,
        "owner": image.owner,
        "visibility": image.visibility,
        "member_id": ctx.project_id if shared and ctx else None,
        "image_id": image.id,
    }


def require(deps: Deps, ctx: Context, image_id: str, rule: str) -> Image:
    """The image, if the caller may see it and `rule` allows. Raises ImageNotFound for one out of
    sight, PolicyDenied for one that is seen but not for this."""
    with deps.db.read() as session:
        return require_in(session, deps, ctx, image_id, rule)


def require_in(
    session: Any, deps: Deps, ctx: Context, image_id: str, rule: str, *, lock: bool = False
) -> Image:
    "The same within a transaction."
    image = table.get(session, image_id, lock=lock) if is_uuid(image_id) else None
    if image is None or not table.may_see(session, viewer(ctx), image):
        ctx.enforced = True
        raise ImageNotFound(image_id=image_id)
    ctx.enforce(rule, target(image, ctx))
    return image


def outline(deps: Deps, ctx: Context, image_id: str) -> tuple[str, int]:
    "(id, revision) of an image that the caller may see, for rendering. Raises ImageNotFound."
    with deps.db.read() as session:
        found = table.outline(session, image_id) if is_uuid(image_id) else None
        if found is None or not table.may_see(session, viewer(ctx), found):
            ctx.enforced = True
            raise ImageNotFound(image_id=image_id)
    ctx.enforce("get_image", target(found, ctx))
    return found.id, found.revision


def find(deps: Deps, ctx: Context, listing: table.Listing) -> Sequence[tuple[str, int]]:
    "(id, revision) of the images on the page that `listing` asks for."
    with deps.db.read() as session:
        found = table.page(session, viewer(ctx), listing)
    if found is None:
        raise InvalidFilter(field="marker", value=listing.marker, reason="There is no such image.")
    return found


def load(deps: Deps, ids: Iterable[str]) -> Mapping[str, Image]:
    "Whole images by id."
    with deps.db.read() as session:
        return table.load(session, ids)


def create(deps: Deps, ctx: Context, body: dict[str, Any]) -> Image:
    "Register an image; its data comes later."
    _refuse_own_attributes(body)
    deps.schema.check(body)
    owner = body.get("owner", ctx.project_id)
    if owner != ctx.project_id and not ctx.is_admin:
        raise OwnerForbidden(owner=owner)
    image = Image(owner=owner)
    for name in WRITABLE:
        if name in body:
            setattr(image, name, body[name])
    if "id" in body:
        image.id = body["id"].lower()
    where = {"project_id": owner, "owner": owner}
    ctx.enforce("add_image", where)
    _enforce_visibility(ctx, body.get("visibility"), where)
    custom = {k: v for k, v in body.items() if k not in BASE}
    tags = list(dict.fromkeys(body.get("tags", [])))
    _check_counts(deps, len(custom), len(tags))
    for name in custom:
        if not deps.protections.allows(ctx, "create", name):
            raise PropertyProtected(name=name)
    image.properties = [Property(name=k, value=v) for k, v in custom.items()]
    image.tags = [Tag(value=t) for t in tags]
    limits = deps.limits.of(owner) if owner else None
    with deps.db.write() as session:
        if "id" in body and table.row(session, image.id) is not None:
            raise DuplicateImage(image_id=image.id)
        if limits is not None:
            quota.check_new_image(limits, session, str(owner))
        session.add(image)
        after_commit(session, lambda: deps.notices.say(ctx, "image.create", notice(image)))
        session.flush()
        image.__dict__.setdefault("blobs", [])
    return image


def change(deps: Deps, ctx: Context, image_id: str, operations: Sequence[patch.Operation]) -> Image:
    "Apply a patch to an image, all of it or nothing."
    with deps.db.write() as session:
        image = require_in(session, deps, ctx, image_id, "modify_image", lock=True)
        document = as_document(image)
        for operation in operations:
            _check_operation(deps, ctx, image, operation, document)
            patch.apply(document, operation)
        deps.schema.check(document)
        _write(deps, ctx, session, image, document)
        after_commit(session, lambda: deps.notices.say(ctx, "image.update", notice(image)))
    return image


def as_document(image: Image) -> dict[str, Any]:
    "What a patch works on: attributes a client may write, tags and custom properties."
    document = {name: getattr(image, name) for name in WRITABLE}
    document["tags"] = sorted(t.value for t in image.tags)
    document.update({p.name: p.value for p in image.properties})
    return {k: v for k, v in document.items() if v is not None or k in BASE}


def _check_operation(
    deps: Deps, ctx: Context, image: Image, operation: patch.Operation, document: Mapping[str, Any]
) -> None:
    name = operation.name
    if name in READ_ONLY or name in ("id", "locations"):
        raise ReadOnly(name=name)
    if name.startswith(OWN_PREFIX):
        raise Reserved(name=name)
    if name in ("disk_format", "container_format") and image.status != "queued":
        raise FixedFormat(name=name)
    if name in BASE:
        return
    kind = "delete" if operation.op == "remove" else "update" if name in document else "create"
    if not deps.protections.allows(ctx, kind, name):
        # whoever may not even read it learns nothing but that it cannot be done
        raise PropertyProtected(name=name)


def _write(deps: Deps, ctx: Context, session: Any, image: Image, document: dict[str, Any]) -> None:
    where = target(image)
    if document["visibility"] != image.visibility:
        _enforce_visibility(ctx, document["visibility"], where)
    if document["owner"] != image.owner and not ctx.is_admin:
        raise OwnerForbidden(owner=document["owner"])
    custom = {k: v for k, v in document.items() if k not in BASE}
    tags = set(document["tags"])
    had = {p.name for p in image.properties}
    own = sum(1 for name in custom if name.startswith(OWN_PREFIX))
    grew = len(custom) > len(had) or len(tags) > len(image.tags)
    if grew:
        _check_counts(deps, len(custom) - own, len(tags))
    for name in WRITABLE:
        setattr(image, name, document[name])
    for prop in list(image.properties):
        if prop.name not in custom:
            image.properties.remove(prop)
        else:
            prop.value = custom[prop.name]
    image.properties += [Property(name=k, value=v) for k, v in custom.items() if k not in had]
    for tag in list(image.tags):
        if tag.value not in tags:
            image.tags.remove(tag)
    have = {t.value for t in image.tags}
    image.tags += [Tag(value=t) for t in sorted(tags - have)]
    mark_changed(image)


def mark_changed(image: Image) -> None:
    "Note that something about a loaded image changes in this transaction."
    image.updated_at = utcnow()
    image.revision += 1


def _refuse_own_attributes(body: Mapping[str, Any]) -> None:
    for name in body:
        if name in READ_ONLY or name == "locations":
            raise ReadOnly(name=name)
        if name.startswith(OWN_PREFIX):
            raise Reserved(name=name)


def _enforce_visibility(ctx: Context, wanted: str | None, where: Mapping[str, Any]) -> None:
    if wanted == "public":
        ctx.enforce("publicize_image", where)
    elif wanted == "community":
        ctx.enforce("communitize_image", where)


def _check_counts(deps: Deps, custom: int, tags: int) -> None:
    for what, asked, limit in (
        ("Image property", custom, deps.config.image.properties_most),
        ("Image tag", tags, deps.config.image.tags_most),
    ):
        if 0 <= limit < asked:
            raise OverLimit(what=what, limit=limit, usage=0, asked=asked)


def remove(deps: Deps, ctx: Context, image_id: str) -> None:
    """Delete an image: gone at once for clients, its data right after (or by the sweeper, after a
    crash)."""
    with deps.db.write() as session:
        image = require_in(session, deps, ctx, image_id, "delete_image", lock=True)
        if image.protected:
            raise ProtectedImage(image_id=image_id)
        image.status = table.GONE
        mark_changed(image)
        blobs.doom(session, image_id)
        after_commit(session, lambda: deps.notices.say(ctx, "image.delete", notice(image)))
    removal.clear(deps, image_id)


def set_active(deps: Deps, ctx: Context, image_id: str, *, active: bool) -> None:
    "Deactivate (no more downloads) or reactivate an image."
    rule, action = ("reactivate", "reactivation") if active else ("deactivate", "deactivation")
    with deps.db.write() as session:
        image = require_in(session, deps, ctx, image_id, rule, lock=True)
        if image.status not in ("active", "deactivated"):
            raise StatusForbids(image_id=image_id, status=image.status, action=action)
        quarantined = any(p.name == QUARANTINE for p in image.properties)
        if active and quarantined:
            if not ctx.is_admin:
                raise InQuarantine(image_id=image_id)
            table.set_property(session, image_id, QUARANTINE, None)
        wanted = "active" if active else "deactivated"
        if image.status != wanted:
            image.status = wanted
            mark_changed(image)
            event = f"image.{rule}"
            after_commit(session, lambda: deps.notices.say(ctx, event, notice(image)))


def notice(image: Image) -> dict[str, Any]:
    "An image as notifications show it."
    return {
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "owner": image.owner,
        "visibility": image.visibility,
        "size": image.size,
        "checksum": image.checksum,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "protected": image.protected,
        "created_at": image.created_at.isoformat(),
        "updated_at": image.updated_at.isoformat(),
    }
