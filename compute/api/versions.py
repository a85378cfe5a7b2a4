"Version documents: GET / and GET /v2.1 (open to everybody, clients ask before they have a token)."

from typing import Any

from common.errors import NotFound
from common.http import Api, Reply, serving
from compute.microversions import RANGE

api = Api()


def _root() -> str:
    return serving().public_url.rstrip("/").removesuffix("/v2.1")


def _entry(number: str) -> dict[str, Any]:
    modern = number == "v2.1"
    return {
        "id": "v2.1" if modern else "v2.0",
        "status": "CURRENT" if modern else "SUPPORTED",
        "version": RANGE.maximum if modern else "",
        "min_version": RANGE.minimum if modern else "",
        "updated": "2013-07-23T11:33:21Z" if modern else "2011-01-21T11:33:21Z",
        "links": [{"rel": "self", "href": f"{_root()}/{number}/"}],
    }


def _document(number: str) -> dict[str, Any]:
    entry = _entry(number)
    minor = "2.1" if number == "v2.1" else "2"
    entry["links"].append(
        {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}
    )
    entry["media-types"] = [
        {
            "base": "application/json",
            "type": f"application/vnd.openstack.compute+json;version={minor}",
        }
    ]
    return {"version": entry}


@api.get("/", open=True)
def index() -> dict[str, Any]:
    "Both versions."
    return {"versions": [_entry("v2"), _entry("v2.1")]}


@api.get("/v2.1", open=True)
@api.get("/v2.1/", open=True)
def current() -> dict[str, Any]:
    "The version that there is."
    return _document("v2.1")


@api.get("/v2.1/versions/<ident>", open=True)
def by_id(ident: str) -> dict[str, Any]:
    "One of the two by its id."
    if ident not in ("v2.0", "v2.1"):
        raise NotFound(f"Version {ident} not found.")
    return _document("v2.1" if ident == "v2.1" else "v2")


@api.get("/v2", open=True)
@api.get("/v2/", open=True)
def legacy() -> Any:
    "The old name of the same, without microversions."
    return Reply(_document("v2"))
