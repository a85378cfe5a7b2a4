"/v2/info: import methods, stores, the project's use; and DELETE /v2/stores/{store}/{image}."

from common.http import Api
from image.core import quota, stores

api = Api()


@api.get("/v2/info/import", policy="get_discovery")
def methods(deps):
    "How images can be imported."
    return {
        "import-methods": {
            "description": "Import methods available.",
            "type": "array",
            "value": list(deps.config.imports.methods),
        }
    }


@api.get("/v2/info/stores", policy="get_discovery")
def list_stores(deps):
    "Where data can be put."
    return {"stores": stores.listing(deps, detail=False)}


@api.get("/v2/info/stores/detail", policy="stores_info_detail")
def list_stores_detail(deps):
    "How the stores are set up."
    return {"stores": stores.listing(deps, detail=True)}


@api.get("/v2/info/usage", policy="get_usage")
def usage(ctx, deps):
    "Limits and use of the caller's project."
    with deps.db.read() as session:
        return {"usage": quota.usage(session, deps.limits.of(ctx.project_id), ctx.project_id)}


@api.delete("/v2/stores/<store>/<image_id>", policy=None)
def remove_copy(ctx, deps, store, image_id):
    "Remove an image's data from one of its stores."
    stores.remove_copy(deps, ctx, store, image_id)
