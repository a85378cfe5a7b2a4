"Servers: list, create, show, update, delete."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Reply, Version
from compute.api.listing import next_link, server_query
from compute.core import Deps, boot, servers
from compute.core.servers import Server
from compute.schemas import servers as schemas
from compute.views import servers as views
from compute.views.links import base

api = Api("/v2.1/servers")


def extras(deps: Deps, ctx: Context, rows: list[Server], version: Version) -> views.Extras:
    "What views need beside the rows: a constant number of statements."
    ids = [r.id for r in rows]
    out = views.Extras(devices=servers.devices(deps, ids))
    if version >= "2.26":
        out.tags = servers.tags_of(deps, ids)
    if version >= "2.16" and ctx.is_admin:
        out.host_status = servers.host_status(deps)
    return out


def shown(deps: Deps, ctx: Context, server: Server, version: Version) -> dict[str, Any]:
    "One server with everything."
    return views.detail(ctx, server, version, extras(deps, ctx, [server], version))


@api.get("", query=schemas.LIST)
def index(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Names only."
    rows, more = _rows(ctx, deps, args, version, "servers:index")
    return _paged("servers", [views.brief(r) for r in rows], more)


@api.get("/detail", query=schemas.LIST)
def detail(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Everything."
    rows, more = _rows(ctx, deps, args, version, "servers:detail")
    beside = extras(deps, ctx, rows, version)
    return _paged(
        "servers/detail", [views.detail(ctx, r, version, beside, listing=True) for r in rows], more
    )


def _rows(
    ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version, rule: str
) -> tuple[list[Server], list[dict[str, str]]]:
    ctx.enforce(f"os_compute_api:{rule}", {"project_id": ctx.project_id, "user_id": ctx.user_id})
    query, marker = server_query(deps, ctx, args, version, rule)
    if query is None:
        return [], []
    rows = servers.find(deps, query, marker)
    path = "servers/detail" if rule.endswith("detail") else "servers"
    return rows, next_link(path, args, rows, query.limit)


def _paged(path: str, rows: list[dict[str, Any]], more: list[dict[str, str]]) -> dict[str, Any]:
    return {"servers": rows, "servers_links": more} if more else {"servers": rows}


@api.post("", policy="os_compute_api:servers:create", body=schemas.CREATE, status=202)
def create(ctx: Context, deps: Deps, body: dict[str, Any], version: Version) -> Any:
    "Accept a new server, or several."
    wish = dict(body["server"])
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    reservation, rows, password = boot.boot(
        deps,
        ctx,
        wish,
        hints,
        multiattach=version >= "2.60",
        port_resources=version >= "2.72",
    )
    if boot.truth(wish.get("return_reservation_id")):
        return Reply({"reservation_id": reservation}, 202)
    answer = views.created(rows[0], password)
    return Reply({"server": answer}, 202, {"Location": f"{base()}/servers/{rows[0].id}"})


@api.get("/<server_id>")
def show(ctx: Context, deps: Deps, server_id: str, version: Version) -> dict[str, Any]:
    "One server."
    return {"server": shown(deps, ctx, servers.get(deps, ctx, server_id, "servers:show"), version)}


@api.put("/<server_id>", body=schemas.UPDATE)
def update(
    ctx: Context, deps: Deps, server_id: str, body: dict[str, Any], version: Version
) -> dict[str, Any]:
    "Change names, description, access addresses."
    server = servers.update(deps, ctx, server_id, body["server"])
    full = shown(deps, ctx, server, version)
    return {"server": full if version >= "2.75" else views.old_answer(full, version)}


@api.delete("/<server_id>")
def delete(ctx: Context, deps: Deps, server_id: str) -> None:
    "Delete it."
    servers.delete(deps, ctx, server_id)
