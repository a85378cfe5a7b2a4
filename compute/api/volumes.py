"The proxy of volumes and their snapshots: up to 2.35."

from typing import Any

from common.context import Context
from common.http import Api
from compute.core import Deps, volumes_proxy
from compute.schemas import cluster as schemas

api = Api("/v2.1")
OLD = {"until": "2.35"}


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


SNAPSHOTS = "os_compute_api:os-volumes:snapshots"


@api.get("/os-snapshots", policy=f"{SNAPSHOTS}:list", **OLD)
def snapshots(ctx: Context, deps: Deps) -> dict[str, Any]:
    "Snapshots of volumes."
    return {"snapshots": volumes_proxy.snapshots(deps, ctx)}


@api.get("/os-snapshots/detail", policy=f"{SNAPSHOTS}:detail", **OLD)
def snapshots_detail(ctx: Context, deps: Deps) -> dict[str, Any]:
    "The same."
    return {"snapshots": volumes_proxy.snapshots(deps, ctx)}


@api.post("/os-snapshots", policy=f"{SNAPSHOTS}:create", body=schemas.OLD_SNAPSHOT, **OLD)
def create_snapshot(ctx: Context, deps: Deps, body: dict[str, Any]) -> dict[str, Any]:
    "A new one."
    return {"snapshot": volumes_proxy.create_snapshot(deps, ctx, body["snapshot"])}


@api.get("/os-snapshots/<ident>", policy=f"{SNAPSHOTS}:show", **OLD)
def snapshot(ctx: Context, deps: Deps, ident: str) -> dict[str, Any]:
    "One."
    return {"snapshot": volumes_proxy.snapshot(deps, ctx, ident)}


@api.delete("/os-snapshots/<ident>", policy=f"{SNAPSHOTS}:delete", status=202, **OLD)
def delete_snapshot(ctx: Context, deps: Deps, ident: str) -> None:
    "Delete it."
    volumes_proxy.delete_snapshot(deps, ctx, ident)
