"The image proxy of old versions: images in Nova's words."

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.context import Context
from compute.core import Deps, proxies
from compute.core.images import kept

STATUS = {
    "queued": ("SAVING", 25),
    "saving": ("SAVING", 50),
    "active": ("ACTIVE", 100),
    "killed": ("ERROR", 0),
    "deleted": ("DELETED", 0),
    "pending_delete": ("DELETED", 0),
    "importing": ("SAVING", 50),
    "uploading": ("SAVING", 50),
    "deactivated": ("UNKNOWN", 0),
}
_MEDIA = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


_FILTERS = {
    "name": "name",
    "marker": "marker",
    "limit": "limit",
    "minRam": "min_ram",
    "minDisk": "min_disk",
    "type": "image_type",
}
_PROPERTY = "property-"


def find(
    deps: Deps, ctx: Context, args: Mapping[str, str], since: datetime | None
) -> list[dict[str, Any]]:
    """Images that the caller sees, changed since then; the other filters are those of the API
    reference: name, status, server (an id or a link), type, minRam, minDisk and property-NAME,
    with limit and marker."""
    query = {name: args[k] for k, name in _FILTERS.items() if k in args}
    query |= {
        k.removeprefix(_PROPERTY): v
        for k, v in args.items()
        if k.startswith(_PROPERTY) and k != _PROPERTY
    }
    if "server" in args:
        query["instance_uuid"] = args["server"].rstrip("/").rpartition("/")[2]
    if "status" in args:
        found = [k for k, v in STATUS.items() if v[0] == args["status"].upper()]
        query["status"] = "in:" + ",".join(found) if found else "none"
    if since:
        query["updated_at"] = since.strftime("gte:%Y-%m-%dT%H:%M:%SZ")
    return list(proxies.call(deps, ctx, "image", "GET", "/v2/images", params=query)["images"])


def get(deps: Deps, ctx: Context, image_id: str) -> dict[str, Any]:
    "One image."
    return dict(proxies.call(deps, ctx, "image", "GET", f"/v2/images/{image_id}"))


def delete(deps: Deps, ctx: Context, image_id: str) -> None:
    "Delete it."
    proxies.call(deps, ctx, "image", "DELETE", f"/v2/images/{image_id}")


def set_metadata(
    deps: Deps, ctx: Context, image_id: str, changes: Mapping[str, str], *, replace: bool
) -> dict[str, str]:
    "Add to an image's properties, or replace them."
    old = kept(get(deps, ctx, image_id))["properties"]
    patch = [
        {"op": "replace" if k in old else "add", "path": f"/{k}", "value": v}
        for k, v in changes.items()
    ]
    if replace:
        patch += [{"op": "remove", "path": f"/{k}"} for k in old if k not in changes]
    _patch(deps, ctx, image_id, patch)
    return dict(changes) if replace else {**old, **changes}


def drop_metadata(deps: Deps, ctx: Context, image_id: str, key: str) -> None:
    "Remove a property."
    _patch(deps, ctx, image_id, [{"op": "remove", "path": f"/{key}"}])


def _patch(deps: Deps, ctx: Context, image_id: str, changes: list[dict[str, str]]) -> None:
    peer = deps.services.of(ctx).image
    answer = peer.patch(f"/v2/images/{image_id}", json=changes, headers=_MEDIA, raise_exc=False)
    proxies.refuse(answer, "image")
