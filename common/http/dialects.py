"""One error, five ways to write it: the JSON (or HTML) that each service's clients parse.

Shapes: the "Faults" or "Errors" part of each service's API reference; placement's follows the
API-SIG errors guideline.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from common.errors import Error

JSON = "application/json"
Rendered = tuple[str, str]
"""Body and content type."""

_NOVA_KEYS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def keystone(error: Error, request_id: str) -> Rendered:
    "Identity."
    return _json({"error": {"code": error.code, "title": error.title, "message": error.message}})


def nova(error: Error, request_id: str) -> Rendered:
    "Compute, and volume."
    fault: dict[str, Any] = {"code": error.code, "message": error.message}
    if "Retry-After" in error.headers:
        fault["retryAfter"] = error.headers["Retry-After"]
    return _json({_NOVA_KEYS.get(error.code, "computeFault"): fault})


def placement(error: Error, request_id: str) -> Rendered:
    "Placement."
    return _json(
        {
            "errors": [
                {
                    "status": error.code,
                    "title": error.title,
                    "detail": error.message,
                    "request_id": request_id,
                    "code": error.fields.get("error_code", "placement.undefined_code"),
                }
            ]
        }
    )


def glance(error: Error, request_id: str) -> Rendered:
    "Image."
    return _json(
        {"code": f"{error.code} {error.title}", "title": error.title, "message": error.message}
    )


def neutron(error: Error, request_id: str) -> Rendered:
    "Network."
    return _json({"NeutronError": {"type": error.kind, "message": error.message, "detail": ""}})


def swift(error: Error, request_id: str) -> Rendered:
    "Object storage: a short page."
    body = f"<html><h1>{html.escape(error.title)}</h1><p>{html.escape(error.message)}</p></html>"
    return body, "text/html; charset=UTF-8"


def _json(body: dict[str, Any]) -> Rendered:
    return json.dumps(body), JSON


DIALECTS: dict[str, Callable[[Error, str], Rendered]] = {
    "keystone": keystone,
    "nova": nova,
    "cinder": nova,
    "placement": placement,
    "glance": glance,
    "neutron": neutron,
    "swift": swift,
}
