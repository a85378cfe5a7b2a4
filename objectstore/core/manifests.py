"""Static large objects being made and taken apart: the manifest a client sends, checked against
its segments."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from objectstore.core import Deps, clock, entries, large, links
from objectstore.core.access import AccessDenied, Caller, TokenNeeded
from objectstore.core.entries import Entry
from objectstore.errors import BadManifest, ContainerNotFound, ObjectNotFound

MAX_SEGMENTS = 1000
MAX_BYTES = 8 << 20
MIN_SEGMENT = 1
_KEYS = {"path", "etag", "size_bytes", "range", "data"}


@dataclass(slots=True)
class Manifest:
    "A checked manifest: what is stored, how many bytes a GET will return, the large object's ETag."

    stored: bytes
    size: int
    etag: str


def parse(raw: bytes) -> list[dict[str, Any]]:
    """The manifest's items, their form checked. Raises BadManifest that names every item that is
    wrong."""
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadManifest(reason="Manifest must be valid JSON.") from None
    if not isinstance(items, list) or not items:
        raise BadManifest(reason="Manifest must be a list with at least one segment.")
    if len(items) > MAX_SEGMENTS:
        raise BadManifest(reason=f"Number of segments must be <= {MAX_SEGMENTS}.")
    wrong = [f"Index {i}: {why}" for i, item in enumerate(items) if (why := _fault(item))]
    if not wrong and all("data" in item for item in items):
        wrong = ["Inline data segments require at least one object-backed segment."]
    if wrong:
        raise BadManifest(reason="; ".join(wrong))
    return items


def _fault(item: Any) -> str | None:
    "What is wrong with the form of one item."
    if not isinstance(item, dict):
        return "not a JSON object"
    unknown = set(item) - _KEYS
    if unknown:
        return f"extraneous keys {', '.join(sorted(unknown))}"
    if "data" in item:
        return _data_fault(item)
    path, size, etag, span = (
        item.get("path"),
        item.get("size_bytes"),
        item.get("etag"),
        item.get("range"),
    )
    if not isinstance(path, str) or "/" not in path.strip("/"):
        return "path does not refer to an object; it must be /container/object"
    if size is not None and (
        isinstance(size, bool) or not str(size).isdecimal() or int(size) < MIN_SEGMENT
    ):
        return f"size_bytes must be a whole number, at least {MIN_SEGMENT}"
    if etag is not None and not isinstance(etag, str):
        return "etag must be a string"
    if span is not None and (
        not isinstance(span, str) or span.count("-") != 1 or not span.replace("-", "").isdecimal()
    ):
        return "range must be of the form A-B, A- or -N"
    return None


def _data_fault(item: dict[str, Any]) -> str | None:
    if set(item) != {"data"}:
        return "data segments take no other key"
    try:
        decoded = base64.b64decode(item["data"], validate=True)
    except (TypeError, ValueError, binascii.Error):
        return "data must be base64"
    return None if decoded else "data must not be empty"


def check(
    deps: Deps, caller: Caller, account: str, items: list[dict[str, Any]]
) -> Iterator[Manifest | None]:
    """Look at every segment. Yields None now and then, so that a caller may show a sign of life,
    and the Manifest at the
    end. Raises BadManifest that names every segment that is not as the manifest says."""
    stored: list[dict[str, Any]] = []
    wrong: list[str] = []
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    for item in items:
        if "data" in item:
            data = base64.b64decode(item["data"])
            stored.append({"data": item["data"]})
            digest.update(hashlib.md5(data, usedforsecurity=False).hexdigest().encode())
            size += len(data)
            continue
        try:
            made = _segment(deps, caller, account, item)
        except _Wrong as error:
            wrong.append(f"{quote(item['path'])}, {error}")
        else:
            stored.append(made)
            span = made.get("range")
            first, last = map(int, span.split("-")) if span else (0, made["bytes"] - 1)
            digest.update((f"{made['hash']}:{span};" if span else made["hash"]).encode())
            size += last - first + 1
        yield None
    if wrong:
        raise BadManifest(f"Errors:\n{chr(10).join(wrong)}")
    yield Manifest(json.dumps(stored).encode(), size, digest.hexdigest())


class _Wrong(Exception):
    "Why a segment is not as the manifest says."


def _segment(deps: Deps, caller: Caller, account: str, item: dict[str, Any]) -> dict[str, Any]:
    container, name = (
        item["path"].strip("/").split("/", 1)
        if not item["path"].startswith("/")
        else (item["path"][1:].split("/", 1))
    )
    try:
        entry = entries.existing(entries.find(deps, account, container, name))
        links.check_readable(deps, caller, entry)
        entry = links.follow(deps, caller, entry)
    except (ObjectNotFound, ContainerNotFound):
        raise _Wrong("404 Not Found") from None
    except (AccessDenied, TokenNeeded) as error:
        raise _Wrong(f"{error.code} {error.title}") from None
    if item.get("size_bytes") is not None and int(item["size_bytes"]) != entry.size:
        raise _Wrong("Size Mismatch")
    if item.get("etag") and item["etag"].strip('"') != entry.etag:
        raise _Wrong("Etag Mismatch")
    if entry.size < MIN_SEGMENT:
        raise _Wrong("Too Small; each segment must be at least 1 byte.")
    made = {
        "name": f"/{container}/{name}",
        "bytes": entry.size,
        "hash": entry.etag,
        "content_type": entry.content_type,
        "last_modified": clock.iso(entry.ts),
    }
    if entry.kind == "slo":
        made["sub_slo"] = True
    span = _range(item.get("range"), entry.size)
    if span:
        made["range"] = span
    return made


def _range(text: str | None, size: int) -> str | None:
    "A manifest's range as first-last; None for all of the segment."
    if not text:
        return None
    first, last = text.split("-")
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), int(last) if last else size - 1
    if start >= size or end < start:
        raise _Wrong("Unsatisfiable Range")
    end = min(end, size - 1)
    return None if (start, end) == (0, size - 1) else f"{start}-{end}"


def as_sent(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    "A stored manifest in the form that a PUT takes (?multipart-manifest=get&format=raw)."
    out = []
    for item in stored:
        if "data" in item:
            out.append({"data": item["data"]})
            continue
        sent = {"path": item["name"], "etag": item["hash"], "size_bytes": item["bytes"]}
        if item.get("range"):
            sent["range"] = item["range"]
        out.append(sent)
    return out


def paths(deps: Deps, entry: Entry, depth: int = 0) -> Iterator[str]:
    """/container/object of every segment, those of nested manifests before the manifest that
    names them."""
    if depth > large.MAX_DEPTH:
        return
    for item in large.manifest_of(deps, entry):
        if "data" in item:
            continue
        if item.get("sub_slo"):
            container, name = item["name"].lstrip("/").split("/", 1)
            try:
                yield from paths(
                    deps,
                    entries.existing(entries.find(deps, entry.place.account, container, name)),
                    depth + 1,
                )
            except (ObjectNotFound, ContainerNotFound):
                pass
        yield item["name"]
