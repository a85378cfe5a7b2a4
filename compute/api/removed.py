"""What is gone from every version (410), what never was in this cloud (404, 400), and other names
of what there is."""

from dataclasses import replace
from typing import Any

from common.errors import BadRequest, NotFound
from common.http import Api
from compute.api import server_actions, servers
from compute.errors import RemovedApi

api = Api("/v2.1")
OLD = {"until": "2.35"}


def gone(**_: str) -> None:
    "Removed from the API for all versions."
    raise RemovedApi()


EVERY = ("GET", "POST", "PUT", "DELETE")
GONE = (
    "/os-agents",
    "/os-cells",
    "/os-certificates",
    "/os-cloudpipe",
    "/os-console-auth",
    "/os-fixed-ips",
    "/os-floating-ips-bulk",
    "/os-floating-ip-dns",
    "/os-fping",
    "/os-security-group-default-rules",
    "/servers/<server_id>/consoles",
    "/servers/<server_id>/os-virtual-interfaces",
)
"""With everything below them"""
GONE_METHODS = (
    ("POST", "/os-networks"),
    ("POST", "/os-networks/add"),
    ("DELETE", "/os-networks/<ident>"),
    ("POST", "/os-networks/<ident>/action"),
    ("POST", "/os-tenant-networks"),
    ("DELETE", "/os-tenant-networks/<ident>"),
)
for _path in GONE:
    for _method in EVERY:
        api.route(_method, _path, open=True)(gone)
        api.route(_method, f"{_path}/<path:rest>", open=True)(gone)
for _method, _path in GONE_METHODS:
    api.route(_method, _path, open=True)(gone)


@api.get("/os-baremetal-nodes", policy="os_compute_api:os-baremetal-nodes:list", **OLD)
def bare_metal() -> dict[str, Any]:
    "There is no bare metal service here, so no nodes."
    return {"nodes": []}


@api.get("/os-baremetal-nodes/<ident>", policy="os_compute_api:os-baremetal-nodes:show", **OLD)
def bare_metal_node(ident: str) -> None:
    "None."
    raise NotFound(f"Node {ident} could not be found.")


@api.post("/os-baremetal-nodes", policy="os_compute_api:os-baremetal-nodes:list", **OLD)
@api.post(
    "/os-baremetal-nodes/<ident>/action", policy="os_compute_api:os-baremetal-nodes:list", **OLD
)
@api.delete("/os-baremetal-nodes/<ident>", policy="os_compute_api:os-baremetal-nodes:list", **OLD)
def no_bare_metal(ident: str = "") -> None:
    "Never was done here."
    raise BadRequest("Command not supported: it belongs to the bare metal service.")


ALIAS = "/v2.1/os-volumes_boot"
"""An old name of servers that clients of boot-from-volume used"""
aliases = Api()
for _api in (servers.api, server_actions.api):
    for _route in _api.routes:
        aliases.routes.append(
            replace(
                _route,
                path=_route.path.replace(servers.api.prefix, ALIAS, 1),
                until=_route.until or "2.102",
            )
        )
