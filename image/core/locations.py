"""Locations (Image API v2.17): where copies of an image lie, and images whose data somebody has put
somewhere already.

The data of a new location is copied into a store. A reference to what others can change or remove
would break both promises of an image: that it stays what it was, and that it stays.
"""

from __future__ import annotations

from typing import Any

from common.context import Context
from image.core import Deps, data, images, imports
from image.errors import ImportRefused


def find(deps: Deps, ctx: Context, image_id: str) -> list[dict[str, Any]]:
    "URL and store of each copy, the best first."
    image = images.require(deps, ctx, image_id, "fetch_image_location")
    found = []
    for name in data.copies(deps, image):
        url = deps.shelves.named(name).store.url(data.copy_in(image, name).id)
        found.append({"url": url, "metadata": {"store": name}})
    return found


def add(deps: Deps, ctx: Context, image_id: str, url: str, validation: dict[str, str]) -> None:
    """Fetch the data of a queued image from `url`, under the rules of web imports; with validation
    data it must have that digest. Raises ImportRefused, UriRefused, WrongStatus."""
    algorithm = deps.config.image.hash_algorithm
    if validation and validation["os_hash_algo"] != algorithm:
        raise ImportRefused(reason=f"os_hash_algo must be {algorithm}.")
    deps.fetch.guard.check_form(url)
    arguments = {"uri": url}
    if validation:
        arguments["os_hash_value"] = validation["os_hash_value"].lower()
    request = imports.Request(imports.LOCATION, arguments=arguments)
    imports.start(deps, ctx, image_id, request)
