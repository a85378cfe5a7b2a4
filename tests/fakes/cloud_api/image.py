"Glance v2: images and their data, with web-download import."

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from tests.fakes.cloud_api.data import World


def blueprint(world: World) -> Blueprint:
    "The routes."
    api = Blueprint("image", __name__)
    data: dict[str, bytes] = {}

    def visible(image: dict[str, Any]) -> bool:
        return (
            image["visibility"] in ("public", "community")
            or image["owner"] == g.token["project"]["id"]
            or "admin" in g.roles
        )

    @api.route("/v2/images", methods=["GET", "POST"])
    def images() -> Any:
        if request.method == "POST":
            return jsonify(
                world.add_image(
                    **({"name": None, "owner": g.token["project"]["id"]} | request.get_json())
                )
            ), 201
        found = [i for i in reversed(world.images.values()) if visible(i)]
        return jsonify(images=found, schema="/v2/schemas/images", first="/v2/images")

    @api.route("/v2/images/<image_id>", methods=["GET", "PATCH", "DELETE"])
    def image(image_id: str) -> Any:
        found = world.images.get(image_id)
        if not found or not visible(found):
            return Response(
                f"<html><h1>404 Not Found</h1><p>No image found with ID {image_id}</p></html>",
                404,
            )
        if request.method == "DELETE":
            del world.images[image_id]
            return Response(status=204)
        if request.method == "PATCH":
            for change in request.get_json(force=True):
                found[change["path"].strip("/")] = change.get("value")
        return jsonify(found)

    @api.route("/v2/images/<image_id>/file", methods=["GET", "PUT"])
    def content(image_id: str) -> Any:
        if request.method == "PUT":
            data[image_id] = request.get_data()
            world.images[image_id] |= {
                "status": "active",
                "size": len(data[image_id]),
                "checksum": hashlib.md5(data[image_id]).hexdigest(),
            }
            return Response(status=204)
        return Response(data.get(image_id, b""), content_type="application/octet-stream")

    @api.post("/v2/images/<image_id>/import")
    def import_image(image_id: str) -> Any:
        world.images[image_id] |= {"status": "active", "size": 1234}
        return Response(status=202)

    return api
