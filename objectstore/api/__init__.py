"""HTTP: `dispatch.ROUTES` for accounts, containers and objects; `ROUTES` for the rest, served by
Flask."""

from objectstore.api import info

ROUTES = (info.api,)
