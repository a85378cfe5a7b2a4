"/v2/images/{id}/members: sharing."

from common.http import Api
from image.core import members
from image.schemas.members import CREATE, UPDATE
from image.views.members import collection, document

api = Api()
PATH = "/v2/images/<image_id>/members"


@api.get(PATH, policy=None)
def index(ctx, deps, image_id):
    "The projects that an image is shared with."
    return collection(members.find(deps, ctx, image_id))


@api.post(PATH, policy=None, body=CREATE)
def create(ctx, deps, image_id, body):
    "Share an image."
    return document(members.add(deps, ctx, image_id, body["member"]))


@api.get(PATH + "/<member>", policy=None)
def show(ctx, deps, image_id, member):
    "One membership."
    return document(members.get(deps, ctx, image_id, member))


@api.put(PATH + "/<member>", policy=None, body=UPDATE)
def change(ctx, deps, image_id, member, body):
    "Accept or reject."
    return document(members.change(deps, ctx, image_id, member, body["status"]))


@api.delete(PATH + "/<member>", policy=None)
def delete(ctx, deps, image_id, member):
    "Stop sharing."
    members.remove(deps, ctx, image_id, member)
