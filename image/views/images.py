"""An image as JSON."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from image.store.models import Image


def moment(value: datetime.datetime) -> str:
    "A time as the image API prints it."
    return value.isoformat(timespec="seconds")[:19] + "Z"


def document(
    image: Image, stores: Iterable[str] = (), readable: Callable[[str], bool] | None = None
) -> dict[str, Any]:
    """The whole image. `stores` have its data; `readable` says which custom properties may be shown
    (all, without it)."""
    view: dict[str, Any] = {
        p.name: p.value for p in image.properties if readable is None or readable(p.name)
    }
    link = f"/v2/images/{image.id}"
    view |= {
        "name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "visibility": image.visibility,
        "size": image.size,
        "virtual_size": image.virtual_size,
        "status": image.status,
        "checksum": image.checksum,
        "protected": image.protected,
        "min_ram": image.min_ram,
        "min_disk": image.min_disk,
        "owner": image.owner,
        "os_hidden": image.os_hidden,
        "os_hash_algo": image.os_hash_algo,
        "os_hash_value": image.os_hash_value,
        "id": image.id,
        "created_at": moment(image.created_at),
        "updated_at": moment(image.updated_at),
        "tags": sorted(t.value for t in image.tags),
        "self": link,
        "file": f"{link}/file",
        "schema": "/v2/schemas/image",
    }
    found = ",".join(stores)
    if found:
        view["stores"] = found
    return view
