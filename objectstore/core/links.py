"""Symlinks: objects that stand for another one. Source: Object Storage API, "Symlink"."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from objectstore.core import Deps, access, entries, metadata
from objectstore.core.access import Caller
from objectstore.core.entries import Entry
from objectstore.errors import BadLinkTarget, HeaderRefused, InvalidHeader, LinkConflict, LinkLoop

MAX_HOPS = 2
CONTENT_TYPE = "application/symlink"


def parse(
    deps: Deps, account: str, path: str, target: str, target_account: str, target_etag: str
) -> dict[str, Any]:
    "The link that a PUT asks for. Raises InvalidHeader."
    try:
        container, name = metadata.container_and_object("X-Symlink-Target", target)
    except InvalidHeader:
        raise BadLinkTarget() from None
    metadata.object_name(name)
    if "/" in target_account:
        raise InvalidHeader(
            header="X-Symlink-Target-Account", reason="Account name cannot contain slashes"
        )
    to = target_account or account
    if (to, f"/{container}/{name}") == (account, path):
        raise HeaderRefused(reason="Symlink cannot target itself")
    link: dict[str, Any] = {
        "account": to,
        "container": container,
        "name": name,
        "path": f"/v1/{to}/{container}/{name}",
        "other_account": to != account,
    }
    if target_etag:
        link["etag"] = target_etag.strip().strip('"').lower()
    return link


def pin(deps: Deps, caller: Caller, link: dict[str, Any]) -> Entry | None:
    """Check a static link's target when it is made, and keep what listings show of it; the target.
    Raises LinkConflict."""
    if "etag" not in link:
        return None
    try:
        target = _target(deps, caller, link)
    except (entries.ObjectNotFound, entries.ContainerNotFound):
        raise LinkConflict(reason="X-Symlink-Target does not exist") from None
    if stored_etag(target) != link["etag"]:
        raise _changed(target, link)
    if target.kind == "link":
        further = target.sysmeta["link"]
        link.update({k: further[k] for k in ("bytes", "slo_etag") if k in further})
    else:
        link["bytes"] = target.size
    if target.kind == "slo":
        link["slo_etag"] = f'"{target.etag}"'
    return target


def stored_etag(entry: Entry) -> str:
    """The ETag that a static link pins: of a static large object that of its manifest, of another
    static link the one that it pins itself."""
    if entry.kind == "link" and entry.sysmeta["link"].get("etag"):
        return str(entry.sysmeta["link"]["etag"])
    return str(entry.sysmeta.get("manifest_etag") or entry.etag)


def _changed(target: Entry, link: dict[str, Any]) -> LinkConflict:
    found, wanted = stored_etag(target), link["etag"]
    return LinkConflict(
        reason=f"Object Etag {found!r} does not match X-Symlink-Target-Etag header {wanted!r}"
    )


def _target(deps: Deps, caller: Caller, link: dict[str, Any]) -> Entry:
    found = entries.find(deps, link["account"], link["container"], link["name"])
    target = entries.existing(found)
    check_readable(deps, caller, target)
    return target


def check_readable(deps: Deps, caller: Caller, entry: Entry) -> bool:
    "Raise unless the caller may read that object; whether he counts as owner."
    p = entry.place
    if caller.scope is not None and caller.scope[0] == p.account:
        # a temporary URL for an object is one for what it leads to, as far as its key goes
        if caller.by_account_key or caller.scope[1] == p.container:
            return False
        caller.decided = True
        raise access.TokenNeeded()
    return access.check_container(
        deps, caller, p.account, p.container, p.sysmeta, p.account_sysmeta, "read", entry.name
    )


def follow(deps: Deps, caller: Caller, entry: Entry) -> Entry:
    """What a link leads to, through links to links. Raises LinkLoop, LinkConflict (static link,
    changed target),
    ObjectNotFound, or the denial of access to a target; with the Content-Location of where it
    led."""
    where: dict[str, str] = {}
    try:
        for _ in range(MAX_HOPS):
            if entry.kind != "link":
                break
            link = entry.sysmeta["link"]
            where = {"Content-Location": quote(link["path"])}
            entry = _target(deps, caller, link)
            if "etag" in link and stored_etag(entry) != link["etag"]:
                raise _changed(entry, link)
        if entry.kind == "link":
            raise LinkLoop(limit=MAX_HOPS)
    except (LinkLoop, LinkConflict, entries.ObjectNotFound, entries.ContainerNotFound) as error:
        error.headers.update(where)
        raise
    return entry


def headers(entry: Entry) -> list[tuple[str, str]]:
    "The headers of a link itself."
    link = entry.sysmeta["link"]
    found = [("X-Symlink-Target", quote(f"{link['container']}/{link['name']}"))]
    if link.get("other_account"):
        found.append(("X-Symlink-Target-Account", quote(link["account"])))
    if link.get("etag"):
        found += [
            ("X-Symlink-Target-Etag", link["etag"]),
            ("X-Symlink-Target-Bytes", str(link.get("bytes", 0))),
        ]
    return found
