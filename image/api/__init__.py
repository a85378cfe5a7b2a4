"The Image API at a glance: every noun and its module."

from image.api import data, images, members, schemas, tags, versions

ROUTES = (versions.api, images.api, data.api, members.api, tags.api, schemas.api)
