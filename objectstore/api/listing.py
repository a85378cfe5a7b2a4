"""Parameters of listings."""

from __future__ import annotations

from common.errors import NotAcceptable, PreconditionFailed
from objectstore.api.request import Request
from objectstore.core.listing import Query

MAX_LIMIT = 10_000
_ACCEPT = {
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "plain",
    "*/*": "plain",
    "text/*": "plain",
    "application/*": "json",
}


def listing_format(req: Request) -> str:
    "json, xml or plain: by ?format, then by Accept. Raises NotAcceptable."
    asked = req.query.get("format")
    if asked is not None:
        return asked.lower() if asked.lower() in ("json", "xml") else "plain"
    accept = req.header("Accept")
    if not accept:
        return "plain"
    best, form = 0.0, ""
    for item in accept.split(","):
        kind, _, parameters = item.strip().partition(";")
        quality = _quality(parameters)
        known = _ACCEPT.get(kind.strip().lower())
        if known and quality > best:
            best, form = quality, known
    if not form:
        raise NotAcceptable()
    return form


def versions_format(req: Request) -> str:
    "Versions are listed as JSON only, which is their default. Raises NotAcceptable."
    accepts = req.header("Accept")
    if "format" not in req.query and (not accepts or "*/*" in accepts):
        return "json"
    if listing_format(req) != "json":
        raise NotAcceptable()
    return "json"


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def parse_query(req: Request) -> Query:
    """The listing that the parameters ask for. Raises PreconditionFailed for a bad limit or
    delimiter."""
    q = req.query
    text = q.get("limit", "")
    limit = MAX_LIMIT
    if text:
        if not text.isdecimal() or len(text) > 9:
            limit = MAX_LIMIT
        else:
            limit = int(text)
        if limit > MAX_LIMIT:
            raise PreconditionFailed(f"Maximum limit is {MAX_LIMIT}")
    return Query(
        limit,
        q.get("prefix", ""),
        q.get("marker", ""),
        q.get("end_marker", ""),
        q.get("delimiter", ""),
        q.get("reverse", "").lower() in ("true", "1", "yes", "on", "t", "y"),
        q.get("path"),
    )
