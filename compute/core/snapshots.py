"Images made of servers: their records, and images that name volume snapshots."

import json
from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from compute.contracts.specs import ImageSource
from compute.core import Deps, images, proxies
from compute.store.models import BlockDevice, Server

NOT_INHERITED = (
    "cache_in_nova",
    "bittorrent",
    "img_signature_hash_method",
    "img_signature",
    "img_signature_key_type",
    "img_signature_certificate_uuid",
    "signature_verified",
    "base_image_ref",
    "image_type",
    "backup_type",
    "instance_uuid",
    "user_id",
    "owner_id",
    "image_location",
    "image_state",
)


def properties_of(
    server: Server, extra: Mapping[str, str], kind: str = "snapshot"
) -> dict[str, str]:
    "Properties of an image that is made of a server."
    inherited = {
        k: v
        for k, v in ((server.image or {}).get("properties") or {}).items()
        if k not in NOT_INHERITED and not k.startswith(("os_glance", "os_hash", "owner_specified"))
    }
    own = {
        "instance_uuid": server.id,
        "user_id": server.user_id,
        "image_type": kind,
        "base_image_ref": server.image_id or "",
    }
    if kind == "shelved":
        own["image_type"] = "snapshot"
    return {**inherited, **own, **extra}


def record(
    deps: Deps,
    ctx: Context | None,
    server: Server,
    name: str,
    properties: Mapping[str, str],
    backup: Mapping[str, Any] | None = None,
) -> str:
    "An image record to upload to; its id."
    extra = dict(properties)
    if backup:
        extra["backup_type"] = backup["backup_type"]
    image_format = server.image.get("disk_format")
    return images.create(
        deps,
        ctx,
        name,
        properties_of(server, extra, "backup" if backup else "snapshot"),
        disk_format=image_format if image_format in ("raw", "qcow2") else "qcow2",
        min_disk=server.root_gib,
        min_ram=int(server.image.get("min_ram") or 0),
        owner=None if ctx else server.project_id,
    )


def target(deps: Deps, image_id: str, disk_format: str = "qcow2") -> ImageSource:
    "Where an agent uploads to."
    url = f"{deps.services.image.url}/v2/images/{image_id}/file"
    return ImageSource(id=image_id, url=url, token=deps.services.token(), disk_format=disk_format)


def of_volumes(
    deps: Deps,
    ctx: Context,
    server: Server,
    devices: Sequence[BlockDevice],
    name: str,
    properties: Mapping[str, str],
) -> str:
    "An image without data that names a snapshot of each volume."
    mapping = []
    for device in devices:
        if not device.volume_id:
            continue
        body = {
            "snapshot": {
                "volume_id": device.volume_id,
                "force": True,
                "name": f"snapshot for {name}",
            }
        }
        made = proxies.call(deps, ctx, "volume", "POST", f"/v3/{ctx.project_id}/snapshots", body)[
            "snapshot"
        ]
        mapping.append(
            {
                "source_type": "snapshot",
                "destination_type": "volume",
                "snapshot_id": made["id"],
                "boot_index": device.boot_index,
                "volume_size": device.size_gib,
                "device_name": device.device_name,
                "device_type": device.device_type or "disk",
                "disk_bus": device.disk_bus or "virtio",
                "delete_on_termination": False,
            }
        )
    extra = {
        **properties,
        "block_device_mapping": json.dumps(mapping),
        "bdm_v2": "True",
        "root_device_name": server.root_device_name or "/dev/vda",
    }
    return images.create(deps, ctx, name, properties_of(server, extra))


def rotate(deps: Deps, server: Server, backup_type: str, rotation: int) -> None:
    "Delete backups of a type beyond the newest `rotation`."
    found = images.mine(deps, instance_uuid=server.id, image_type="backup", backup_type=backup_type)
    found = [i for i in found if i.get("status") in ("active", None)]
    found.sort(key=lambda i: str(i.get("created_at")), reverse=True)
    for image in found[rotation:]:
        images.delete(deps, image["id"])
