"""Cross-origin requests, as each container allows them: X-Container-Meta-Access-Control-*."""

from __future__ import annotations

from typing import Any

from common.errors import Error, Unauthorized
from objectstore.api.request import Answer, split_path
from objectstore.core import Deps, containers

_EXPOSED = (
    "cache-control",
    "content-language",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
    "etag",
    "x-timestamp",
    "x-trans-id",
    "x-openstack-request-id",
)
METHODS = "GET, HEAD, PUT, POST, DELETE, COPY, OPTIONS"


def _rules(deps: Deps, account: str, container: str) -> dict[str, str]:
    found = containers.find(deps, account, container) if container else None
    return found.meta if found is not None else {}


def _allowed(deps: Deps, rules: dict[str, str], origin: str) -> bool:
    origins = rules.get("access-control-allow-origin", "").split() + list(
        deps.config.cors.default_origins
    )
    return "*" in origins or origin in origins


def preflight(environ: dict[str, Any], deps: Deps, account: str, container: str) -> Answer:
    "OPTIONS. Raises Unauthorized for an origin that the container does not allow."
    origin = environ.get("HTTP_ORIGIN", "")
    if not origin:
        return Answer(200, [("Allow", METHODS), ("Content-Type", "text/plain")])
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")
    rules = _rules(deps, account, container)
    if not _allowed(deps, rules, origin) or asked not in METHODS.split(", "):
        raise Unauthorized(
            "The container does not allow requests from this origin.", headers={"Allow": METHODS}
        )
    headers = [
        ("Allow", METHODS),
        ("Access-Control-Allow-Origin", _answered(rules, origin)),
        ("Vary", "Origin"),
        ("Access-Control-Allow-Methods", METHODS),
        ("Content-Type", "text/plain"),
    ]
    wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    if wanted:
        headers.append(("Access-Control-Allow-Headers", wanted))
    if rules.get("access-control-max-age", "").isdecimal():
        headers.append(("Access-Control-Max-Age", rules["access-control-max-age"]))
    return Answer(200, headers)


def _answered(rules: dict[str, str], origin: str) -> str:
    return "*" if rules.get("access-control-allow-origin", "").strip() == "*" else origin


def decorate(environ: dict[str, Any], deps: Deps, answer: Answer) -> None:
    "Add what a browser must see to let its page read the answer."
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return
    try:
        account, container, _ = split_path(environ["PATH_INFO"])
        rules = _rules(deps, account, container)
    except Error:
        return
    origin = environ["HTTP_ORIGIN"]
    if not _allowed(deps, rules, origin):
        return
    exposed = dict.fromkeys(
        (
            *_EXPOSED,
            *rules.get("access-control-expose-headers", "").lower().split(),
            *(n.lower() for n, _ in answer.headers),
        )
    )
    answer.headers += [
        ("Access-Control-Allow-Origin", _answered(rules, origin)),
        ("Vary", "Origin"),
        ("Access-Control-Expose-Headers", ", ".join(exposed)),
    ]
