"Parts of a server: metadata, tags, addresses, topology, diagnostics, password."

from typing import Any

from common.context import Context
from common.http import Api, Reply, Version
from compute.core import Deps, actions, servers
from compute.errors import (
    InvalidParameter,
    MetadataNotFound,
    NetworkNotFound,
    ShareNotFound,
    TagNotFound,
)
from compute.schemas import servers as schemas
from compute.views import servers as views
from compute.views.links import base

api = Api("/v2.1/servers/<server_id>")


@api.get("/metadata")
def metadata(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "All of it."
    return {"metadata": servers.get(deps, ctx, server_id, "server-metadata:index").meta or {}}


@api.post("/metadata", body=schemas.META)
def add_metadata(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any]) -> dict[str, Any]:
    "Add to it."
    return {
        "metadata": servers.set_metadata(
            deps, ctx, server_id, body["metadata"], rule="server-metadata:create", replace=False
        )
    }


@api.put("/metadata", body=schemas.META)
def replace_metadata(
    ctx: Context, deps: Deps, server_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Replace it."
    return {
        "metadata": servers.set_metadata(
            deps, ctx, server_id, body["metadata"], rule="server-metadata:update_all", replace=True
        )
    }


@api.get("/metadata/<key>")
def metadata_item(ctx: Context, deps: Deps, server_id: str, key: str) -> dict[str, Any]:
    "One item."
    meta = servers.get(deps, ctx, server_id, "server-metadata:show").meta or {}
    if key not in meta:
        raise MetadataNotFound(key=key)
    return {"meta": {key: meta[key]}}


@api.put("/metadata/<key>", body=schemas.META_ITEM)
def set_metadata_item(
    ctx: Context, deps: Deps, server_id: str, key: str, body: dict[str, Any]
) -> dict[str, Any]:
    "Set one item."
    if key not in body["meta"]:
        raise InvalidParameter("Request body and URI mismatch")
    servers.set_metadata(
        deps, ctx, server_id, body["meta"], rule="server-metadata:update", replace=False
    )
    return {"meta": body["meta"]}


@api.delete("/metadata/<key>")
def drop_metadata_item(ctx: Context, deps: Deps, server_id: str, key: str) -> None:
    "Remove one item."
    servers.drop_metadata(deps, ctx, server_id, key)


@api.get("/tags", since="2.26")
def tags(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "All tags."
    servers.get(deps, ctx, server_id, "os-server-tags:index")
    return {"tags": servers.tags_of(deps, [server_id])[server_id]}


@api.put("/tags", since="2.26", body=schemas.TAGS)
def replace_tags(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any]) -> dict[str, Any]:
    "Replace them."
    return {"tags": servers.set_tags(deps, ctx, server_id, body["tags"])}


@api.delete("/tags", since="2.26")
def drop_tags(ctx: Context, deps: Deps, server_id: str) -> None:
    "Remove them."
    servers.drop_tags(deps, ctx, server_id)


@api.get("/tags/<tag>", since="2.26")
def tag(ctx: Context, deps: Deps, server_id: str, tag: str) -> Reply:
    "Whether it is there."
    servers.get(deps, ctx, server_id, "os-server-tags:show")
    if tag not in servers.tags_of(deps, [server_id])[server_id]:
        raise TagNotFound(tag=tag)
    return Reply(None, 204)


@api.put("/tags/<tag>", since="2.26")
def add_tag(ctx: Context, deps: Deps, server_id: str, tag: str) -> Reply:
    "Add one."
    if servers.add_tag(deps, ctx, server_id, tag):
        return Reply(None, 201, {"Location": f"{base()}/servers/{server_id}/tags/{tag}"})
    return Reply(None, 204)


@api.delete("/tags/<tag>", since="2.26")
def drop_tag(ctx: Context, deps: Deps, server_id: str, tag: str) -> None:
    "Remove one."
    servers.drop_tags(deps, ctx, server_id, tag)


@api.get("/ips")
def ips(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "Addresses by network."
    server = servers.get(deps, ctx, server_id, "ips:index")
    return {
        "addresses": {n: list(map(_plain, rows)) for n, rows in views.addresses(server).items()}
    }


@api.get("/ips/<network>")
def ips_of(ctx: Context, deps: Deps, server_id: str, network: str) -> dict[str, Any]:
    "Addresses on one network."
    found = views.addresses(servers.get(deps, ctx, server_id, "ips:show"))
    if network not in found:
        raise NetworkNotFound(network=network)
    return {network: list(map(_plain, found[network]))}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {"version": row["version"], "addr": row["addr"]}


@api.get("/diagnostics")
def diagnostics(ctx: Context, deps: Deps, server_id: str, version: Version) -> dict[str, Any]:
    "What the hypervisor counts; before 2.48 in the hypervisor's own words."
    found = actions.diagnostics(deps, ctx, server_id)
    return found if version >= "2.48" else views.old_diagnostics(found)


@api.get("/topology", since="2.78")
def topology(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "NUMA cells of the guest."
    server = servers.get(deps, ctx, server_id, "compute:server:topology:index")
    host_side = ctx.allows("compute:server:topology:host:index", servers.target(server))
    return views.topology(server, host_side)


@api.get("/os-server-password")
def password(ctx: Context, deps: Deps, server_id: str) -> dict[str, str]:
    "The password, encrypted by the guest."
    return {"password": actions.password(deps, ctx, server_id)}


@api.delete("/os-server-password")
def clear_password(ctx: Context, deps: Deps, server_id: str) -> None:
    "Forget it here; the guest keeps it."
    actions.clear_password(deps, ctx, server_id)


@api.get("/os-security-groups")
def security_groups(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "Security groups of the server's ports."
    from compute.core import proxies

    server = servers.get(deps, ctx, server_id, "os-security-groups:list")
    return {"security_groups": proxies.groups_of_server(deps, ctx, server)}


@api.get("/shares", since="2.97")
def shares(ctx: Context, deps: Deps, server_id: str) -> dict[str, Any]:
    "Attached shares: this cloud has no file system service, so none."
    servers.get(deps, ctx, server_id, "os-server-shares:index")
    return {"shares": []}


@api.post("/shares", since="2.97", body=schemas.SHARE)
def attach_share(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any]) -> None:
    "No share can be found, so none attached."
    servers.get(deps, ctx, server_id, "os-server-shares:create")
    raise ShareNotFound(share_id=body["share"]["share_id"])


@api.get("/shares/<share_id>", since="2.97")
def share(ctx: Context, deps: Deps, server_id: str, share_id: str) -> None:
    "None is attached."
    servers.get(deps, ctx, server_id, "os-server-shares:show")
    raise ShareNotFound(share_id=share_id)


@api.delete("/shares/<share_id>", since="2.97")
def detach_share(ctx: Context, deps: Deps, server_id: str, share_id: str) -> None:
    "None is attached."
    servers.get(deps, ctx, server_id, "os-server-shares:delete")
    raise ShareNotFound(share_id=share_id)
