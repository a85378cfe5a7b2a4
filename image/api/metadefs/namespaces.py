"/v2/metadefs/namespaces."

from urllib.parse import urlencode

from common.http import Api, Reply
from common.http.paging import parse_limit
from image.core import metadefs
from image.errors import DefinitionNotFound
from image.schemas import metadefs as schemas
from image.views import metadefs as views

api = Api()
BASE = "/v2/metadefs/namespaces"


@api.get(BASE, policy="get_metadef_namespaces")
def index(ctx, deps, args):
    "The namespaces that the caller sees."
    conf = deps.config.image
    limit = parse_limit(args, default=conf.page_default, most=conf.page_most) or 0
    found = metadefs.find(deps, ctx, args, limit)
    page = {
        "namespaces": [views.namespace(n) for n in found],
        "first": BASE,
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    if found and len(found) == limit:
        query = [(k, v) for k, v in args.items(multi=True) if k != "marker"]
        page["next"] = f"{BASE}?{urlencode([*query, ('marker', found[-1].namespace.namespace)])}"
    return page


@api.post(BASE, policy=None, body=schemas.NAMESPACE, status=201)
def create(ctx, deps, body):
    "A new namespace, with its contents if the body has them."
    view = views.full(metadefs.create(deps, ctx, body))
    return Reply(view, 201, {"Location": view["self"]})


@api.get(BASE + "/<name>", policy=None)
def show(ctx, deps, name, args):
    "A namespace; `?resource_type=` prefixes its properties as that type wants."
    whole = metadefs.show(deps, ctx, name)
    wanted = args.get("resource_type")
    if wanted is None:
        return views.full(whole)
    for link in whole.associations:
        if link.resource_type == wanted:
            return views.full(whole, link.prefix or "")
    raise DefinitionNotFound(kind="resource type association", name=wanted)


@api.put(BASE + "/<name>", policy=None, body=schemas.NAMESPACE)
def change(ctx, deps, name, body):
    "Change what a namespace says about itself."
    return views.namespace(metadefs.change(deps, ctx, name, body))


@api.delete(BASE + "/<name>", policy=None)
def delete(ctx, deps, name):
    "Delete a namespace with its contents."
    metadefs.remove(deps, ctx, name)


@api.get("/v2/schemas/metadefs/<name>", policy="get_discovery")
def schema(name):
    "What the documents look like."
    found = schemas.document(name)
    if found is None:
        raise DefinitionNotFound(kind="schema", name=name)
    return found
