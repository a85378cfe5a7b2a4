"The image proxy: up to 2.35, properties of images up to 2.38."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api
from compute.api.listing import changes_of
from compute.core import Deps, images_proxy
from compute.errors import InvalidParameter, MetadataNotFound
from compute.schemas import cluster as schemas
from compute.views import images as views

api = Api("/v2.1")
OLD = {"until": "2.35"}


@api.get("/images", policy="os_compute_api:images", **OLD)
def images(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "Images by name."
    return {"images": [views.brief(i) for i in _found(ctx, deps, args)]}


@api.get("/images/detail", policy="os_compute_api:images", **OLD)
def images_detail(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "Images with details."
    return {"images": [views.detail(i) for i in _found(ctx, deps, args)]}


def _found(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> list[dict[str, Any]]:
    return images_proxy.find(deps, ctx, args, changes_of(args).get("since"))


@api.get("/images/<ident>", policy="os_compute_api:images", **OLD)
def image(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {"image": views.detail(images_proxy.get(deps, ctx, ident))}


@api.delete("/images/<ident>", policy="os_compute_api:images:delete", **OLD)
def delete_image(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    images_proxy.delete(deps, ctx, ident)


META = "os_compute_api:image-metadata"


@api.get("/images/<ident>/metadata", policy=META, until="2.38")
def image_metadata(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "Properties."
    return {"metadata": views.detail(images_proxy.get(deps, ctx, ident))["metadata"]}


@api.post("/images/<ident>/metadata", policy=META, body=schemas.META, until="2.38")
def add_image_metadata(
    ctx: Context, deps: Deps, ident: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Add to them."
    return {
        "metadata": images_proxy.set_metadata(deps, ctx, ident, body["metadata"], replace=False)
    }


@api.put("/images/<ident>/metadata", policy=META, body=schemas.META, until="2.38")
def replace_image_metadata(
    ctx: Context, deps: Deps, ident: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Replace them."
    return {"metadata": images_proxy.set_metadata(deps, ctx, ident, body["metadata"], replace=True)}


@api.get("/images/<ident>/metadata/<key>", policy=META, until="2.38")
def image_property(ctx: Context, deps: Deps, ident: str, key: str) -> dict[str, Any]:
    "One property."
    return {"meta": {key: _property(deps, ctx, ident, key)}}


def _property(deps: Deps, ctx: Context, ident: str, key: str) -> str:
    found = views.detail(images_proxy.get(deps, ctx, ident))["metadata"]
    if key not in found:
        raise MetadataNotFound(key=key)
    return str(found[key])


@api.put("/images/<ident>/metadata/<key>", policy=META, body=schemas.META_ITEM, until="2.38")
def set_image_property(
    ctx: Context, deps: Deps, ident: str, key: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Set one."
    if key not in body["meta"]:
        raise InvalidParameter("Request body and URI mismatch")
    images_proxy.set_metadata(deps, ctx, ident, body["meta"], replace=False)
    return {"meta": body["meta"]}


@api.delete("/images/<ident>/metadata/<key>", policy=META, until="2.38")
def drop_image_property(ctx: Context, deps: Deps, ident: str, key: str) -> None:
    "Remove one."
    _property(deps, ctx, ident, key)
    images_proxy.drop_metadata(deps, ctx, ident, key)
