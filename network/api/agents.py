"/v2.0/agents: the OVN chassis; /v2.0/availability_zones, /v2.0/service-providers, /v2.0/flavors."

from typing import Any

from common.http import Api
from common.schema import Schema
from network import errors
from network.core import agents

api = Api("/v2.0")
_UPDATE = Schema(
    {
        "type": "object",
        "required": ["agent"],
        "properties": {
            "agent": {
                "type": "object",
                "properties": {
                    "admin_state_up": {"type": "boolean"},
                    "description": {"type": "string", "maxLength": 255},
                },
                "additionalProperties": False,
            }
        },
    }
)


@api.get("/agents")
def index(ctx: Any, deps: Any, args: Any) -> dict[str, Any]:
    "The nodes' OVN controllers; none for who may not see them."
    if not ctx.allows("get_agent"):
        return {"agents": []}
    return {"agents": agents.listed(deps, args.to_dict(flat=False))}


@api.get("/agents/<key>")
def show(ctx: Any, deps: Any, key: str) -> dict[str, Any]:
    "One of them."
    if not ctx.allows("get_agent"):
        raise errors.missing("agent", key)
    return {"agent": agents.find(deps, key)}


@api.put("/agents/<key>", policy="update_agent", body=_UPDATE)
def update(deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Describe one."
    return {"agent": agents.update(deps, key, body["agent"])}


@api.delete("/agents/<key>", policy="delete_agent")
def delete(deps: Any, key: str) -> None:
    "Forget one that is gone for good."
    agents.delete(deps, key)


@api.get("/availability_zones", policy="get_availability_zone")
def zones() -> dict[str, Any]:
    "The zones: one."
    return {
        "availability_zones": [
            {"name": "nova", "resource": r, "state": "available"} for r in ("network", "router")
        ]
    }


_PROVIDERS = ({"service_type": "L3_ROUTER_NAT", "name": "ovn", "default": True},)


@api.get("/service-providers", policy="get_service_provider")
def providers(args: Any) -> dict[str, Any]:
    """Who provides routers. Clients ask with a filter whether there is anybody for VPN or load
    balancers, and go on to their APIs if somebody is named."""
    asked = {k: args.getlist(k) for k in ("service_type", "name", "default") if k in args}
    return {
        "service_providers": [
            p
            for p in _PROVIDERS
            if all(str(p[k]).lower() in [v.lower() for v in vs] for k, vs in asked.items())
        ]
    }


@api.get("/flavors", policy="get_flavor")
def flavors() -> dict[str, Any]:
    "Flavors: none."
    return {"flavors": []}


@api.get("/flavors/<key>", policy="get_flavor")
def flavor(key: str) -> dict[str, Any]:
    "There is none."
    raise errors.missing("flavor", key)


@api.get("/service_profiles", policy="get_service_profile")
def profiles() -> dict[str, Any]:
    "Service profiles: none."
    return {"service_profiles": []}
