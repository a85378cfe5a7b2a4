"GET / and /versions: which versions of the API there are."

from common.http import Api, Reply

api = Api()
CURRENT = 17
CACHE = 14
"""The version that brought the cache: clients ask for it to know whether there is one."""


def _document(request, deps) -> dict:
    url = (deps.config.api.public_url or request.host_url).rstrip("/")
    minors = [m for m in range(CURRENT, -1, -1) if m != CACHE or deps.cache is not None]
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == CURRENT else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{url}/v2/"}],
            }
            for minor in minors
        ]
    }


@api.get("/", open=True)
def choices(request, deps):
    "Clients expect 300 Multiple Choices here."
    return Reply(_document(request, deps), 300)


@api.get("/versions", open=True)
def versions(request, deps):
    "The same with 200."
    return _document(request, deps)


@api.get("/v2", open=True)
def version_2(request, deps):
    "As the root."
    return Reply(_document(request, deps), 300)


@api.get("/v2/", open=True)
def version_2_slash(request, deps):
    "As the root."
    return Reply(_document(request, deps), 300)
