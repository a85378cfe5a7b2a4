"""The API at a glance: one module a noun, every route in ROUTES."""

from identity.api import (
    access,
    assignments,
    auth,
    catalog,
    credentials,
    domains,
    endpoint_filters,
    federation,
    limits,
    oauth1,
    oauth2,
    projects,
    roles,
    service_providers,
    users,
    versions,
)

ROUTES = (
    versions.api,
    auth.api,
    domains.api,
    projects.api,
    users.api,
    roles.api,
    assignments.api,
    catalog.api,
    endpoint_filters.api,
    federation.api,
    service_providers.api,
    access.api,
    credentials.api,
    limits.api,
    oauth1.api,
    oauth2.api,
)
