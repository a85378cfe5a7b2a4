"Bytes in and out."

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, jsonify, render_template, request

from dashboard.errors import Problem
from dashboard.panels.objects.browse import SEGMENTS
from dashboard.panels.objects.panel import link, panel, path_of
from dashboard.uploads import json_text, raw_body, send_on
from dashboard.who import Who

SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@panel.get("/objects/<container>/file")
def file(me: Who, container: str) -> Any:
    """The object itself. Always a download, but for pictures: whatever people store must not
    become a page of this site, so that it comes with a policy that runs nothing."""
    name = request.args.get("name", "")
    wanted = {"Range": request.headers["Range"]} if "Range" in request.headers else {}
    answer = me.cloud.request(
        "object_store", "GET", path_of(container, name), headers=wanted, stream=True
    )

    def body() -> Iterator[bytes]:
        with answer:
            yield from answer.iter_content(256 * 1024)

    kind = answer.headers.get("Content-Type", "").split(";")[0]
    picture = kind in SHOWN and not request.args.get("download")
    headers = {
        k: answer.headers[k]
        for k in ("Content-Length", "Content-Range", "Last-Modified", "Accept-Ranges")
        if k in answer.headers
    }
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    headers["Content-Disposition"] = (
        "inline" if picture else "attachment"
    ) + f"; filename*=UTF-8''{quote(name.rsplit('/', 1)[-1])}"
    return Response(
        body(),
        answer.status_code,
        headers,
        mimetype=kind if picture else "application/octet-stream",
        direct_passthrough=True,
    )


@panel.post("/objects/<container>/upload")
@raw_body
def upload(me: Who, container: str) -> Any:
    "One file, or one segment of a large one (`segment`: its name in the container of segments)."
    name = request.args.get("name", "")
    segment = request.args.get("segment", "")
    if not name:
        raise Problem("object_store", 400, "The file has no name.")
    if segment:
        target = path_of(container + SEGMENTS, segment)
        if request.args.get("first"):
            me.cloud.request("object_store", "PUT", path_of(container + SEGMENTS))
    else:
        target = path_of(container, name)
    answer = send_on(
        me,
        "object_store",
        "PUT",
        target,
        {"Content-Type": request.headers.get("X-File-Type") or "application/octet-stream"},
    )
    return jsonify(etag=answer.headers.get("Etag", "").strip('"'))


@panel.get("/objects/<container>/segments", role="member")
def segments(me: Who, container: str) -> Any:
    "The segments of an upload that are there already."
    try:
        found = me.cloud.get(
            "object_store",
            path_of(container + SEGMENTS),
            format="json",
            prefix=request.args.get("prefix", ""),
            limit=1000,
        )
    except Problem as problem:
        if problem.status != 404:
            raise
        found = []
    return jsonify(
        segments=[{"name": s["name"], "bytes": s["bytes"], "etag": s["hash"]} for s in found]
    )


@panel.post("/objects/<container>/assemble")
def assemble(me: Who, container: str) -> Any:
    "Make one object of its segments (a static large object)."
    given = request.get_json()
    try:
        manifest = [
            {
                "path": f"/{container}{SEGMENTS}/{s['name']}",
                "etag": s["etag"],
                "size_bytes": int(s["bytes"]),
            }
            for s in given["segments"]
        ]
        name, kind = str(given["name"]), str(given.get("type") or "application/octet-stream")
    except (KeyError, TypeError, ValueError):
        raise Problem("object_store", 400, "The list of segments is not complete.") from None
    me.cloud.request(
        "object_store",
        "PUT",
        path_of(container, name),
        params={"multipart-manifest": "put"},
        data=json_text(manifest),
        headers={"Content-Type": kind},
    )
    return jsonify(name=name)


@panel.form("/objects/<container>/temporary")
def temporary(me: Who, container: str) -> Any:
    "A URL that gives one object to whoever has it, until a time."
    name, made = request.values.get("name", ""), ""
    if request.method == "POST":
        hours = request.form.get("hours", "24")
        if not hours.isdigit() or not 1 <= int(hours) <= 24 * 365:
            raise Problem("object_store", 400, "Between 1 and 8760 hours.")
        made = _signed(me, container, name, int(time.time()) + int(hours) * 3600)
    return render_template("temporary.html", container=container, name=name, made=made, link=link)


def _signed(me: Who, container: str, name: str, expires: int) -> str:
    """See the TempURL middleware of the Object Storage API: HMAC of method, time and path with a
    key of the account."""
    key = me.cloud.request("object_store", "HEAD", "").headers.get("X-Account-Meta-Temp-Url-Key")
    if not key:
        key = secrets.token_urlsafe(32)
        me.cloud.request("object_store", "POST", "", headers={"X-Account-Meta-Temp-URL-Key": key})
    base = me.cloud.endpoint("object_store") or ""
    where = urlsplit(base).path + path_of(container, name)
    plain = urlsplit(base).path + f"/{container}/{name}"
    signature = hmac.new(
        key.encode(), f"GET\n{expires}\n{plain}".encode(), hashlib.sha256
    ).hexdigest()
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{where}?temp_url_sig={signature}&temp_url_expires={expires}"
