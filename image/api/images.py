"/v2/images: create, list, show, change, delete, deactivate, reactivate."

from urllib.parse import urlencode

from flask import Response

from common.http import Api, Reply
from common.http.app import parse_json
from image.api.rendering import render_one, render_page
from image.core import filters, images, patch
from image.errors import ImageNotFound, WrongMediaType
from image.schemas.images import OBJECT

api = Api()
PATCHES = f"{patch.V21}, {patch.V20}"


@api.post("/v2/images", policy=None, body=OBJECT, status=201)
def create(ctx, deps, body):
    "Register an image."
    image = images.create(deps, ctx, body)
    headers = {
        "Location": f"/v2/images/{image.id}",
        "OpenStack-image-import-methods": ",".join(deps.config.imports.methods),
        "OpenStack-image-store-ids": ",".join(deps.shelves.by_name),
    }
    return Reply(render_one(deps, ctx, image), 201, headers)


@api.get("/v2/images", policy="get_images")
def index(ctx, deps, args, request):
    "The images that match, page by page."
    conf = deps.config.image
    listing = filters.parse(args, default=conf.page_default, most=conf.page_most)
    found = images.find(deps, ctx, listing)
    texts = render_page(deps, ctx, found)
    query = [(k, v) for k, v in args.items(multi=True) if k != "marker"]
    first = "/v2/images" + (f"?{urlencode(query)}" if query else "")
    following = None
    if found and len(found) == listing.limit:
        following = f"/v2/images?{urlencode([*query, ('marker', found[-1][0])])}"
    return _page(texts, first, following)


def _page(texts, first, following):
    from json import dumps

    tail = f', "next": {dumps(following)}' if following else ""
    body = (
        f'{{"images": [{", ".join(texts)}], "first": {dumps(first)}, '
        f'"schema": "/v2/schemas/images"{tail}}}'
    )
    return Response(body, 200, content_type="application/json")


@api.get("/v2/images/<image_id>", policy=None)
def show(ctx, deps, image_id):
    "One image."
    if deps.protections.active:
        return render_one(deps, ctx, images.require(deps, ctx, image_id, "get_image"))
    texts = render_page(deps, ctx, [images.outline(deps, ctx, image_id)])
    if not texts:
        raise ImageNotFound(image_id=image_id)
    return Response(texts[0], 200, content_type="application/json")


@api.patch("/v2/images/<image_id>", policy=None)
def change(ctx, deps, image_id, request):
    "Change an image by a JSON patch."
    if request.mimetype not in (patch.V21, patch.V20):
        ctx.enforced = True
        raise WrongMediaType(
            given=request.mimetype or "(none)", wanted=PATCHES, headers={"Accept-Patch": PATCHES}
        )
    request.max_content_length = deps.config.api.max_body_kib * 1024
    operations = patch.parse(request.mimetype, parse_json(request.get_data(cache=False)))
    return render_one(deps, ctx, images.change(deps, ctx, image_id, operations))


@api.delete("/v2/images/<image_id>", policy=None)
def delete(ctx, deps, image_id):
    "Delete an image and its data."
    images.remove(deps, ctx, image_id)


@api.post("/v2/images/<image_id>/actions/deactivate", policy=None, status=204)
def deactivate(ctx, deps, image_id):
    "Forbid downloads."
    images.set_active(deps, ctx, image_id, active=False)


@api.post("/v2/images/<image_id>/actions/reactivate", policy=None, status=204)
def reactivate(ctx, deps, image_id):
    "Allow downloads again."
    images.set_active(deps, ctx, image_id, active=True)
