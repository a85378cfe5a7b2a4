"""Images of another region's image service: found through the caller's catalog, read with the
caller's token."""

from __future__ import annotations

import json
from typing import Any

from common.context import Context
from common.errors import Error
from image.core import Deps, images
from image.errors import ImportRefused
from image.outside.fetch import Body
from image.store import images as table
from image.store.models import Property

COPIED = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type", "os_version")
"""Beginnings of the properties that come along."""
MOST_DOCUMENT = 1024 * 1024


class Remote:
    "glance-download."

    def __init__(self, fetch: Any) -> None:
        self.fetch = fetch

    def open(self, deps: Deps, ctx: Context, image_id: str, arguments: dict[str, Any]) -> Body:
        "The data of the remote image; its format and properties are written to ours first."
        url = self._endpoint(deps, ctx, arguments)
        headers = {"X-Auth-Token": str(ctx.token)}
        path = f"{url}/v2/images/{arguments['glance_image_id']}"
        about = self._document(path, headers)
        if about.get("status") != "active":
            raise ImportRefused(reason="the remote image is not active.")
        self._adopt(deps, image_id, about)
        body: Body = self.fetch.open(f"{path}/file", headers, trusted=True)
        return body

    def _endpoint(self, deps: Deps, ctx: Context, arguments: dict[str, Any]) -> str:
        region = arguments["glance_region"]
        interface = arguments.get("glance_service_interface", "public")
        response = deps.services.of(ctx).identity.get("/v3/auth/catalog", raise_exc=False)
        if response.status_code != 200:
            raise ImportRefused(reason="the catalog cannot be read with your token.")
        for service in response.json().get("catalog", []):
            if service.get("type") != "image":
                continue
            for endpoint in service.get("endpoints", []):
                if endpoint.get("region_id") == region and endpoint.get("interface") == interface:
                    return str(endpoint["url"]).rstrip("/").removesuffix("/v2")
        raise ImportRefused(reason=f"region {region} has no {interface} image service.")

    def _document(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        body = self.fetch.open(path, headers, trusted=True)
        try:
            text = b""
            for block in body.blocks:
                text += block
                if len(text) > MOST_DOCUMENT:
                    raise ImportRefused(reason="the remote answer is too long.")
            found = json.loads(text)
        except ValueError:
            raise ImportRefused(reason="the remote answer is not JSON.") from None
        finally:
            body.close()
        if not isinstance(found, dict):
            raise ImportRefused(reason="the remote answer is not an image.")
        return found

    def _adopt(self, deps: Deps, image_id: str, about: dict[str, Any]) -> None:
        with deps.db.write() as session:
            image = table.get(session, image_id, lock=True)
            if image is None:
                raise Error("The image was deleted.")
            for name in ("disk_format", "container_format"):
                if about.get(name):
                    setattr(image, name, about[name])
            have = {p.name: p for p in image.properties}
            for name, value in about.items():
                if not name.startswith(COPIED) or not isinstance(value, str):
                    continue
                if name in have:
                    have[name].value = value
                else:
                    image.properties.append(Property(name=name, value=value))
            images.mark_changed(image)
