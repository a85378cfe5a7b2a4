"The stand-in as an HTTP server: one port, one path for each service."

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.routing import BaseConverter
from werkzeug.serving import make_server

from tests.fakes.cloud_api import compute, identity, image, network, objects
from tests.fakes.cloud_api.data import World


class _Anything(BaseConverter):
    "Names of objects may hold slashes and line ends."

    regex = r"(?s:.+)"
    part_isolating = False


class FakeCloud:
    """The whole stand-in. `down`: services that do not answer; `failing`: {service: (status, text)}
    `log`: every (method, path) that came; `account`: headers of the object store's account;
    `world`: what it knows."""

    def __init__(self) -> None:
        self.world = World()
        self.account: dict[str, str] = {}
        self.down: set[str] = set()
        self.failing: dict[str, tuple[int, str]] = {}
        self.log: list[tuple[str, str]] = []
        self.app = self._app()
        self._server: Any = None
        self.url = ""

    def start(self) -> FakeCloud:
        "Listen; `url` tells where."
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.world.url = self.url
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        "Listen no more."
        self._server.shutdown()

    def _app(self) -> Flask:
        app = Flask("cloud", static_folder=None)
        app.url_map.converters["anything"] = _Anything
        for name, module in (
            ("identity", identity),
            ("compute", compute),
            ("image", image),
            ("network", network),
        ):
            app.register_blueprint(module.blueprint(self.world), url_prefix=f"/{name}")
        app.register_blueprint(objects.blueprint(self.world, self.account), url_prefix="/object")

        @app.before_request
        def arrive() -> Any:
            service = request.path.split("/")[1]
            self.log.append((request.method, request.full_path.rstrip("?")))
            if service in self.down:
                # as a closed port would: the connection ends without an answer
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return Response(status=503)
            if service in self.failing:
                status, body = self.failing[service]
                return Response(body, status, content_type="application/json")
            if request.method == "OPTIONS":
                return Response(status=200)
            return self._authenticate(service)

        @app.after_request
        def cors(response: Response) -> Response:
            response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
            response.headers["Access-Control-Allow-Headers"] = request.headers.get(
                "Access-Control-Request-Headers", "*"
            )
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE"
            response.headers["Access-Control-Expose-Headers"] = "X-Subject-Token, Etag"
            return response

        return app

    def _authenticate(self, service: str) -> Any:
        if request.path.rstrip("/") == "/identity/v3":
            links = [{"rel": "self", "href": f"{self.url}/identity/v3/"}]
            return jsonify(version={"id": "v3.14", "status": "stable", "links": links})
        if request.path.endswith("/v3/auth/tokens") and request.method == "POST":
            return None
        token = self.world.tokens.get(request.headers.get("X-Auth-Token", ""))
        if token is None or token["ends"] < time.time():
            return jsonify(
                error={
                    "code": 401,
                    "title": "Unauthorized",
                    "message": "The request you have made requires authentication.",
                }
            ), 401
        g.token = token
        g.roles = {r["name"] for r in token["body"].get("roles", [])}
        writes = request.method not in ("GET", "HEAD")
        if writes and service != "identity" and not g.roles & {"member", "manager", "admin"}:
            return jsonify(
                forbidden={"code": 403, "message": "Policy doesn't allow this to be performed."}
            ), 403
        return None
