"""Requests of another cluster's container synchronisation: signed with a realm's key, or bearing
the container's own key."""

from __future__ import annotations

import hmac
from typing import Any

from objectstore.api.request import Request
from objectstore.core import containers, sync
from objectstore.core.access import Caller, TokenNeeded


def is_one(environ: dict[str, Any]) -> bool:
    "Whether the request comes from another cluster."
    return "HTTP_X_CONTAINER_SYNC_AUTH" in environ or "HTTP_X_CONTAINER_SYNC_KEY" in environ


def caller(req: Request) -> Caller:
    "A trusted caller for this one container, if the keys are right. Raises TokenNeeded."
    found = containers.find(req.deps, req.account, req.container) if req.container else None
    key = found.sysmeta.get("sync_key", "") if found is not None else ""
    if not key or not req.name or req.method not in ("PUT", "DELETE") or not req.has("X-Timestamp"):
        raise TokenNeeded()
    if req.has("X-Container-Sync-Key"):
        good = hmac.compare_digest(req.header("X-Container-Sync-Key").encode(), key.encode())
    else:
        good = _signed(req, key)
    if not good:
        raise TokenNeeded()
    for name in ("HTTP_X_COPY_FROM",):
        req.environ.pop(name, None)
    return Caller(trusted=True)


def _signed(req: Request, key: str) -> bool:
    parts = req.header("X-Container-Sync-Auth").split(" ")
    realm_key = req.deps.realms.keys.get(parts[0]) if len(parts) == 3 else None
    if realm_key is None:
        return False
    path = f"/v1/{req.account}/{req.container}/{req.name}"
    quoted = req.environ.get("RAW_URI") or path
    wanted = {
        sync.sign(
            realm_key, key, req.method, p.partition("?")[0], req.header("X-Timestamp"), parts[1]
        )
        for p in (path, quoted, _quote(path))
    }
    return any(hmac.compare_digest(w, parts[2]) for w in wanted)


def _quote(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
