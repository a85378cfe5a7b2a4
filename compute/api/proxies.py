"The proxies of networks, security groups and floating addresses: up to 2.35."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import NotFound
from common.http import Api
from common.http.app import parse_json
from common.schema import Schema
from compute.core import Deps, proxies
from compute.schemas import cluster as schemas

api = Api("/v2.1")
OLD = {"until": "2.35"}
_POOL = Schema(schemas.FLOATING_IP)
GROUPS = "os_compute_api:os-security-groups"


@api.get("/os-security-groups", policy=f"{GROUPS}:get", **OLD)
def groups(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "Security groups."
    rows = proxies.groups(
        deps, ctx, args.get("all_tenants") in ("1", "true", "True") and ctx.is_admin
    )
    rows.sort(key=lambda g: (g["tenant_id"] or "", g["name"]))
    return {"security_groups": rows}


@api.post("/os-security-groups", policy=f"{GROUPS}:create", body=schemas.SECURITY_GROUP, **OLD)
def create_group(ctx: Context, deps: Deps, body: dict[str, Any]) -> dict[str, Any]:
    "A new one."
    wish = body["security_group"]
    return {"security_group": proxies.make_group(deps, ctx, wish["name"], wish.get("description"))}


@api.get("/os-security-groups/<ident>", policy=f"{GROUPS}:show", **OLD)
def show_group(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {"security_group": proxies.group(deps, ctx, ident)}


@api.put(
    "/os-security-groups/<ident>", policy=f"{GROUPS}:update", body=schemas.SECURITY_GROUP, **OLD
)
def update_group(ctx: Context, deps: Deps, ident: str, body: dict[str, Any]) -> dict[str, Any]:
    "Rename it."
    wish = body["security_group"]
    return {
        "security_group": proxies.change_group(
            deps, ctx, ident, wish["name"], wish.get("description")
        )
    }


@api.delete("/os-security-groups/<ident>", policy=f"{GROUPS}:delete", status=202, **OLD)
def delete_group(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    proxies.drop_group(deps, ctx, ident)


@api.post("/os-security-group-rules", policy=f"{GROUPS}:rule:create", body=schemas.RULE, **OLD)
def create_rule(ctx: Context, deps: Deps, body: dict[str, Any]) -> dict[str, Any]:
    "An ingress rule."
    return {"security_group_rule": proxies.make_rule(deps, ctx, body["security_group_rule"])}


@api.delete("/os-security-group-rules/<ident>", policy=f"{GROUPS}:rule:delete", status=202, **OLD)
def delete_rule(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    proxies.drop_rule(deps, ctx, ident)


@api.get("/os-networks", policy="os_compute_api:os-networks:list", **OLD)
def networks(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Networks."
    rows = proxies.call(deps, ctx, "network", "GET", "/v2.0/networks")["networks"]
    return {"networks": [_network(n) for n in rows]}


@api.get("/os-networks/<ident>", policy="os_compute_api:os-networks:show", **OLD)
def network(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {
        "network": _network(
            proxies.call(deps, ctx, "network", "GET", f"/v2.0/networks/{ident}")["network"]
        )
    }


_NETWORK = (
    "bridge",
    "vpn_public_port",
    "dhcp_start",
    "bridge_interface",
    "share_address",
    "updated_at",
    "cidr_v6",
    "deleted_at",
    "gateway",
    "rxtx_base",
    "priority",
    "project_id",
    "vpn_private_address",
    "deleted",
    "vlan",
    "broadcast",
    "netmask",
    "injected",
    "cidr",
    "vpn_public_address",
    "multi_host",
    "enable_dhcp",
    "dns2",
    "created_at",
    "host",
    "mtu",
    "gateway_v6",
    "netmask_v6",
    "dhcp_server",
    "dns1",
)


def _network(row: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(_NETWORK), "id": row["id"], "label": row["name"]}


@api.get("/os-tenant-networks", policy="os_compute_api:os-tenant-networks:list", **OLD)
def tenant_networks(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Networks of the project."
    rows = proxies.call(deps, ctx, "network", "GET", "/v2.0/networks")["networks"]
    return {"networks": [{"id": n["id"], "label": n["name"], "cidr": "None"} for n in rows]}


@api.get("/os-tenant-networks/<ident>", policy="os_compute_api:os-tenant-networks:show", **OLD)
def tenant_network(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    row = proxies.call(deps, ctx, "network", "GET", f"/v2.0/networks/{ident}")["network"]
    return {"network": {"id": row["id"], "label": row["name"], "cidr": "None"}}


@api.get("/os-floating-ip-pools", policy="os_compute_api:os-floating-ip-pools", **OLD)
def pools(ctx: Context, deps: Deps) -> dict[str, Any]:
    "External networks."
    return {"floating_ip_pools": [{"name": n["name"]} for n in proxies.external(deps, ctx)]}


@api.get("/os-floating-ips", policy="os_compute_api:os-floating-ips:list", **OLD)
def floating_ips(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Floating addresses."
    return {"floating_ips": proxies.floating_ips(deps, ctx)}


@api.get("/os-floating-ips/<ident>", policy="os_compute_api:os-floating-ips:show", **OLD)
def floating_ip(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    found = [f for f in proxies.floating_ips(deps, ctx) if f["id"] == ident]
    if not found:
        raise NotFound(f"Floating IP not found for ID {ident}")
    return {"floating_ip": found[0]}


@api.post("/os-floating-ips", policy="os_compute_api:os-floating-ips:create", **OLD)
def allocate(ctx: Context, deps: Deps, request: Any) -> dict[str, Any]:
    "A new one; a body is not needed."
    data = request.get_data(cache=False)
    body = parse_json(data) if data else None
    _POOL.check(body)
    return {"floating_ip": proxies.allocate(deps, ctx, (body or {}).get("pool"))}


@api.delete(
    "/os-floating-ips/<ident>", policy="os_compute_api:os-floating-ips:delete", status=202, **OLD
)
def release(ctx: Context, deps: Deps, ident: str) -> None:
    "Give it back."
    proxies.call(deps, ctx, "network", "DELETE", f"/v2.0/floatingips/{ident}")
