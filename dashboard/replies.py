"""Answers to buttons and forms: a toast, a refresh, a way to go."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Response, redirect, request, session

from dashboard.errors import Problem
from dashboard.security import local_path


def done(message: str, *, go: str = "", refresh: bool = True) -> Any:
    "The change was made. Says so in a toast, and refreshes what is shown or goes to the page `go`."
    htmx = request.headers.get("HX-Request")
    if go or not htmx:
        session["toast"] = ["success", message[:300]]
        target = local_path(go)
        return Response("", 204, {"HX-Redirect": target}) if htmx else redirect(target, 303)
    events: dict[str, Any] = {"toast": {"kind": "success", "text": message}}
    if refresh:
        events["refresh-listing"] = {}
    return Response("", 204, {"HX-Trigger": json.dumps(events)})


def here() -> str:
    "The page that the browser shows, as a path of this site."
    parts = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "/")
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))


def refused(problem: Problem) -> Response:
    "The change was not made: a toast with the sentence, and the page stays as it is."
    status = (
        problem.status if problem.status in (400, 403, 404, 409, 413, 422, 429, 503, 504) else 409
    )
    events = {"toast": {"kind": "danger", "text": problem.message}}
    return Response(
        problem.message,
        status,
        {
            "HX-Trigger": json.dumps(events),
            "HX-Reswap": "none",
            "Content-Type": "text/plain; charset=utf-8",
        },
    )


def each(ids: list[str], verb: str, change: Any) -> Any:
    "Do `change(id)` for each of `ids`; one toast says how it went."
    failed: list[str] = []
    for one in ids:
        try:
            change(one)
        except Problem as problem:
            failed.append(problem.message)
    good = len(ids) - len(failed)
    if failed:
        raise Problem("", 409, f"{verb}: {good} done, {len(failed)} refused. {failed[0]}")
    return done(f"{verb}: {good} done.")
