"Aggregates, server groups, migrations and usage as JSON."

from collections.abc import Sequence
from typing import Any

from common.http import Version
from compute.store.models import Aggregate, Migration, ServerGroup
from compute.views.links import base, root, stamp


def aggregate(row: tuple[Aggregate, list[str]], version: Version) -> dict[str, Any]:
    "An aggregate."
    one, hosts = row
    out: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "availability_zone": (one.meta or {}).get("availability_zone"),
        "hosts": hosts,
        "metadata": one.meta or {},
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
    if version >= "2.41":
        out["uuid"] = one.uuid
    return out


def group(row: ServerGroup, members: Sequence[str], version: Version) -> dict[str, Any]:
    "A server group."
    out: dict[str, Any] = {"id": row.id, "name": row.name, "members": list(members)}
    if version >= "2.64":
        out |= {"policy": row.policy, "rules": row.rules or {}}
    else:
        out |= {"policies": [row.policy], "metadata": {}}
    if version >= "2.13":
        out |= {"project_id": row.project_id, "user_id": row.user_id}
    return out


HOSTS = ("source_compute", "source_node", "dest_compute", "dest_node", "dest_host")


def migration(row: Migration, version: Version, hosts: bool = True) -> dict[str, Any]:
    "In os-migrations; without `hosts` their names are null."
    out: dict[str, Any] = {
        "id": row.id,
        "instance_uuid": row.server_id,
        "source_compute": row.source_host,
        "source_node": row.source_node,
        "dest_compute": row.dest_host,
        "dest_node": row.dest_node,
        "dest_host": row.dest_ip,
        "status": row.status,
        "old_instance_type_id": row.old_flavor_id,
        "new_instance_type_id": row.new_flavor_id,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }
    if version >= "2.23":
        out["migration_type"] = row.type
        if row.type == "live-migration" and row.status in (
            "queued",
            "preparing",
            "running",
            "post-migrating",
        ):
            path = f"servers/{row.server_id}/migrations/{row.id}"
            out["links"] = [
                {"rel": "self", "href": f"{base()}/{path}"},
                {"rel": "bookmark", "href": f"{root()}/{path}"},
            ]
    if version >= "2.59":
        out["uuid"] = row.uuid
    if version >= "2.80":
        out |= {"user_id": row.user_id, "project_id": row.project_id}
    return out if hosts else out | dict.fromkeys(HOSTS)


def server_migration(row: Migration, version: Version, hosts: bool = True) -> dict[str, Any]:
    "Below a server: a live migration with its progress."
    totals = row.totals or {}
    out: dict[str, Any] = {
        "id": row.id,
        "server_uuid": row.server_id,
        "source_compute": row.source_host,
        "source_node": row.source_node,
        "dest_compute": row.dest_host,
        "dest_node": row.dest_node,
        "dest_host": row.dest_ip,
        "status": row.status,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }
    for kind in ("memory", "disk"):
        out |= {
            f"{kind}_total_bytes": totals.get(f"{kind}_total"),
            f"{kind}_processed_bytes": totals.get(f"{kind}_processed"),
            f"{kind}_remaining_bytes": totals.get(f"{kind}_remaining"),
        }
    if version >= "2.59":
        out["uuid"] = row.uuid
    if version >= "2.80":
        out |= {"user_id": row.user_id, "project_id": row.project_id}
    return out if hosts else out | dict.fromkeys(HOSTS)


def usage(found: dict[str, Any], detailed: bool) -> dict[str, Any]:
    "Usage of a project."
    out = {**found, "start": stamp(found["start"]), "stop": stamp(found["stop"])}
    servers = [
        {**s, "started_at": stamp(s["started_at"]), "ended_at": stamp(s["ended_at"])}
        for s in out.pop("server_usages")
    ]
    return {**out, "server_usages": servers} if detailed else out
