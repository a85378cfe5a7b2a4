"Usage of projects, and migrations."

import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.errors import BadRequest
from common.http import Api, Reply, Version
from compute.api.listing import changes_of, limit_of, time_of
from compute.core import Deps, moves, usage
from compute.schemas import cluster as schemas
from compute.schemas import records as record_schemas
from compute.views import cluster as views
from compute.views.links import base

api = Api("/v2.1")
USAGE = "os_compute_api:os-simple-tenant-usage"


def _period(args: MultiDict[str, str]) -> tuple[datetime.datetime, datetime.datetime]:
    now = datetime.datetime.now(datetime.UTC)
    start = time_of("start", args["start"]) if args.get("start") else now
    end = time_of("end", args["end"]) if args.get("end") else now
    if end < start:
        raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
    return start, end


def _pages(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "Pages from 2.40 on; before, an answer just ended at the operator's limit."
    if version < "2.40":
        return {"limit": deps.config.compute.max_limit}
    return {"limit": limit_of(deps, args), "marker": args.get("marker")}


def _links(path: str, found: list[dict[str, Any]], pages: dict[str, Any]) -> list[dict[str, str]]:
    rows = [s for p in found for s in p["server_usages"]]
    if not rows or len(rows) != pages.get("limit"):
        return []
    return [
        {
            "rel": "next",
            "href": f"{base()}/{path}?limit={pages['limit']}&marker={rows[-1]['instance_id']}",
        }
    ]


@api.get("/os-simple-tenant-usage", policy=f"{USAGE}:list", query=schemas.USAGE)
def usages(deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "All projects."
    pages = _pages(deps, args, version)
    found = usage.report(deps, *_period(args), **pages)
    detailed = args.get("detailed", "0") == "1"
    out: dict[str, Any] = {"tenant_usages": [views.usage(p, detailed) for p in found]}
    links = _links("os-simple-tenant-usage", found, pages) if version >= "2.40" else []
    return {**out, "tenant_usages_links": links} if links else out


@api.get("/os-simple-tenant-usage/<project_id>", query=schemas.USAGE)
def usage_of(
    ctx: Context, deps: Deps, project_id: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "One project."
    ctx.enforce(f"{USAGE}:show", {"project_id": project_id})
    pages = _pages(deps, args, version)
    found = usage.report(deps, *_period(args), project_id, **pages)
    out: dict[str, Any] = {"tenant_usage": views.usage(found[0], True) if found else {}}
    path = f"os-simple-tenant-usage/{project_id}"
    links = _links(path, found, pages) if version >= "2.40" else []
    return {**out, "tenant_usage_links": links} if links else out


AUDIT = "os_compute_api:os-instance-usage-audit-log"


@api.get("/os-instance_usage_audit_log", policy=f"{AUDIT}:list")
def audit_log(deps: Deps) -> dict[str, Any]:
    "Which hosts have told the usage of the last full month."
    return {"instance_usage_audit_logs": usage.audit(deps, datetime.datetime.now(datetime.UTC))}


@api.get("/os-instance_usage_audit_log/<before>", policy=f"{AUDIT}:show")
def audit_log_before(deps: Deps, before: str) -> dict[str, Any]:
    "The same of the month that ended before a moment."
    return {"instance_usage_audit_log": usage.audit(deps, time_of("id", before.replace(" ", "T")))}


MIGRATIONS = "os_compute_api:os-migrations:index"


@api.get("/os-migrations", policy=MIGRATIONS, query=record_schemas.MIGRATIONS)
def migrations(
    ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "All migrations; for managers those of their project, when they ask for it, without the hosts."
    mine = {"project_id": ctx.project_id}
    if version < "2.80" or args.get("project_id") != ctx.project_id:
        ctx.enforce(f"{MIGRATIONS}:all_projects", mine)
    filters: dict[str, Any] = {
        "server_id": args.get("instance_uuid"),
        "host": args.get("host"),
        "status": args.get("status"),
        "source": args.get("source_compute"),
        "kind": args.get("migration_type"),
    }
    if version >= "2.80":
        filters |= {"user_id": args.get("user_id"), "project_id": args.get("project_id")}
    marker = None
    if version >= "2.59":
        marker = args.get("marker")
        filters["limit"] = limit_of(deps, args)
        filters |= changes_of(args)
    rows = moves.find(deps, marker, **filters)
    hosts = ctx.allows(f"{MIGRATIONS}:host", mine)
    out: dict[str, Any] = {"migrations": [views.migration(r, version, hosts) for r in rows]}
    if version >= "2.59" and rows and len(rows) == filters["limit"]:
        href = f"{base()}/os-migrations?limit={filters['limit']}&marker={rows[-1].uuid}"
        out["migrations_links"] = [{"rel": "next", "href": href}]
    return out


@api.get("/servers/<server_id>/migrations", since="2.23")
def server_migrations(ctx: Context, deps: Deps, server_id: str, version: Version) -> dict[str, Any]:
    "Live migrations of a server that are not over."
    rows = moves.of_server(deps, ctx, server_id)
    hosts = ctx.allows(
        "os_compute_api:servers:migrations:index:host", {"project_id": ctx.project_id}
    )
    return {"migrations": [views.server_migration(r, version, hosts) for r in rows]}


@api.get("/servers/<server_id>/migrations/<ident>", since="2.23")
def server_migration(
    ctx: Context, deps: Deps, server_id: str, ident: str, version: Version
) -> dict[str, Any]:
    "One."
    return {
        "migration": views.server_migration(moves.one(deps, ctx, server_id, ident, "show"), version)
    }


@api.delete("/servers/<server_id>/migrations/<ident>", since="2.24", status=202)
def abort(ctx: Context, deps: Deps, server_id: str, ident: str, version: Version) -> None:
    "Give it up."
    moves.abort(deps, ctx, server_id, ident, queued=version >= "2.65")


@api.post(
    "/servers/<server_id>/migrations/<ident>/action",
    since="2.22",
    body={
        "type": "object",
        "properties": {"force_complete": {"type": "null"}},
        "required": ["force_complete"],
        "additionalProperties": False,
    },
)
def force(ctx: Context, deps: Deps, server_id: str, ident: str) -> Reply:
    "Finish it at any price: the guest is paused for the rest."
    moves.force_complete(deps, ctx, server_id, ident)
    return Reply(None, 202)
