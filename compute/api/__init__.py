"The routes: the Compute API at a glance."

from compute.api import (
    attachments,
    cluster,
    flavors,
    hypervisors,
    instance_actions,
    keypairs,
    limits,
    proxies,
    server_actions,
    server_parts,
    servers,
    services,
    snapshots,
    usage,
    versions,
    zones,
)

ROUTES = (
    versions.api, servers.api, server_parts.api, server_actions.api, attachments.api, attachments.tokens,
    instance_actions.api, usage.api, flavors.api, keypairs.api, limits.api, zones.api, services.api,
    hypervisors.api, cluster.api, snapshots.api, proxies.api,
)
