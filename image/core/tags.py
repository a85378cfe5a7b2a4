"""Tags of images."""

from __future__ import annotations

from common.context import Context
from common.errors import BadRequest
from image.core import Deps, images
from image.errors import OverLimit, TagNotFound
from image.store import images as table


class BadTag(BadRequest):
    "Invalid value for tag: it must have 1 to 255 characters."


def add(deps: Deps, ctx: Context, image_id: str, tag: str) -> None:
    "Tag an image; a tag that it has already is fine."
    if not 0 < len(tag) <= 255:
        ctx.enforced = True
        raise BadTag()
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "modify_image", lock=True)
        if tag in {t.value for t in image.tags}:
            return
        limit = deps.config.image.tags_most
        if 0 <= limit <= len(image.tags):
            raise OverLimit(what="Image tag", limit=limit, usage=len(image.tags), asked=1)
        table.add_tag(session, image_id, tag)
        images.mark_changed(image)


def remove(deps: Deps, ctx: Context, image_id: str, tag: str) -> None:
    "Take a tag away. Raises TagNotFound."
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, "modify_image", lock=True)
        if tag not in {t.value for t in image.tags}:
            raise TagNotFound(tag=tag, image_id=image_id)
        table.remove_tag(session, image_id, tag)
        images.mark_changed(image)
