"URLs in answers, and times as Nova prints them."

from datetime import datetime

from common.http.serving import Serving, current


def base() -> str:
    "URL of the API as this client sees it: the configured one, else that of the request."
    return _urls()[0]


def root() -> str:
    "The same without the version: what `bookmark` links start with."
    return _urls()[1]


def _urls() -> tuple[str, str]:
    # a list of 1,000 servers asks 6,000 times
    here = current.get()
    if here is None:
        return "/v2.1", ""
    found: tuple[str, str] | None = here.memo.get("compute_urls")
    if found is None:
        found = here.memo["compute_urls"] = _make_urls(here)
    return found


def _make_urls(here: Serving) -> tuple[str, str]:
    host = here.public_url.rstrip("/").removesuffix("/v2.1")
    request = here.request
    project = request.environ.get("altostratus.project")
    tail = f"/{project}" if project else ""
    version = "v2" if request.path.startswith("/v2/") else "v2.1"
    return f"{host}/{version}{tail}", f"{host}{tail}"


def links(collection: str, ident: str) -> list[dict[str, str]]:
    "`self` and `bookmark` of one thing."
    return [
        {"rel": "self", "href": f"{base()}/{collection}/{ident}"},
        {"rel": "bookmark", "href": f"{root()}/{collection}/{ident}"},
    ]


def bookmark(collection: str, ident: str) -> list[dict[str, str]]:
    "Only `bookmark`."
    return [{"rel": "bookmark", "href": f"{root()}/{collection}/{ident}"}]


def iso(moment: datetime | None) -> str | None:
    "2026-01-31T12:00:00Z"
    return moment.isoformat(timespec="seconds")[:19] + "Z" if moment else None


def stamp(moment: datetime | None) -> str | None:
    "2026-01-31T12:00:00.000000"
    return moment.isoformat(timespec="microseconds")[:26] if moment else None
