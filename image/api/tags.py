"/v2/images/{id}/tags/{tag}."

from common.http import Api
from image.core import tags

api = Api()


@api.put("/v2/images/<image_id>/tags/<tag>", policy=None, status=204)
def add(ctx, deps, image_id, tag):
    "Tag an image."
    tags.add(deps, ctx, image_id, tag)


@api.delete("/v2/images/<image_id>/tags/<tag>", policy=None)
def remove(ctx, deps, image_id, tag):
    "Take a tag away."
    tags.remove(deps, ctx, image_id, tag)
