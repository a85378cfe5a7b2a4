"Resource types, and the namespaces that are for them."

from common.http import Api
from image.core import metadefs
from image.schemas.metadefs import ASSOCIATION
from image.views.images import moment
from image.views.metadefs import association

api = Api()
PATH = "/v2/metadefs/namespaces/<namespace>/resource_types"


@api.get("/v2/metadefs/resource_types", policy="list_metadef_resource_types")
def index(deps):
    "All resource types."
    with deps.db.read() as session:
        found = metadefs.table.resource_types(session)
    return {
        "resource_types": [
            {
                "name": t.name,
                "created_at": moment(t.created_at),
                "updated_at": moment(t.updated_at),
            }
            for t in found
        ]
    }


@api.get(PATH, policy=None)
def of_namespace(ctx, deps, namespace):
    "What a namespace is for."
    found = metadefs.associations(deps, ctx, namespace)
    return {"resource_type_associations": [association(a) for a in found]}


@api.post(PATH, policy=None, body=ASSOCIATION, status=201)
def associate(ctx, deps, namespace, body):
    "Say that a namespace is for a resource type."
    return association(metadefs.associate(deps, ctx, namespace, body))


@api.delete(PATH + "/<name>", policy=None)
def dissociate(ctx, deps, namespace, name):
    "Take it back."
    metadefs.dissociate(deps, ctx, namespace, name)
