"""Containers as web sites, for readers without a token: index pages, listings, error pages.

Set by X-Container-Meta-Web-Index, -Error, -Listings, -Listings-CSS, -Directory-Type. Source:
Object Storage API, "Static website".
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from common.errors import Error
from objectstore.api import containers as container_api
from objectstore.api import objects as object_api
from objectstore.api.request import Answer, Request, quoted
from objectstore.core import access, accounts, clock, containers
from objectstore.core.listing import Query, Subdir
from objectstore.errors import ContainerNotFound, ObjectNotFound


def applies(req: Request) -> bool:
    "Anonymous GET or HEAD below a container (with a token only when X-Web-Mode asks for it)."
    if req.method not in ("GET", "HEAD") or not req.container:
        return False
    return (req.caller.ctx is None and req.caller.scope is None) or req.flag("X-Web-Mode")


def serve(req: Request) -> Answer:
    "The page, or what the plain API would say for a container that is no site."
    found = containers.find(req.deps, req.account, req.container)
    meta = found.meta if found is not None else {}
    if not any(meta.get(k) for k in ("web-index", "web-error", "web-listings")):
        return object_api.get(req) if req.name else _plain(req)
    try:
        return _page(req, meta)
    except Error as error:
        if error.code in (401, 404) and meta.get("web-error"):
            return _error_page(req, meta["web-error"], error)
        raise


def _plain(req: Request) -> Answer:
    return container_api.get(req) if req.method == "GET" else container_api.head(req)


def _page(req: Request, meta: dict[str, str]) -> Answer:
    directory = not req.name or req.name.endswith("/")
    if not directory:
        try:
            return object_api.get(req)
        except ObjectNotFound:
            if _is_directory(req, meta):
                return _redirect(req)
            raise
    if not req.environ["PATH_INFO"].endswith("/"):
        return _redirect(req)
    prefix = req.name
    if meta.get("web-index"):
        try:
            req.name = prefix + meta["web-index"]
            return object_api.get(req)
        except ObjectNotFound:
            req.name = prefix
    if meta.get("web-listings", "").lower() in ("true", "1", "yes", "on", "t", "y"):
        return _listing(req, meta, prefix)
    _check(req)
    raise ObjectNotFound()


def _redirect(req: Request) -> Answer:
    req.caller.decided = True
    path = "/".join(p for p in (f"/v1/{req.account}/{req.container}", req.name) if p)
    return Answer(
        301, [("Location", req.host_url + quoted(path + "/")), ("Content-Type", "text/html")], b""
    )


def _check(req: Request) -> int:
    info = accounts.get(req.deps, req.account)
    found = containers.find(req.deps, req.account, req.container)
    access.check_container(
        req.deps,
        req.caller,
        req.account,
        req.container,
        found.sysmeta if found else {},
        info.sysmeta,
        "list",
    )
    if found is None:
        raise ContainerNotFound()
    return found.id


def _is_directory(req: Request, meta: dict[str, str]) -> bool:
    found = containers.find(req.deps, req.account, req.container)
    rows = (
        containers.list_objects(req.deps, found.id, Query(1, prefix=req.name + "/"))
        if found
        else []
    )
    return bool(rows)


def _listing(req: Request, meta: dict[str, str], prefix: str) -> Answer:
    rows = containers.list_objects(
        req.deps, _check(req), Query(10_000, prefix=prefix, delimiter="/")
    )
    lines = ['<tr><td><a href="../">../</a></td><td></td><td></td></tr>'] if prefix else []
    for row in rows:
        name = (row.name if isinstance(row, Subdir) else row[0])[len(prefix) :]
        size, when = ("", "") if isinstance(row, Subdir) else (str(row[1]), clock.iso(row[4])[:19])
        if name:
            lines.append(
                f'<tr><td><a href="./{escape(quote(name))}">{escape(name)}</a></td>'
                f"<td>{size}</td><td>{when}</td></tr>"
            )
    css = meta.get("web-listings-css", "")
    href = escape("../" * prefix.count("/") + quote(css))
    style = f'<link rel="stylesheet" type="text/css" href="{href}" />' if css else ""
    label = meta.get("web-listings-label") or f"/v1/{req.account}/{req.container}"
    title = escape(f"{label.rstrip('/')}/{prefix}")
    page = (
        f"<!DOCTYPE html><html><head><title>Listing of {title}</title>{style}</head>"
        f"<body><h1>Listing of {title}</h1>"
        f"<table>{''.join(lines)}</table></body></html>"
    )
    return Answer(200, [("Content-Type", "text/html; charset=UTF-8")], page.encode())


def _error_page(req: Request, suffix: str, error: Error) -> Answer:
    "The site's own page for 404 and 401, `404SUFFIX`."
    req.name = f"{error.code}{suffix}"
    req.environ = {
        k: v for k, v in req.environ.items() if not k.startswith(("HTTP_RANGE", "HTTP_IF_"))
    }
    try:
        answer = object_api.get(req)
    except Error:
        raise error from None
    answer.status = error.code
    return answer
