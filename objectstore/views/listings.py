"""Listings of containers and objects in the three formats of the API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from objectstore.core import Deps, clock
from objectstore.core.entries import listing_sysmeta
from objectstore.core.listing import Subdir

TYPES = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "plain": "text/plain; charset=utf-8",
}


def container_items(rows: Iterable[Any]) -> list[dict[str, Any]]:
    "Containers of an account."
    return [
        {"subdir": r.name}
        if isinstance(r, Subdir)
        else {"name": r[0], "count": r[1], "bytes": r[2], "last_modified": clock.iso(r[3])}
        for r in rows
    ]


def object_items(rows: Iterable[Any]) -> list[dict[str, Any]]:
    "Objects of a container."
    out: list[dict[str, Any]] = []
    iso = clock.iso
    for row in rows:
        if isinstance(row, Subdir):
            out.append({"subdir": row.name})
            continue
        name, size, etag, content_type, ts, kind, sysmeta = row[:7]
        item = {
            "bytes": size,
            "hash": etag,
            "name": name,
            "content_type": content_type,
            "last_modified": iso(ts),
        }
        if kind:
            _special(item, kind, listing_sysmeta(sysmeta))
        out.append(item)
    return out


def objects_json(rows: Iterable[Any]) -> bytes:
    "The JSON of `object_items`, for listings of ten thousand."
    items: list[dict[str, Any]] = []
    add, iso = items.append, clock.iso_second
    unit, second, day = clock.UNIT, -1, ""
    for row in rows:
        if isinstance(row, Subdir) or row[5]:
            items += object_items([row])
            continue
        name, size, etag, content_type, ts = row[:5]
        if ts // unit != second:
            second = ts // unit
            day = iso(second)
        add(
            {
                "bytes": size,
                "hash": etag,
                "name": name,
                "content_type": content_type,
                "last_modified": f"{day}.{ts % unit:05d}0",
            }
        )
    return orjson.dumps(items)


def _special(item: dict[str, Any], kind: str, sysmeta: dict[str, Any]) -> None:
    if kind == "slo":
        item["slo_etag"] = f'"{item["hash"]}"'
        item["hash"] = sysmeta.get("manifest_etag", item["hash"])
    elif kind == "link":
        item["symlink_path"] = sysmeta["link"]["path"]
        if sysmeta["link"].get("etag"):
            item["symlink_etag"] = sysmeta["link"]["etag"]
            item["symlink_bytes"] = sysmeta["link"].get("bytes", 0)
        if sysmeta["link"].get("slo_etag"):
            item["slo_etag"] = sysmeta["link"]["slo_etag"]


def version_items(rows: list[Any]) -> list[dict[str, Any]]:
    "Objects of a container with all their versions."
    items = object_items(rows)
    for item, row in zip(items, rows, strict=True):
        if not isinstance(row, Subdir):
            item["version_id"] = row[7] or "null"
            item["is_latest"] = bool(row[8])
    return items


def names_text(names: Iterable[str]) -> bytes:
    "A listing in plain text: a name on each line."
    return "".join(f"{name}\n" for name in names).encode()


def render(items: list[dict[str, Any]], form: str, tag: str, item_tag: str, name: str) -> bytes:
    "The body of a listing. `tag`: account or container, `item_tag`: container or object."
    if form == "json":
        return json.dumps(items).encode()
    if form == "xml":
        return _xml(items, tag, item_tag, name)
    return names_text(i["name"] if "name" in i else i["subdir"] for i in items)


_XML_KEYS = {
    "container": ("name", "count", "bytes", "last_modified"),
    "object": ("name", "hash", "bytes", "content_type", "last_modified"),
}


def _xml(items: list[dict[str, Any]], tag: str, item_tag: str, name: str) -> bytes:
    parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{tag} name={quoteattr(name)}>']
    for item in items:
        if "subdir" in item:
            parts.append(
                f"<subdir name={quoteattr(item['subdir'])}>"
                f"<name>{escape(item['subdir'])}</name></subdir>"
            )
            continue
        fields = "".join(f"<{k}>{escape(str(item[k]))}</{k}>" for k in _XML_KEYS[item_tag])
        extra = "".join(
            f"<{k}>{escape(_text(item[k]))}</{k}>"
            for k in ("version_id", "is_latest", "slo_etag", "symlink_path")
            if k in item
        )
        parts.append(f"<{item_tag}>{fields}{extra}</{item_tag}>")
    parts.append(f"</{tag}>")
    return "".join(parts).encode()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def policy_usage(deps: Deps, rows: list[tuple[int, int, int, int]]) -> list[tuple[str, str]]:
    "Headers of an account: what each storage policy holds."
    headers = []
    for index, containers, objects, size in rows:
        name = deps.policy_at(index).name
        headers += [
            (f"X-Account-Storage-Policy-{name}-Container-Count", str(containers)),
            (f"X-Account-Storage-Policy-{name}-Object-Count", str(objects)),
            (f"X-Account-Storage-Policy-{name}-Bytes-Used", str(size)),
        ]
    return headers
