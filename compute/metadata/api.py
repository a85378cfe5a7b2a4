"""Paths of the metadata service: /openstack/VERSION/FILE, and the EC2 tree below every dated
version.

Source: Nova's "Metadata service" guides for users and administrators; Neutron's metadata agent
(the headers).
"""

from typing import Any

from flask import Response

from common.http import Api, Reply, serving
from compute.core import Deps, metadata
from compute.metadata.caller import Guest, guest_of, keep_password

api = Api()


def _text(body: str | bytes, kind: str = "text/plain; charset=UTF-8") -> Response:
    return Response(body, 200, content_type=kind)


def _listing(names: Any) -> Response:
    return _text("\n".join(names))


@api.get("/", open=True)
def root() -> Response:
    "The EC2 versions, as EC2 lists them."
    return _listing([*metadata.EC2, "latest"])


@api.get("/openstack", open=True)
@api.get("/openstack/", open=True)
def versions() -> Response:
    "The OpenStack versions."
    return _listing([*metadata.OPENSTACK, "latest"])


@api.get("/openstack/content/<number>", open=True)
@api.get("/openstack/<dated>/content/<number>", open=True)
def content(deps: Deps, number: str, dated: str = "latest") -> Any:
    "An injected file."
    files = metadata.contents(_guest(deps).server)
    return _text(files[number], "application/octet-stream") if number in files else _missing()


@api.get("/openstack/<dated>", open=True)
@api.get("/openstack/<dated>/", open=True)
def directory(deps: Deps, dated: str) -> Any:
    "The files of a version."
    if dated not in (*metadata.OPENSTACK, "latest"):
        return _missing()
    guest = _guest(deps)
    return _listing([f"{n}" for n in metadata.openstack(deps, guest.server, guest.devices, dated)])


@api.get("/openstack/<dated>/<name>", open=True)
def file(deps: Deps, dated: str, name: str) -> Any:
    "One file."
    if dated not in (*metadata.OPENSTACK, "latest"):
        return _missing()
    guest = _guest(deps)
    files = metadata.openstack(deps, guest.server, guest.devices, dated)
    if name not in files:
        return _missing()
    kind = (
        "application/json"
        if name.endswith(".json")
        else ("application/octet-stream" if name == "user_data" else "text/plain; charset=UTF-8")
    )
    return _text(files[name], kind)


@api.post("/openstack/<dated>/password", open=True)
def password(deps: Deps, dated: str) -> Reply:
    "A guest puts up its administrator's password, encrypted with the server's key; once."
    keep_password(deps, _guest(deps), serving().request.get_data(cache=False))
    return Reply(None, 200)


@api.get("/<dated>", open=True)
@api.get("/<dated>/", open=True)
@api.get("/<dated>/<path:path>", open=True)
def ec2(deps: Deps, dated: str, path: str = "") -> Any:
    "The EC2 tree."
    if dated not in (*metadata.EC2, "latest"):
        return _missing()
    exact = metadata.EC2[-1] if dated == "latest" else dated
    guest = _guest(deps)
    node: Any = metadata.ec2(deps, guest.server, guest.devices, exact)
    for part in [p for p in path.split("/") if p]:
        if not isinstance(node, dict) or part not in node or part == "_name":
            return _missing()
        node = node[part]
    if isinstance(node, bytes):
        return _text(node, "application/octet-stream")
    return (
        _text(node)
        if isinstance(node, str)
        else _listing(map(_entry, *zip(*_visible(node), strict=True)))
    )


def _visible(node: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in node.items() if k != "_name"] or [("", "")]


def _entry(key: str, value: Any) -> str:
    "A leaf by its name, a directory with a slash, a public key as 0=name."
    if isinstance(value, dict):
        return value.get("_name") or f"{key}/"
    return key


def _missing() -> Reply:
    return Reply("404 Not Found\n", 404, {"Content-Type": "text/plain"})


def _guest(deps: Deps) -> Guest:
    request = serving().request
    return guest_of(deps, request.headers, request.remote_addr)
