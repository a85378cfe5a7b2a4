"/v2/cache: the local cache of this machine."

from common.errors import NotFound
from common.http import Api
from image.core import cache as caching
from image.core import data, images, transfer

api = Api()


class NoCache(NotFound):
    "Caching via API is not supported at this site."


def _cache(deps):
    if deps.cache is None:
        raise NoCache()
    return deps.cache


@api.get("/v2/cache", policy="cache_list")
def index(deps):
    "What is cached and what is queued."
    rows = _cache(deps).listing()
    return {
        "cached_images": [
            {
                "image_id": r.image_id,
                "hits": r.hits,
                "last_accessed": r.accessed_at.timestamp(),
                "last_modified": r.modified_at.timestamp(),
                "size": r.size,
            }
            for r in rows
            if r.state == "cached"
        ],
        "queued_images": [r.image_id for r in rows if r.state == "queued"],
    }


@api.put("/v2/cache/<image_id>", policy="cache_image", status=202)
def queue(ctx, deps, image_id):
    "Cache an image soon."
    cache = _cache(deps)
    image = images.require(deps, ctx, image_id, "get_image")
    if image.status != "active" or not data.copies(deps, image):
        raise data.StatusForbids(image_id=image_id, status=image.status, action="caching")
    cache.queue(image_id)
    blob = data.copy_in(image, data.copies(deps, image)[0])
    deps.jobs.put(lambda: cache.fill(image, transfer.place(deps, blob), blob.id))


@api.delete("/v2/cache/<image_id>", policy="cache_delete")
def delete(deps, image_id):
    "Take one image out."
    caching.require(_cache(deps), image_id)


@api.delete("/v2/cache", policy="cache_delete")
def clear(ctx, deps, request):
    "Empty the cache; the header x-image-cache-clear-target: cache or queue limits it."
    target = request.headers.get("x-image-cache-clear-target", "").lower()
    if target not in ("", "cache", "queue", "both"):
        raise data.images.InvalidFilter(
            field="x-image-cache-clear-target", value=target, reason="cache, queue or both."
        )
    caching.clear(_cache(deps), ctx, target)
