"/v2/images/{id}/locations: where the data lies, and data that is fetched from where it lies."

from common.http import Api, Reply
from image.core import locations
from image.schemas.locations import LOCATION

api = Api()
PATH = "/v2/images/<image_id>/locations"


@api.get(PATH, policy=None)
def index(ctx, deps, image_id):
    "The URL of each copy, for services that read or clone it there."
    return locations.find(deps, ctx, image_id)


@api.post(PATH, policy=None, body=LOCATION, status=202)
def add(ctx, deps, image_id, body):
    "Take an image's data from a URL."
    locations.add(deps, ctx, image_id, body["url"], body.get("validation_data") or {})
    return Reply(None, 202)
