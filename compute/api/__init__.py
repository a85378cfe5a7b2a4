"The routes: the Compute API at a glance."

from collections.abc import Iterable
from dataclasses import replace

from common.http import Api
from common.schema import Versioned
from compute.api import (
    attachments,
    cluster,
    flavors,
    hosts,
    hypervisors,
    images,
    instance_actions,
    keypairs,
    limits,
    proxies,
    removed,
    server_actions,
    server_parts,
    servers,
    services,
    snapshots,
    usage,
    versions,
    volumes,
    zones,
)

_NOTHING = Versioned(
    {"2.1": {"type": "object"}, "2.102": {"type": "object", "additionalProperties": False}}
)


def _strict(apis: Iterable[Api]) -> tuple[Api, ...]:
    """The same, with every GET that has no parameters refusing those that it is sent, from 2.102
    on: one rule of the API, so said once."""
    strict = []
    for api in apis:
        copy = Api(api.prefix)
        copy.routes = [
            replace(r, query=_NOTHING)
            if r.method == "GET" and r.query is None and not r.open
            else r
            for r in api.routes
        ]
        strict.append(copy)
    return tuple(strict)


ROUTES = _strict(
    (
        versions.api,
        servers.api,
        server_parts.api,
        server_actions.api,
        attachments.api,
        attachments.tokens,
        instance_actions.api,
        usage.api,
        flavors.api,
        keypairs.api,
        limits.api,
        zones.api,
        services.api,
        hypervisors.api,
        hosts.api,
        cluster.api,
        snapshots.api,
        proxies.api,
        images.api,
        volumes.api,
        removed.api,
        removed.aliases,
    )
)
