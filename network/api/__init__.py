"The route table: the API at a glance."

from network.api import (
    agents,
    extensions,
    floatingips,
    networks,
    ports,
    quotas,
    routers,
    security_groups,
    subnets,
)

ROUTES = (
    extensions.api,
    networks.api, networks.segment_api,
    subnets.api, subnets.pool_api, subnets.scope_api,
    ports.api,
    routers.actions, routers.api, floatingips.api,
    security_groups.api, security_groups.rule_api,
    quotas.api, agents.api,
)
