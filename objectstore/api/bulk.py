"""Many objects in one request: archives unpacked, lists deleted, large objects taken apart.

The outcome is in the body, since the status was sent before the work began. Source: Object Storage
API, "Bulk operations".
"""

from __future__ import annotations

import json
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, cast
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from common.errors import Error, NotAcceptable
from objectstore.api import headers as object_headers
from objectstore.api.request import Answer, Request
from objectstore.core import (
    access,
    accounts,
    containers,
    content,
    entries,
    manifests,
    objects,
    quotas,
)
from objectstore.core.containers import Settings
from objectstore.core.entries import Entry
from objectstore.core.objects import Draft
from objectstore.errors import ContainerNotFound, ObjectNotFound

MAX_DELETES = 10_000
MAX_LINE = 2 * 1024 + 2
MAX_FAILED = 1000
PULSE_S = 10.0
_MODES = {"tar": "r|", "tar.gz": "r|gz", "tar.bz2": "r|bz2"}
_FORMS = {
    "application/json": "json",
    "text/plain": "plain",
    "application/xml": "xml",
    "text/xml": "xml",
    "*/*": "plain",
}


def _form(req: Request) -> str:
    for item in (req.header("Accept") or "text/plain").split(","):
        form = _FORMS.get(item.partition(";")[0].strip().lower())
        if form:
            return form
    raise NotAcceptable()


_TYPES = {"json": "application/json", "plain": "text/plain", "xml": "text/xml"}


def opening(form: str) -> bytes:
    "What a bulk answer begins with: XML's declaration may have nothing before it."
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' if form == "xml" else b""


def report(form: str, outcome: dict[str, Any], root: str) -> bytes:
    """The body that ends a bulk answer. `root`: delete or extract, the name of the XML element."""
    if form == "json":
        return json.dumps(outcome).encode()
    errors = outcome["Errors"]
    plain = {k: v for k, v in outcome.items() if k != "Errors"}
    if form == "xml":
        fields = "".join(f"<{_tag(k)}>{escape(str(v))}</{_tag(k)}>" for k, v in plain.items())
        rows = "".join(
            f"<object><name>{escape(n)}</name><status>{escape(s)}</status></object>"
            for n, s in errors
        )
        return f"<{root}>{fields}<errors>{rows}</errors></{root}>\n".encode()
    lines = [f"{k}: {v}" for k, v in plain.items()]
    return "\n".join([*lines, "Errors:", *(f"{n}, {s}" for n, s in errors), ""]).encode()


def _tag(key: str) -> str:
    return key.lower().replace(" ", "_")


def extract(req: Request) -> Answer:
    "PUT ?extract-archive=tar|tar.gz|tar.bz2 to an account, a container or a pseudo-directory."
    kind = req.query["extract-archive"]
    mode = _MODES.get(kind.strip("."))
    req.need_length()
    form = _form(req)
    headers = [("Content-Type", _TYPES[form])]
    outcome: dict[str, Any] = {
        "Number Files Created": 0,
        "Response Status": "201 Created",
        "Response Body": "",
        "Errors": [],
    }
    if mode is None:
        req.caller.decided = True
        outcome |= {
            "Response Status": "400 Bad Request",
            "Response Body": f"Unsupported archive format: {kind}",
        }
        return Answer(200, headers, opening(form) + report(form, outcome, "extract"))
    if req.container:
        _open_for_write(req, req.container, req.name or "x")
    else:
        info = accounts.get(req.deps, req.account)
        access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    return Answer(200, headers, _extracting(req, mode, form, outcome))


