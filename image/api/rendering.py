"""The image document for a caller: from memory where all callers see the same, made anew where they
do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from common.context import Context
from image.core import Deps, data, images
from image.views.images import document


def render_one(deps: Deps, ctx: Context, image: images.Image) -> dict[str, Any]:
    "One image as the caller may see it."
    protections = deps.protections
    readable = (lambda name: protections.allows(ctx, "read", name)) if protections.active else None
    return document(image, data.copies(deps, image), readable)


def render_page(deps: Deps, ctx: Context, found: Sequence[tuple[str, int]]) -> list[str]:
    "JSON texts of the images of a page, in order."
    if deps.protections.active:
        loaded = images.load(deps, [i for i, _ in found])
        return [json.dumps(render_one(deps, ctx, loaded[i])) for i, _ in found if i in loaded]
    return deps.rendered.many(
        found, lambda ids: images.load(deps, ids), lambda image: render_one(deps, ctx, image)
    )
