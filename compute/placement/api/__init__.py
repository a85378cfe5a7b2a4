"The routes of placement."

from compute.placement.api import allocations, providers, root

ROUTES = (root.api, providers.api, allocations.api)
