"The version document."

from typing import Any

from common.http import Api
from compute.placement.versions import RANGE

api = Api()


@api.get("/", open=True)
def index() -> dict[str, Any]:
    "What there is."
    return {
        "versions": [
            {
                "id": "v1.0",
                "min_version": RANGE.minimum,
                "max_version": RANGE.maximum,
                "status": "CURRENT",
                "links": [{"rel": "self", "href": ""}],
            }
        ]
    }
