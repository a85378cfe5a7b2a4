"""What the API answers: a schema for every route that answers with a body, at each microversion.

The API tests check every answer against these; an answer of a route that is not here has no body.
"""

from typing import Any

from common.schema import Schema, Versioned
from compute.schemas.responses import cluster, flavors, hosts, old, parts, servers
from compute.schemas.responses.pieces import NULL, STRING, exact

ACTION_ROUTE = ("POST", "/v2.1/servers/<server_id>/action")
RESPONSES: dict[tuple[str, str], Schema | Versioned] = {
    **servers.RESPONSES,
    **parts.RESPONSES,
    **flavors.RESPONSES,
    **hosts.RESPONSES,
    **cluster.RESPONSES,
    **old.RESPONSES,
}
ERROR = Schema(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": exact(
            {"code": {"type": "integer", "minimum": 400, "maximum": 599}, "message": STRING},
            {"retryAfter": STRING},
        ),
    }
)
_EMPTY = Schema(NULL)


def schema_of(method: str, path: str, version: Any, action: str | None = None) -> Schema:
    "The schema of an answer below 400 of a route, for `POST .../action` also of the action."
    path = path.replace("/os-volumes_boot", "/servers", 1)  # an alias
    found: Schema | Versioned | None = RESPONSES.get((method, path))
    if (method, path) == ACTION_ROUTE:
        found = servers.ACTIONS.get(action or "")
    if found is None:
        return _EMPTY
    return found.at(version) if isinstance(found, Versioned) else found
