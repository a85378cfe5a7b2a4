"/ , /v2.0 and /v2.0/extensions: what this API is."

from typing import Any

from common.http import Api
from network import errors
from network.core import extensions

api = Api()
_RESOURCES = (
    "networks",
    "subnets",
    "ports",
    "routers",
    "floatingips",
    "security-groups",
    "security-group-rules",
    "subnetpools",
    "address-scopes",
    "address-groups",
    "rbac-policies",
    "quotas",
    "qos/policies",
    "trunks",
    "segments",
    "agents",
    "network-ip-availabilities",
    "availability_zones",
    "metering/metering-labels",
    "extensions",
)


def _version(root: str) -> dict[str, Any]:
    return {"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": f"{root}/v2.0/"}]}


def _root(request: Any, deps: Any) -> str:
    return (deps.config.api.public_url or request.host_url).rstrip("/")


@api.get("/", open=True)
def versions(request: Any, deps: Any) -> dict[str, Any]:
    "The versions."
    return {"versions": [_version(_root(request, deps))]}


@api.get("/v2.0", open=True)
@api.get("/v2.0/", open=True)
def resources(request: Any, deps: Any) -> dict[str, Any]:
    "The collections of version 2.0."
    root = _root(request, deps)
    return {
        "resources": [
            {
                "name": name,
                "collection": name,
                "links": [{"rel": "self", "href": f"{root}/v2.0/{name}"}],
            }
            for name in _RESOURCES
        ]
    }


@api.get("/v2.0/extensions", open=True)
def index() -> dict[str, Any]:
    "The extensions that are there."
    return {"extensions": list(extensions.ALL.values())}


@api.get("/v2.0/extensions/<alias>", open=True)
def show(alias: str) -> dict[str, Any]:
    "One extension."
    if alias not in extensions.ALL:
        raise errors.missing("extension", alias)
    return {"extension": extensions.ALL[alias]}
