"""Temporary URLs: what the query of a request changes in its answer."""

from __future__ import annotations

from urllib.parse import quote

from objectstore.api.request import Answer, Request
from objectstore.core import clock, signatures
from objectstore.core.access import Caller

_HIDDEN = ("x-object-meta-",)
_SHOWN = ("x-object-meta-public-",)
_REFUSED = (
    "HTTP_X_COPY_FROM",
    "HTTP_X_OBJECT_MANIFEST",
    "HTTP_X_SYMLINK_TARGET",
    "HTTP_X_TIMESTAMP",
)


def is_one(req: Request) -> bool:
    "Whether the query has a signature."
    query = req.environ.get("QUERY_STRING", "")
    return "temp_url_" in query and ("temp_url_sig" in req.query or "temp_url_expires" in req.query)


def caller(req: Request) -> Caller:
    "The caller that the signature makes. Raises BadSignature."
    for header in _REFUSED:
        if header in req.environ:
            name = header[5:].replace("_", "-").title()
            from common.errors import BadRequest

            raise BadRequest(f"The header {name!r} is not allowed in this tempurl")
    found = signatures.temporary_url(
        req.deps,
        req.method,
        (req.account, req.container, req.name),
        req.query,
        req.environ.get("REMOTE_ADDR", ""),
    )
    found.referer = req.environ.get("HTTP_REFERER", "")
    return found


def finish(req: Request, answer: Answer) -> Answer:
    "Offer the object as a file, and hide metadata that is not public."
    headers = [
        (n, v)
        for n, v in answer.headers
        if not n.lower().startswith(_HIDDEN) or n.lower().startswith(_SHOWN)
    ]
    if req.method in ("GET", "HEAD") and 200 <= answer.status < 300:
        headers = [h for h in headers if h[0].lower() != "content-disposition" or _keeps(req)]
        disposition = _disposition(req)
        if disposition and not any(n.lower() == "content-disposition" for n, _ in headers):
            headers.append(("Content-Disposition", disposition))
        expires = signatures.expiry(req.query["temp_url_expires"])
        headers.append(("Expires", clock.http_date(expires * clock.UNIT)))
    answer.headers = headers
    return answer


def _keeps(req: Request) -> bool:
    return "inline" not in req.query and "filename" not in req.query


def _disposition(req: Request) -> str:
    name = req.query.get("filename") or (req.name.rstrip("/").rsplit("/", 1)[-1])
    safe = quote(signatures.safe_filename(name), safe=" /")
    text = f"filename=\"{safe}\"; filename*=UTF-8''{quote(name)}"
    if "inline" in req.query:
        return f"inline; {text}" if req.query.get("filename") else "inline"
    return f"attachment; {text}"
