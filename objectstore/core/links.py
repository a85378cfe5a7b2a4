"""Symlinks: objects that stand for another one. Source: Object Storage API, "Symlink"."""

from __future__ import annotations

from typing import Any

from objectstore.core import Deps, access, entries, metadata
from objectstore.core.access import Caller
from objectstore.core.entries import Entry
from objectstore.errors import InvalidHeader, LinkConflict, LinkLoop

MAX_HOPS = 2
CONTENT_TYPE = "application/symlink"


def parse(
    deps: Deps, account: str, path: str, target: str, target_account: str, target_etag: str
) -> dict[str, Any]:
    "The link that a PUT asks for. Raises InvalidHeader."
    container, name = metadata.container_and_object("X-Symlink-Target", target)
    metadata.object_name(name)
    if "/" in target_account:
        raise InvalidHeader(
            header="X-Symlink-Target-Account", reason="Account name cannot contain slashes"
        )
    to = target_account or account
    if (to, f"/{container}/{name}") == (account, path):
        raise InvalidHeader(header="X-Symlink-Target", reason="Symlink cannot target itself")
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


def pin(deps: Deps, caller: Caller, link: dict[str, Any]) -> None:
    "Check a static link's target when it is made, and keep its size. Raises LinkConflict."
    if "etag" not in link:
        return
    try:
        target = entries.existing(
            entries.find(deps, link["account"], link["container"], link["name"])
        )
    except entries.ObjectNotFound:
        raise LinkConflict(reason="it does not exist") from None
    except entries.ContainerNotFound:
        raise LinkConflict(reason="its container does not exist") from None
    check_readable(deps, caller, target)
    if target.etag != link["etag"]:
        raise LinkConflict(reason="the ETag of the target differs from X-Symlink-Target-Etag")
    link["bytes"] = target.size


def check_readable(deps: Deps, caller: Caller, entry: Entry) -> bool:
    "Raise unless the caller may read that object; whether he counts as owner."
    p = entry.place
    if caller.scope is not None and caller.scope[0] == p.account:
        return False  # a temporary URL for the link is one for what it links to, in its account
    return access.check_container(
        deps, caller, p.account, p.container, p.sysmeta, p.account_sysmeta, "read", entry.name
    )


def follow(deps: Deps, caller: Caller, entry: Entry) -> Entry:
    """What a link leads to, through links to links. Raises LinkLoop, LinkConflict (static link,
    changed target),
    ObjectNotFound, or the denial of access to a target."""
    for _ in range(MAX_HOPS + 1):
        if entry.kind != "link":
            return entry
        link = entry.sysmeta["link"]
        found = entries.find(deps, link["account"], link["container"], link["name"])
        target = entries.existing(found)
        check_readable(deps, caller, target)
        if "etag" in link and target.etag != link["etag"]:
            raise LinkConflict(
                reason="the target was changed after the link was made",
            )
        entry = target
    raise LinkLoop(limit=MAX_HOPS)


def headers(entry: Entry) -> list[tuple[str, str]]:
    "The headers of a link itself."
    from urllib.parse import quote

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
