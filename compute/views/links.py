"URLs in answers, and times as Nova prints them."

from datetime import datetime

from flask import has_request_context, request


def base(version_path: str = "v2.1") -> str:
    "URL of the API as this client sees it: the configured one, else that of the request."
    from flask import current_app

    if not has_request_context():
        return f"/{version_path}"
    public = current_app.extensions["altostratus"].config.api.public_url
    root = (public or request.host_url).rstrip("/")
    root = root.removesuffix("/v2.1")
    project = request.environ.get("altostratus.project")
    legacy = request.path.startswith("/v2/")
    return f"{root}/{'v2' if legacy else version_path}" + (f"/{project}" if project else "")


def root() -> str:
    "The same without version and project: what `bookmark` links start with."
    url = base("v2.1")
    return url.replace("/v2.1", "", 1) if "/v2.1" in url else url.replace("/v2", "", 1)


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
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def stamp(moment: datetime | None) -> str | None:
    "2026-01-31T12:00:00.000000"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") if moment else None
