"The volume proxy of old versions: volumes and snapshots in Nova's words."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from compute.core import Deps, proxies
from compute.core.boot import truth


def _path(ctx: Context, tail: str) -> str:
    return f"/v3/{ctx.project_id}{tail}"


def find(deps: Deps, ctx: Context) -> list[dict[str, Any]]:
    "Volumes of the project."
    return [
        _view(v)
        for v in proxies.call(deps, ctx, "volume", "GET", _path(ctx, "/volumes/detail"))["volumes"]
    ]


def get(deps: Deps, ctx: Context, volume_id: str) -> dict[str, Any]:
    "One."
    return _view(
        proxies.call(deps, ctx, "volume", "GET", _path(ctx, f"/volumes/{volume_id}"))["volume"]
    )


def create(deps: Deps, ctx: Context, wish: Mapping[str, Any]) -> dict[str, Any]:
    "A new one."
    body = {
        "size": int(wish["size"]),
        "name": wish.get("display_name"),
        "description": wish.get("display_description"),
        "volume_type": wish.get("volume_type"),
        "metadata": wish.get("metadata"),
        "snapshot_id": wish.get("snapshot_id"),
        "availability_zone": wish.get("availability_zone"),
    }
    made = proxies.call(
        deps,
        ctx,
        "volume",
        "POST",
        _path(ctx, "/volumes"),
        {"volume": {k: v for k, v in body.items() if v is not None}},
    )
    return _view(made["volume"])


def delete(deps: Deps, ctx: Context, volume_id: str) -> None:
    "Delete it."
    proxies.call(deps, ctx, "volume", "DELETE", _path(ctx, f"/volumes/{volume_id}"))


def _view(v: Mapping[str, Any]) -> dict[str, Any]:
    attachments = [
        {
            "id": a.get("volume_id"),
            "volumeId": a.get("volume_id"),
            "serverId": a.get("server_id"),
            "device": a.get("device"),
        }
        for a in v.get("attachments") or []
    ]
    return {
        "id": v["id"],
        "status": v["status"],
        "size": v["size"],
        "availabilityZone": v.get("availability_zone"),
        "createdAt": v.get("created_at"),
        "displayName": v.get("name"),
        "displayDescription": v.get("description"),
        "volumeType": v.get("volume_type"),
        "snapshotId": v.get("snapshot_id"),
        "metadata": v.get("metadata") or {},
        "attachments": attachments or [{}],
    }


def snapshots(deps: Deps, ctx: Context) -> list[dict[str, Any]]:
    "Snapshots of the project."
    found = proxies.call(deps, ctx, "volume", "GET", _path(ctx, "/snapshots/detail"))["snapshots"]
    return [_snapshot_view(s) for s in found]


def snapshot(deps: Deps, ctx: Context, snapshot_id: str) -> dict[str, Any]:
    "One."
    found = proxies.call(deps, ctx, "volume", "GET", _path(ctx, f"/snapshots/{snapshot_id}"))
    return _snapshot_view(found["snapshot"])


def create_snapshot(deps: Deps, ctx: Context, wish: Mapping[str, Any]) -> dict[str, Any]:
    "A new one."
    body = {
        "volume_id": wish["volume_id"],
        "force": truth(wish.get("force", False)),
        "name": wish.get("display_name"),
        "description": wish.get("display_description"),
    }
    made = proxies.call(deps, ctx, "volume", "POST", _path(ctx, "/snapshots"), {"snapshot": body})
    return _snapshot_view(made["snapshot"])


def delete_snapshot(deps: Deps, ctx: Context, snapshot_id: str) -> None:
    "Delete it."
    proxies.call(deps, ctx, "volume", "DELETE", _path(ctx, f"/snapshots/{snapshot_id}"))


def _snapshot_view(s: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": s["id"],
        "volumeId": s["volume_id"],
        "status": s["status"],
        "size": s["size"],
        "createdAt": s.get("created_at"),
        "displayName": s.get("name"),
        "displayDescription": s.get("description"),
    }
