"""What only passes on to other services, up to the version that ended it (2.35, some 2.38 and
2.43), and what is gone for good."""

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import NotFound
from common.http import Api
from compute.core import Deps, images_proxy, proxies, volumes_proxy
from compute.errors import RemovedApi
from compute.schemas import cluster as schemas
from compute.views import images as views

api = Api("/v2.1")
OLD = {"until": "2.35"}
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
    body = request.get_json(silent=True) if request.content_length else None
    return {
        "floating_ip": proxies.allocate(
            deps, ctx, (body or {}).get("pool") if isinstance(body, dict) else None
        )
    }


@api.delete(
    "/os-floating-ips/<ident>", policy="os_compute_api:os-floating-ips:delete", status=202, **OLD
)
def release(ctx: Context, deps: Deps, ident: str) -> None:
    "Give it back."
    proxies.call(deps, ctx, "network", "DELETE", f"/v2.0/floatingips/{ident}")


@api.get("/images", policy="os_compute_api:images", **OLD)
def images(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "Images by name."
    return {"images": [views.brief(i) for i in images_proxy.find(deps, ctx, args)]}


@api.get("/images/detail", policy="os_compute_api:images", **OLD)
def images_detail(ctx: Context, deps: Deps, args: MultiDict[str, str]) -> dict[str, Any]:
    "Images with details."
    return {"images": [views.detail(i) for i in images_proxy.find(deps, ctx, args)]}


@api.get("/images/<ident>", policy="os_compute_api:images", **OLD)
def image(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {"image": views.detail(images_proxy.get(deps, ctx, ident))}


@api.delete("/images/<ident>", policy="os_compute_api:images:delete", **OLD)
def delete_image(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    images_proxy.delete(deps, ctx, ident)


META = "os_compute_api:image-metadata"


@api.get("/images/<ident>/metadata", policy=META, until="2.38")
def image_metadata(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "Properties."
    return {"metadata": views.detail(images_proxy.get(deps, ctx, ident))["metadata"]}


@api.post("/images/<ident>/metadata", policy=META, body=schemas.META, until="2.38")
def add_image_metadata(
    ctx: Context, deps: Deps, ident: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Add to them."
    return {
        "metadata": images_proxy.set_metadata(deps, ctx, ident, body["metadata"], replace=False)
    }


@api.put("/images/<ident>/metadata", policy=META, body=schemas.META, until="2.38")
def replace_image_metadata(
    ctx: Context, deps: Deps, ident: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Replace them."
    return {"metadata": images_proxy.set_metadata(deps, ctx, ident, body["metadata"], replace=True)}


@api.get("/os-volumes", policy="os_compute_api:os-volumes:list", **OLD)
def volumes(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Volumes."
    return {"volumes": volumes_proxy.find(deps, ctx)}


@api.get("/os-volumes/detail", policy="os_compute_api:os-volumes:detail", **OLD)
def volumes_detail(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Volumes."
    return {"volumes": volumes_proxy.find(deps, ctx)}


@api.post("/os-volumes", policy="os_compute_api:os-volumes:create", body=schemas.OLD_VOLUME, **OLD)
def create_volume(ctx: Context, deps: Deps, body: dict[str, Any]) -> dict[str, Any]:
    "A new one."
    return {"volume": volumes_proxy.create(deps, ctx, body["volume"])}


@api.get("/os-volumes/<ident>", policy="os_compute_api:os-volumes:show", **OLD)
def volume(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {"volume": volumes_proxy.get(deps, ctx, ident)}


@api.delete("/os-volumes/<ident>", policy="os_compute_api:os-volumes:delete", status=202, **OLD)
def delete_volume(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    volumes_proxy.delete(deps, ctx, ident)


def gone() -> None:
    "Removed from the API for all versions."
    raise RemovedApi()


_GONE = (
    "/os-agents",
    "/os-cells",
    "/os-certificates",
    "/os-cloudpipe",
    "/os-console-auth",
    "/os-fixed-ips/<ident>",
    "/os-floating-ips-bulk",
    "/os-fping",
    "/os-floating-ip-dns",
    "/os-security-group-default-rules",
    "/servers/<ident>/consoles",
    "/os-virtual-interfaces/<ident>",
)
for _path in _GONE:
    for _method in ("GET", "POST", "PUT", "DELETE"):
        api.route(_method, _path, open=True)(lambda ident="": gone())
