"/ , /v2.0 and /v2.0/extensions: what this API is."

from typing import Any

from common.http import Api
from network import errors
from network.core import extensions

api = Api()
_COLLECTIONS = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "floatingip": "floatingips",
    "security_group": "security-groups",
    "security_group_rule": "security-group-rules",
    "subnetpool": "subnetpools",
    "address_scope": "address-scopes",
    "address_group": "address-groups",
    "rbac_policy": "rbac-policies",
    "quota": "quotas",
    "qos_policy": "qos/policies",
    "trunk": "trunks",
    "segment": "segments",
    "agent": "agents",
    "network_ip_availability": "network-ip-availabilities",
    "availability_zone": "availability_zones",
    "metering_label": "metering/metering-labels",
    "extension": "extensions",
}


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
                "collection": path,
                "links": [{"rel": "self", "href": f"{root}/v2.0/{path}"}],
            }
            for name, path in _COLLECTIONS.items()
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
