"""Container synchronisation: every change of a container sent to another cluster's container.

Requests between clusters carry `X-Container-Sync-Auth: realm nonce signature`, the signature an
HMAC-SHA1 over method, path,
timestamp and nonce with the realm's key and the container's sync key. Source: Swift overview,
"Container to Container Synchronization".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from objectstore.core import Deps
from objectstore.errors import InvalidHeader

HEADER = "X-Container-Sync-To"


@dataclass
class Realms:
    "The realms that this cluster is in, and the endpoints of their clusters."

    keys: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)
    """`realm/cluster` to the endpoint, up to and with /v1/."""
    current: str = ""
    hosts: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls, keys: Mapping[str, str], clusters: list[str], current: str, hosts: list[str]
    ) -> Realms:
        "From the options of [sync]."
        pairs = dict(c.partition("=")[::2] for c in clusters)
        return cls(
            dict(keys),
            {n.strip().lower(): u.strip().rstrip("/") + "/" for n, u in pairs.items()},
            current,
            tuple(hosts),
        )


def target_url(deps: Deps, to: str) -> tuple[str, str]:
    """(URL of the other container, realm or '') of an X-Container-Sync-To value. Raises
    InvalidHeader."""
    if to.startswith("//"):
        parts = to[2:].split("/")
        if len(parts) != 4 or not all(parts):
            raise InvalidHeader(header=HEADER, reason="must be //realm/cluster/account/container")
        realm, cluster, account, container = parts
        endpoint = deps.realms.clusters.get(f"{realm}/{cluster}".lower())
        if endpoint is None or realm not in deps.realms.keys:
            raise InvalidHeader(
                header=HEADER, reason=f"No cluster endpoint for {realm!r} {cluster!r}"
            )
        return f"{endpoint}{account}/{container}", realm
    url = urlsplit(to)
    if url.scheme not in ("http", "https") or url.query or url.fragment or url.path.count("/") != 3:
        raise InvalidHeader(
            header=HEADER, reason="must be a URL of the form http://host/v1/account/container"
        )
    if url.hostname not in deps.realms.hosts:
        raise InvalidHeader(header=HEADER, reason=f"host {url.hostname!r} is not allowed")
    return to, ""


def check_target(deps: Deps, to: str) -> None:
    "Raise InvalidHeader for a target that this cluster cannot send to."
    target_url(deps, to)


def sign(realm_key: str, user_key: str, method: str, path: str, timestamp: str, nonce: str) -> str:
    "The signature of a request between clusters."
    message = f"{method}\n{path}\n{timestamp}\n{nonce}\n{user_key}"
    return hmac.new(realm_key.encode(), message.encode(), hashlib.sha1).hexdigest()


def public(realms: Realms) -> dict[str, Any]:
    "The realms as /info shows them."
    shown: dict[str, Any] = {}
    for name in realms.clusters:
        realm, _, cluster = name.partition("/")
        entry = shown.setdefault(realm.upper(), {"clusters": {}})
        entry["clusters"][cluster.upper()] = (
            {"current": True} if name == realms.current.lower() else {}
        )
    return shown