def _extracting(req: Request, mode: str, form: str, outcome: dict[str, Any]) -> Iterator[bytes]:
    most = req.deps.config.storage.max_object_mib << 20
    stream = _Reader(req.chunks(1 << 50))
    pulse, begun = _Pulse(), _Once(opening(form))
    try:
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode=cast(Any, mode)) as archive:
            for member in archive:
                if not member.isfile():
                    continue
                error = _extract_one(req, archive, member, most)
                if error is None:
                    outcome["Number Files Created"] += 1
                else:
                    outcome["Errors"].append(error)
                if len(outcome["Errors"]) >= MAX_FAILED:
                    break
                if pulse.is_due():
                    yield begun() + b" "
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        outcome |= {
            "Response Status": "400 Bad Request",
            "Response Body": f"Invalid Tar File: {error}",
        }
    except Error as error:
        outcome |= {
            "Response Status": f"{error.code} {error.title}",
            "Response Body": error.message,
        }
    if outcome["Errors"] and outcome["Response Status"].startswith("201"):
        outcome["Response Status"] = "400 Bad Request"
    elif not outcome["Number Files Created"] and outcome["Response Status"].startswith("201"):
        outcome |= {
            "Response Status": "400 Bad Request",
            "Response Body": "Invalid Tar File: No Valid Files",
        }
    yield begun() + b"\r\n\r\n" + report(form, outcome, "extract")


def _extract_one(
    req: Request, archive: tarfile.TarFile, member: tarfile.TarInfo, most: int
) -> list[str] | None:
    "[name, status] when it went wrong."
    path = "/".join(
        p
        for p in (req.container, req.name.strip("/"), member.name.removeprefix("./").strip("/"))
        if p
    )
    container, _, name = path.partition("/")
    try:
        path.encode()
        if not name:
            return None if not container else [quote(path), "400 Bad Request"]
        if len(container.encode()) > 256 or len(name.encode()) > 1024:
            return [quote(path[:256]), "400 Bad Request"]
        if member.size > most:
            return [quote(path), "413 Request Entity Too Large"]
        place, old = _open_for_write(req, container, name, create=not req.container)
        quotas.check_upload(req.deps, place, member.size, old)
        file = archive.extractfile(member)
        assert file is not None
        stored = content.store(
            req.deps, req.deps.policy_at(place.policy), iter(lambda: file.read(1 << 20), b"")
        )
        draft = Draft(
            name, _guess(name), _pax_meta(member), delete_at=object_headers.delete_at(req)
        )
        objects.commit(req.deps, place, draft, stored)
        return None
    except UnicodeError:
        return [quote(path, errors="surrogateescape"), "412 Precondition Failed"]
    except Error as error:
        return [quote(path), f"{error.code} {error.title}"]


