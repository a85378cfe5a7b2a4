"The image proxy's images as JSON."

from collections.abc import Mapping
from typing import Any

from compute.core.images import kept
from compute.core.images_proxy import STATUS
from compute.views.links import base, root


def brief(row: Mapping[str, Any]) -> dict[str, Any]:
    "In a list without details."
    full = detail(row)
    return {"id": full["id"], "name": full["name"], "links": full["links"]}


def detail(image: Mapping[str, Any]) -> dict[str, Any]:
    "Everything."
    record = kept(image)
    status, progress = STATUS.get(str(image.get("status")), ("UNKNOWN", 0))
    ident = image["id"]
    out: dict[str, Any] = {
        "id": ident,
        "name": image.get("name"),
        "status": status,
        "progress": progress,
        "minRam": image.get("min_ram") or 0,
        "minDisk": image.get("min_disk") or 0,
        "created": image.get("created_at"),
        "updated": image.get("updated_at"),
        "metadata": record["properties"],
        "OS-EXT-IMG-SIZE:size": image.get("size") or 0,
        "links": [
            {"rel": "self", "href": f"{base()}/images/{ident}"},
            {"rel": "bookmark", "href": f"{root()}/images/{ident}"},
            {
                "rel": "alternate",
                "type": "application/vnd.openstack.image",
                "href": f"{root()}/images/{ident}",
            },
        ],
    }
    server = record["properties"].get("instance_uuid")
    if server:
        out["server"] = {
            "id": server,
            "links": [
                {"rel": "self", "href": f"{base()}/servers/{server}"},
                {"rel": "bookmark", "href": f"{root()}/servers/{server}"},
            ],
        }
    return out
