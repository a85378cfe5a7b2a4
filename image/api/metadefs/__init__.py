"Metadata definitions: namespaces and what is in them."

from image.api.metadefs import members, namespaces, resource_types

APIS = (namespaces.api, resource_types.api, members.api)
