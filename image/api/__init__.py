"The Image API at a glance: every noun and its module."

from image.api import (
    cache,
    data,
    images,
    imports,
    info,
    locations,
    members,
    metadefs,
    schemas,
    tags,
    versions,
)

ROUTES = (
    versions.api,
    images.api,
    data.api,
    imports.api,
    locations.api,
    members.api,
    tags.api,
    info.api,
    cache.api,
    *metadefs.APIS,
    schemas.api,
)
