"""Sending the changes of containers to their twins in other clusters."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote, urlsplit

from common.errors import Error
from common.ids import new_hex
from objectstore.core import Deps, clock, entries, large, sync
from objectstore.core.access import Caller
from objectstore.core.sources import plain
from objectstore.errors import ObjectNotFound
from objectstore.store import Session, containers, objects
from objectstore.store.models import Change, Container

LOG = logging.getLogger(__name__)
_PAGE = 200
_TIMEOUT_S = 60


def synchronise(deps: Deps) -> int:
    "Send what is waiting, each container until the first failure. How many changes were sent."
    with deps.db.read() as session:
        waiting = containers.with_sync(session)
    sent = 0
    for container in waiting:
        try:
            sent += _container(deps, container)
        except Error as error:
            LOG.warning(
                "synchronisation of %s/%s: %s", container.account, container.name, error.message
            )
        except OSError as error:  # requests' errors are OSErrors
            LOG.warning("synchronisation of %s/%s: %s", container.account, container.name, error)
    return sent


def _container(deps: Deps, container: Container) -> int:
    with deps.db.read() as session:
        changes = objects.changes(session, container.id, _PAGE)
    to = container.sysmeta.get("sync_to")
    if to:
        url, realm = sync.target_url(deps, to)
        latest = {c.name: c for c in changes}
        for change in latest.values():
            _send(deps, container, change, url, realm)
    ids = [c.id for c in changes]

    def forget(session: Session) -> None:
        objects.forget_changes(session, ids)

    deps.committer.run(forget)
    return len(changes)


def _send(deps: Deps, container: Container, change: Change, url: str, realm: str) -> None:
    target = f"{url}/{quote(change.name)}"
    place, entry = entries.find(deps, container.account, container.name, change.name)
    stamp = clock.stamp(change.ts)
    if change.deleted or entry is None:
        _request(deps, container, "DELETE", target, realm, {"X-Timestamp": stamp}, b"", (404, 409))
        return
    source = (
        plain(deps, entry)
        if entry.kind in ("slo", "link")
        else large.source_of(deps, Caller(trusted=True), entry)
    )
    if "x-object-manifest" in entry.meta:
        source = plain(deps, entry)
    headers = {
        "X-Timestamp": clock.stamp(entry.ts),
        "Content-Type": entry.content_type,
        "Content-Length": str(source.size),
        **entry.meta,
    }
    if entry.kind == "slo":
        headers["X-Static-Large-Object"] = "True"
    if entry.delete_at is not None:
        headers["X-Delete-At"] = str(entry.delete_at)
    body = source.read(0, source.size) if source.size else b""
    try:
        _request(deps, container, "PUT", target, realm, headers, body, (409,))
    except ObjectNotFound:
        LOG.warning("the container at %s is not there", url)
        raise


def _request(
    deps: Deps,
    container: Container,
    method: str,
    url: str,
    realm: str,
    headers: dict[str, str],
    body: Any,
    fine: tuple[int, ...],
) -> None:
    import requests

    key = container.sysmeta.get("sync_key", "")
    if realm:
        nonce = new_hex()
        path = urlsplit(url).path
        signature = sync.sign(
            deps.realms.keys[realm], key, method, path, headers["X-Timestamp"], nonce
        )
        headers = {**headers, "X-Container-Sync-Auth": f"{realm} {nonce} {signature}"}
    else:
        headers = {**headers, "X-Container-Sync-Key": key}
    answer = requests.request(method, url, headers=headers, data=body, timeout=_TIMEOUT_S)
    if answer.status_code == 404 and 404 not in fine:
        raise ObjectNotFound()
    if not answer.ok and answer.status_code not in fine:
        raise OSError(f"{method} {url}: {answer.status_code} {answer.reason}")
