"Services: list, enable, disable, force down, delete."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import BadRequest
from common.http import Api, Version
from compute.core import Deps, hosts
from compute.schemas import hosts as schemas
from compute.views import hosts as views

api = Api("/v2.1/os-services")
UPDATE = "os_compute_api:os-services:update"


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "on", "yes", "t", "y")


@api.get("", policy="os_compute_api:os-services:list", query=schemas.SERVICES)
def index(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "All services."
    rows = hosts.services(deps, args.get("host"), args.get("binary"))
    return {"services": [views.service(r, version) for r in rows]}


@api.put("/<action>", policy=UPDATE, body=schemas.SERVICE, until="2.52")
def update_old(
    ctx: Context, deps: Deps, action: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "enable, disable, disable-log-reason and force-down by host and binary."
    host, binary = body["host"], body["binary"]
    out: dict[str, Any] = {"host": host, "binary": binary}
    if action in ("enable", "disable"):
        row = hosts.change_by_host(deps, host, binary, {"disabled": action == "disable"})
        return {"service": {**out, "status": "disabled" if row.disabled else "enabled"}}
    if action == "disable-log-reason":
        if not body.get("disabled_reason"):
            raise BadRequest("Missing disabled reason field")
        reason = body["disabled_reason"]
        hosts.change_by_host(deps, host, binary, {"disabled": True, "reason": reason})
        return {"service": {**out, "status": "disabled", "disabled_reason": reason}}
    raise BadRequest("Unknown action")


@api.put("/force-down", policy=UPDATE, body=schemas.FORCE_DOWN, since="2.11", until="2.52")
def force_down(deps: Deps, body: dict[str, Any]) -> dict[str, Any]:
    "Say that a host is down, before the service notices."
    down = _true(body.get("forced_down", False))
    hosts.change_by_host(deps, body["host"], body["binary"], {"forced_down": down})
    return {"service": {"host": body["host"], "binary": body["binary"], "forced_down": down}}


@api.put("/<action>", policy=UPDATE, body=schemas.SERVICE_253, since="2.53")
def update(deps: Deps, action: str, body: dict[str, Any], version: Version) -> dict[str, Any]:
    "By uuid."
    changes: dict[str, Any] = {}
    if "status" in body:
        changes["disabled"] = body["status"] == "disabled"
    if "disabled_reason" in body:
        if body.get("status") != "disabled":
            raise BadRequest("Specifying disabled_reason is only valid when status is 'disabled'.")
        changes["reason"] = body["disabled_reason"]
    if "forced_down" in body:
        changes["forced_down"] = _true(body["forced_down"])
    return {"service": views.service(hosts.change_service(deps, action, changes), version)}


@api.delete("/<service_id>", policy="os_compute_api:os-services:delete")
def delete(deps: Deps, service_id: str, version: Version) -> None:
    "Forget a service that is gone."
    hosts.delete_service(deps, service_id)
