"The image service, as far as servers need it."

from collections.abc import Iterable, Mapping
from typing import Any

from common.context import Context
from compute.contracts.specs import ImageSource
from compute.core import Deps
from compute.errors import FlavorTooSmall, ImageNotUsable, NoSuchImage, UpstreamFailed

KEPT = (
    "id",
    "name",
    "min_disk",
    "min_ram",
    "disk_format",
    "container_format",
    "size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "status",
    "owner",
    "created_at",
    "updated_at",
    "visibility",
    "tags",
)
_NO_PROPERTIES = {
    *KEPT,
    "file",
    "schema",
    "self",
    "protected",
    "virtual_size",
    "locations",
    "direct_url",
    "os_hidden",
    "stores",
    "metadata",
}


def get(deps: Deps, ctx: Context | None, image_id: str) -> dict[str, Any]:
    "What a server keeps of an image, as the caller may see it. Raises NoSuchImage."
    services = deps.services.of(ctx) if ctx else deps.services
    answer = services.image.get(f"/v2/images/{image_id}", raise_exc=False)
    if answer.status_code in (403, 404):
        raise NoSuchImage(image_id=image_id)
    if answer.status_code >= 400:
        raise UpstreamFailed(service="image", reason=answer.text[:300])
    return kept(answer.json())


def kept(image: Mapping[str, Any]) -> dict[str, Any]:
    "The part of an image's record that matters to a server."
    out = {k: image.get(k) for k in KEPT}
    out["properties"] = {
        k: _text(v) for k, v in image.items() if k not in _NO_PROPERTIES and v is not None
    }
    return out


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def check(
    image: Mapping[str, Any], flavor: Mapping[str, Any], *, root_is_local: bool = True
) -> None:
    "Raise ImageNotUsable or FlavorTooSmall where a server of `flavor` cannot boot the image."
    if image.get("status") != "active":
        raise ImageNotUsable(
            image_id=image["id"], reason=f"its status is {image.get('status')}, not active."
        )
    if image.get("container_format") == "compressed":
        raise ImageNotUsable(image_id=image["id"], reason="it is compressed.")
    if int(image.get("min_ram") or 0) > flavor["memory_mib"]:
        raise FlavorTooSmall(
            what="memory", needed=f"{image['min_ram']} MiB", given=f"{flavor['memory_mib']} MiB"
        )
    root = flavor["root_gib"]
    if not root_is_local or not root:
        return
    needed = max(int(image.get("min_disk") or 0), -(-int(image.get("size") or 0) // 2**30))
    if needed > root:
        raise FlavorTooSmall(what="disk", needed=f"{needed} GiB", given=f"{root} GiB")


def source(deps: Deps, image: Mapping[str, Any]) -> ImageSource:
    """How an agent fetches the image: URL, a fresh token of this service, and what the bytes must
    hash to."""
    url = deps.services.image.url + f"/v2/images/{image['id']}/file"
    algorithm = image.get("os_hash_algo") or ("md5" if image.get("checksum") else "")
    value = image.get("os_hash_value") or image.get("checksum") or ""
    return ImageSource(
        id=image["id"],
        url=url,
        token=deps.services.token(),
        size_bytes=int(image.get("size") or 0),
        hash_algo=str(algorithm),
        hash_value=str(value),
        disk_format=str(image.get("disk_format") or "raw"),
        min_disk_gib=int(image.get("min_disk") or 0),
        properties=dict(image.get("properties") or {}),
    )


def create(
    deps: Deps,
    ctx: Context | None,
    name: str,
    properties: Mapping[str, Any],
    *,
    owner: str | None = None,
    disk_format: str = "qcow2",
    min_disk: int = 0,
    min_ram: int = 0,
) -> str:
    "A new image record to upload to, in the caller's name (or for `owner`); its id."
    services = deps.services.of(ctx) if ctx else deps.services
    body = {
        "name": name,
        "disk_format": disk_format,
        "container_format": "bare",
        "visibility": "private",
        "min_disk": min_disk,
        "min_ram": min_ram,
        **{k: _text(v) for k, v in properties.items()},
    }
    if owner:
        body["owner"] = owner
    answer = services.image.post("/v2/images", json=body, raise_exc=False)
    if answer.status_code == 403:
        raise ImageNotUsable(
            image_id=name, reason="the image service refused to make it: " + answer.text[:200]
        )
    if answer.status_code >= 400:
        raise UpstreamFailed(service="image", reason=answer.text[:300])
    return str(answer.json()["id"])


def delete(deps: Deps, image_id: str) -> None:
    "Delete an image of ours; none there is fine."
    deps.services.image.delete(f"/v2/images/{image_id}", raise_exc=False)


def discard_unfinished(deps: Deps, image_ids: Iterable[str]) -> None:
    "Delete those that wait for data that nobody will send any more."
    for image_id in image_ids:
        answer = deps.services.image.get(f"/v2/images/{image_id}", raise_exc=False)
        if answer.status_code < 400 and answer.json()["status"] in ("queued", "saving"):
            delete(deps, image_id)


def mine(deps: Deps, **query: Any) -> list[dict[str, Any]]:
    "Images by query, as this service sees them."
    answer = deps.services.image.get("/v2/images", params=query, raise_exc=False)
    if answer.status_code >= 400:
        raise UpstreamFailed(service="image", reason=answer.text[:300])
    return list(answer.json()["images"])
