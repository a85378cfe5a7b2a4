"""Uploads by an HTML form that its author signed: no token, many files, one redirect.

Source: Object Storage API, "Form POST middleware".
"""

from __future__ import annotations

import functools
import time
from typing import Any
from urllib.parse import quote

from werkzeug.formparser import parse_form_data

from common.errors import BadRequest, Error, TooLarge
from objectstore.api.request import Answer, Request, latin
from objectstore.core import content, entries, objects, quotas, signatures
from objectstore.core.objects import Draft

_FIELDS = ("redirect", "max_file_size", "max_file_count", "expires")


def is_one(environ: dict[str, Any]) -> bool:
    "Whether the request is a form."
    return environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE", "").startswith(
        "multipart/form-data"
    )


def post(req: Request) -> Answer:
    "Store every file of the form below the path of the request."
    _, form, files = parse_form_data(req.environ)
    values = {name: form.get(name, "") for name in _FIELDS}
    try:
        limited_to = _verify(req, values, form.get("signature", ""))
        req.caller.decided = True
        if limited_to is not None and limited_to != req.container:
            raise signatures.BadSignature("FormPost: Invalid Signature")
        status, message = _store(req, values, form, list(files.values()))
    except signatures.BadSignature:
        raise
    except Error as error:
        req.caller.decided = True
        status, message = error.code, error.message
    if values["redirect"]:
        mark = "&" if "?" in values["redirect"] else "?"
        where = f"{values['redirect']}{mark}status={status}&message={quote(message)}"
        return Answer(303, [("Location", latin(where)), ("Content-Type", "text/plain")], b"")
    return Answer(status, [("Content-Type", "text/plain")], message.encode())


def _verify(req: Request, values: dict[str, str], signature: str) -> str | None:
    try:
        expires = signatures.expiry(values["expires"])
    except signatures.BadSignature:
        raise BadRequest("FormPost: expired not an integer") from None
    if expires < time.time():
        raise signatures.BadSignature("FormPost: Form Expired")
    wrong = signatures.BadSignature("FormPost: Invalid Signature")
    try:
        digest, raw = signatures.split(signature, req.deps.config.tempurl.digests)
    except signatures.BadSignature:
        raise wrong from None
    path = "/".join(p for p in ("/v1", req.account, req.container, req.name) if p)
    message = "\n".join((path, *(values[name] for name in _FIELDS)))
    for key, limited in signatures.keys(req.deps, req.account, req.container):
        if signatures.matches(key, digest, message, raw):
            return limited
    raise wrong


def _store(req: Request, values: dict[str, str], form: Any, files: list[Any]) -> tuple[int, str]:
    if not values["max_file_size"].isdecimal() or not values["max_file_count"].isdecimal():
        raise BadRequest("FormPost: max_file_size and max_file_count must be whole numbers")
    if not files:
        raise BadRequest("FormPost: no files to process")
    if len(files) > int(values["max_file_count"]):
        raise BadRequest("FormPost: max file count exceeded")
    for file in files:
        name = f"{req.name}{file.filename}" if req.name else file.filename or "file"
        container = req.container
        if not container:
            raise BadRequest("FormPost: the form needs a container")
        place, old = entries.find(req.deps, req.account, container, name)
        limit = int(values["max_file_size"])
        size = file.stream.seek(0, 2)
        file.stream.seek(0)
        if size > limit:
            raise TooLarge("FormPost: max_file_size exceeded")
        quotas.check_upload(req.deps, place, size, old)
        stored = content.store(
            req.deps,
            req.deps.policy_at(place.policy),
            iter(functools.partial(file.stream.read, 1 << 20), b""),
        )
        meta = (
            {"content-encoding": form["content-encoding"]} if form.get("content-encoding") else {}
        )
        delete_at = int(form["x_delete_at"]) if form.get("x_delete_at", "").isdecimal() else None
        kind = file.mimetype or "application/octet-stream"
        objects.commit(req.deps, place, Draft(name, kind, meta, delete_at=delete_at), stored)
    return 201, ""
