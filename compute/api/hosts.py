"os-hosts, up to 2.42: hosts by name. os-hypervisors and os-services came after it."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.errors import Unsupported
from common.http import Api
from compute.core import Deps, hosts
from compute.schemas import hosts as schemas

api = Api("/v2.1/os-hosts")
RULE = "os_compute_api:os-hosts"
OLD = {"until": "2.42"}


@api.get("", policy=f"{RULE}:list", query=schemas.HOSTS, **OLD)
def index(deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "What runs on which host."
    rows = hosts.services(deps)
    return {
        "hosts": [
            {
                "host_name": r["service"].host,
                "service": r["service"].binary.removeprefix("nova-"),
                "zone": r["zone"],
            }
            for r in rows
            if args.get("zone") in (None, "", r["zone"]) and not r["service"].disabled
        ]
    }


@api.get("/<host>", policy=f"{RULE}:show", **OLD)
def show(deps: Deps, host: str) -> dict[str, Any]:
    "What a compute host has, and what is used of it, in all and by project."
    return {"host": [{"resource": r} for r in hosts.resources(deps, host)]}


@api.put("/<host>", policy=f"{RULE}:update", body=schemas.UPDATE_HOST, **OLD)
def update(deps: Deps, host: str, body: dict[str, Any]) -> dict[str, Any]:
    "Enable or disable a compute host."
    if "maintenance_mode" in body:
        hosts.resources(deps, host)
        raise Unsupported("The hypervisor of this host has no maintenance mode.")
    disabled = body["status"].lower() == "disable"
    row = hosts.change_by_host(deps, host, "nova-compute", {"disabled": disabled})
    return {"host": host, "status": "disabled" if row.disabled else "enabled"}


@api.get("/<host>/reboot", policy=f"{RULE}:reboot", **OLD)
@api.get("/<host>/shutdown", policy=f"{RULE}:shutdown", **OLD)
@api.get("/<host>/startup", policy=f"{RULE}:start", **OLD)
def power(deps: Deps, host: str) -> None:
    "The power of hosts is no business of compute."
    hosts.resources(deps, host)
    raise Unsupported("The hypervisor of this host cannot change its power.")
