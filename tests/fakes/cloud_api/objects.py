"Swift v1: containers and objects."

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, jsonify, request

from tests.fakes.cloud_api.data import World, now


def blueprint(world: World, account: dict[str, str]) -> Blueprint:
    "The routes."
    api = Blueprint("object", __name__)

    @api.route("/v1/<name>", methods=["GET", "HEAD", "POST"], strict_slashes=False)
    def whole(name: str) -> Any:
        if request.method == "POST":
            account.update(
                {k: v for k, v in request.headers.items() if k.startswith("X-Account-Meta")}
            )
            return Response(status=204)
        listed = [
            {"name": n, "count": len(o), "bytes": sum(len(d[0]) for d in o.values())}
            for n, o in sorted(world.containers.items())
        ]
        answer = jsonify(listed)
        answer.headers.extend(account)
        return answer

    @api.route("/v1/<name>/<container>", methods=["GET", "HEAD", "PUT", "POST", "DELETE"])
    def container(name: str, container: str) -> Any:
        if request.method == "PUT":
            world.containers.setdefault(container, {})
            return Response(status=201)
        if container not in world.containers:
            return Response(
                "<html><h1>Not Found</h1><p>The resource could not be found.</p></html>", 404
            )
        if request.method == "DELETE":
            if world.containers[container]:
                return Response(
                    "<html><h1>Conflict</h1><p>There was a conflict.</p></html>",
                    409,
                )
            del world.containers[container]
            return Response(status=204)
        if request.method in ("HEAD", "POST"):
            return Response(status=204)
        prefix, delimiter = request.args.get("prefix", ""), request.args.get("delimiter", "")
        found: list[dict[str, Any]] = []
        for key, (data, kind, _) in sorted(world.containers[container].items()):
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folder = {"subdir": prefix + rest.split(delimiter)[0] + delimiter}
                if folder not in found:
                    found.append(folder)
            else:
                found.append(
                    {
                        "name": key,
                        "bytes": len(data),
                        "hash": hashlib.md5(data).hexdigest(),
                        "content_type": kind,
                        "last_modified": now().rstrip("Z") + ".000000",
                    }
                )
        return jsonify(found)

    @api.route("/v1/<name>/<container>/<anything:key>", methods=["GET", "HEAD", "PUT", "DELETE"])
    def object_(name: str, container: str, key: str) -> Any:
        objects = world.containers.get(container, {})
        if request.method == "PUT":
            objects[key] = (
                request.get_data(),
                request.content_type or "application/octet-stream",
                {},
            )
            return Response(status=201, headers={"Etag": hashlib.md5(objects[key][0]).hexdigest()})
        if key not in objects:
            return Response(
                "<html><h1>Not Found</h1><p>The resource could not be found.</p></html>", 404
            )
        if request.method == "DELETE":
            del objects[key]
            return Response(status=204)
        return Response(objects[key][0], content_type=objects[key][1])

    return api
