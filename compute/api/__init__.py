"The routes: the Compute API at a glance."

from compute.api import (
    flavors,
    hypervisors,
    instance_actions,
    keypairs,
    limits,
    server_actions,
    servers,
    services,
    versions,
    zones,
)

ROUTES = (
    versions.api, servers.api, server_actions.api, instance_actions.api, flavors.api, keypairs.api,
    limits.api, zones.api, services.api, hypervisors.api,
)
