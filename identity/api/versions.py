'What versions there are (API reference, "API versions"), and the home document.'

from common.http import Api, Reply
from identity.views import links

api = Api()
UPDATED = "2020-04-07T00:00:00Z"
TYPE = "application/vnd.openstack.identity-v3+json"


def _version() -> dict:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{links.root()}/v3/"}],
        "media-types": [{"base": "application/json", "type": TYPE}],
    }


@api.get("/", open=True)
def versions() -> Reply:
    return Reply(
        {"versions": {"values": [_version()]}},
        300,
        {"Location": f"{links.root()}/v3/", "Vary": "X-Auth-Token"},
    )


def v3() -> Reply:
    return Reply({"version": _version()}, 200, {"Vary": "X-Auth-Token"})


api.get("/v3", open=True)(v3)
api.get("/v3/", open=True)(v3)
