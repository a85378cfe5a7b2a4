"""The API at a glance: one module a noun, every route in ROUTES."""

from identity.api import (
    assignments,
    auth,
    catalog,
    domains,
    projects,
    roles,
    users,
    versions,
)

ROUTES = (versions.api, auth.api, domains.api, projects.api, users.api, roles.api, assignments.api, catalog.api)