def _guess(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _pax_meta(member: tarfile.TarInfo) -> dict[str, str]:
    "User metadata that a tar made on Linux keeps as extended attributes."
    prefix = "SCHILY.xattr.user.meta."
    return {
        f"x-object-meta-{k[len(prefix) :].lower()}": v
        for k, v in member.pax_headers.items()
        if k.startswith(prefix)
    }


def _open_for_write(req: Request, container: str, name: str, create: bool = False) -> Any:
    try:
        place, old = entries.find(req.deps, req.account, container, name)
    except ContainerNotFound:
        info = accounts.get(req.deps, req.account)
        access.check_container(
            req.deps, req.caller, req.account, container, {}, info.sysmeta, "own", name, "PUT"
        )
        if not create:
            raise
        containers.put(req.deps, req.account, container, Settings())
        place, old = entries.find(req.deps, req.account, container, name)
    access.check_container(
        req.deps,
        req.caller,
        req.account,
        container,
        place.sysmeta,
        place.account_sysmeta,
        "write",
        name,
        "PUT",
    )
    return place, old


class _Pulse:
    """Signs of life for a client that waits, so that it does not give up. None at first: what is
    done quickly is done before the status is sent, and who only reads that sees the outcome."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self._last < PULSE_S:
            return False
        self._last = now
        return True


class _Once:
    "Text for the first time, nothing afterwards."

    def __init__(self, text: bytes) -> None:
        self._text = text

    def __call__(self) -> bytes:
        text, self._text = self._text, b""
        return text


class _Reader:
    "A file, for tarfile, of the pieces of a body."

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def read(self, size: int) -> bytes:
        while len(self._left) < size:
            more = next(self._chunks, b"")
            if not more:
                break
            self._left += more
        data, self._left = self._left[:size], self._left[size:]
        return data


def delete(req: Request) -> Answer:
    "POST or DELETE ?bulk-delete: one /container/object (or /container) on each line of the body."
    form = _form(req)
    req.need_length() if req.method == "POST" else None
    info = accounts.get(req.deps, req.account)
    access.check_account(req.deps, req.caller, req.account, info.sysmeta, write=True)
    return Answer(200, [("Content-Type", _TYPES[form])], _deleting(req, form, lambda: _lines(req)))


def _lines(req: Request) -> Iterator[str]:
    left, count = b"", 0
    for chunk in req.chunks(MAX_DELETES * MAX_LINE):
        *whole, left = (left + chunk).split(b"\n")
        for line in whole:
            yield unquote(line.strip().decode("utf-8", "replace"))
        if len(left) > MAX_LINE:
            raise _TooLong()
        count += len(whole)
        if count > MAX_DELETES:
            raise _TooMany()
    if left.strip():
        yield unquote(left.strip().decode("utf-8", "replace"))


class _TooLong(Error):
    "A line of the list is too long."

    code, title = 400, "Bad Request"


class _TooMany(Error):
    "Maximum Bulk Deletes: 10000 per request"

    code, title = 413, "Request Entity Too Large"


def _deleting(req: Request, form: str, names: Callable[[], Iterator[str]]) -> Iterator[bytes]:
    outcome: dict[str, Any] = {
        "Number Deleted": 0,
        "Number Not Found": 0,
        "Response Status": "200 OK",
        "Response Body": "",
        "Errors": [],
    }
    pulse, begun = _Pulse(), _Once(opening(form))
    try:
        for line in names():
            if not line:
                continue
            _delete_one(req, line, outcome)
            if len(outcome["Errors"]) >= MAX_FAILED:
                break
            if pulse.is_due():
                yield begun() + b" "
    except Error as error:
        outcome |= {
            "Response Status": f"{error.code} {error.title}",
            "Response Body": error.message,
        }
    if outcome["Errors"] and outcome["Response Status"] == "200 OK":
        outcome["Response Status"] = "400 Bad Request"
    elif not (outcome["Number Deleted"] or outcome["Number Not Found"] or outcome["Response Body"]):
        outcome |= {"Response Status": "400 Bad Request", "Response Body": "Invalid bulk delete."}
    yield begun() + b"\r\n\r\n" + report(form, outcome, "delete")


def _delete_one(req: Request, line: str, outcome: dict[str, Any]) -> None:
    path = line if line.startswith("/") else "/" + line
    container, _, name = path[1:].partition("/")
    try:
        if name:
            place, entry = entries.find(req.deps, req.account, container, name)
            access.check_container(
                req.deps,
                req.caller,
                req.account,
                container,
                place.sysmeta,
                place.account_sysmeta,
                "write",
                name,
                "DELETE",
            )
            objects.delete(req.deps, place, name)
        else:
            containers.delete(req.deps, req.account, container)
        outcome["Number Deleted"] += 1
    except (ContainerNotFound, ObjectNotFound):
        outcome["Number Not Found"] += 1
    except Error as error:
        outcome["Errors"].append([quote(path), f"{error.code} {error.title}"])


def delete_large(req: Request, entry: Entry | None) -> Answer:
    "DELETE ?multipart-manifest=delete: the segments, then the manifest."
    form = _form(req)
    own = f"/{req.container}/{req.name}"

    def names() -> Iterator[str]:
        if entry is not None and entry.kind == "slo":
            yield from list(manifests.paths(req.deps, entry))
        yield own

    return Answer(200, [("Content-Type", _TYPES[form])], _deleting(req, form, names))
