"""Which server asks. The network's metadata agent says so in X-Instance-ID and proves it with the
shared secret; without a secret configured nobody is believed but by the address of a connection
that comes from the guest itself."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import BadRequest, Forbidden, NotFound
from compute.core import Deps
from compute.store import servers as store
from compute.store.models import BlockDevice, Server

MAX_PASSWORD = 2048


class WrongSignature(Forbidden):
    "Invalid proxy request signature."


class NobodyThere(NotFound):
    "No server is known for this request."


@dataclass
class Guest:
    "Who asks."

    server: Server
    devices: Sequence[BlockDevice]


def guest_of(deps: Deps, headers: Any, address: str | None) -> Guest:
    "The server that asks; kept for some seconds, since a guest asks for many files at once."
    server_id = headers.get("X-Instance-ID")
    if server_id is None:
        server_id = _by_address(deps, address)
    else:
        _check(deps, headers, server_id)
    key = f"guest {server_id}"
    until, guest = deps.cache.get(key, (0.0, None))
    if guest is None or until < time.monotonic():
        guest = _load(deps, server_id)
        if len(deps.cache) > 1000:
            deps.cache.clear()
        deps.cache[key] = (time.monotonic() + deps.config.metadata.cache_s, guest)
    project = headers.get("X-Tenant-ID")
    if project is not None and guest.server.project_id != project:
        raise NobodyThere()
    return guest


def _check(deps: Deps, headers: Any, server_id: str) -> None:
    secret = deps.config.metadata.secret
    given = headers.get("X-Instance-ID-Signature")
    if given is None:
        raise BadRequest("X-Instance-ID-Signature header is missing from request.")
    expected = hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(expected, given):
        raise WrongSignature()


def _by_address(deps: Deps, address: str | None) -> str:
    with deps.db.read() as session:
        found = store.by_address(session, address or "")
    # addresses of different projects may be the same: then nobody is
    if len(found) != 1:
        raise NobodyThere()
    return found[0].id


def _load(deps: Deps, server_id: str) -> Guest:
    with deps.db.read() as session:
        server = store.get(session, server_id)
        if server is None:
            raise NobodyThere()
        return Guest(server, store.devices_of(session, [server_id])[server_id])


def keep_password(deps: Deps, guest: Guest, data: bytes) -> None:
    "Keep an encrypted password; raises BadRequest when there is one already."
    if len(data) > MAX_PASSWORD:
        raise BadRequest("The password is too long.")
    with deps.db.write() as session:
        server = store.get(session, guest.server.id, lock=True)
        if server is None:
            raise NobodyThere()
        if server.password:
            raise BadRequest("There is a password already; its owner can clear it.")
        server.password = data.decode("ascii", "replace")
    deps.cache.pop(f"guest {guest.server.id}", None)
