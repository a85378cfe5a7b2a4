"""Who is at the browser: the token of the session, what identity says of it, and the `Cloud` it
opens.

`GET /v3/auth/tokens` is asked once for each token and remembered for half a minute, at most; log-
out and revocation events forget at once.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from typing import Any

from flask import current_app, g, session
from keystoneauth1 import access

from dashboard.cloud import Cloud, Transport, regions, sentence
from dashboard.errors import Problem, SessionEnded

REMEMBER_S = 30
_RANK = {"reader": 1, "member": 2, "manager": 3, "admin": 4}


class Known:
    "What identity said of tokens, by their hash, the oldest forgotten first. Thread-safe."

    def __init__(self, size: int = 2000) -> None:
        self._size, self._lock = size, threading.Lock()
        self._entries: OrderedDict[str, tuple[float, access.AccessInfoV3]] = OrderedDict()

    def get(self, token: str) -> access.AccessInfoV3 | None:
        "What was said at most `REMEMBER_S` ago."
        with self._lock:
            at, ref = self._entries.get(_hash(token), (0.0, None))
        return ref if ref is not None and time.monotonic() - at < REMEMBER_S else None

    def put(self, token: str, ref: access.AccessInfoV3) -> None:
        "Remember."
        with self._lock:
            self._entries[_hash(token)] = (time.monotonic(), ref)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def forget(self, token: str | None = None) -> None:
        "Forget one token, or all."
        with self._lock:
            if token is None:
                self._entries.clear()
            else:
                self._entries.pop(_hash(token), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Who:
    "The person, the project and the roles; `cloud` is the door to the APIs."

    def __init__(self, ref: access.AccessInfoV3, cloud: Cloud) -> None:
        self.ref, self.cloud = ref, cloud
        self.user_id, self.user_name = ref.user_id, ref.username
        self.user_domain = ref.user_domain_name
        self.project_id, self.project_name = ref.project_id, ref.project_name
        self.project_domain = ref.project_domain_name
        self.roles = [r.lower() for r in ref.role_names or ()]
        self.regions = regions(ref)
        self.region = cloud.region
        self.token: str = ref.auth_token or ""
        self.methods = ref._data["token"].get("methods", [])

    @property
    def is_admin(self) -> bool:
        "Whether the role admin is among the roles."
        return "admin" in self.roles

    def may(self, role: str) -> bool:
        "Whether the roles include `role` or one that implies it; the empty role is everybody's."
        return not role or max((_RANK.get(r, 0) for r in self.roles), default=0) >= _RANK[role]


def state() -> Any:
    "What the app made at its start: see `app.State`."
    return current_app.extensions["dashboard"]


def who() -> Who:
    """Who asks, raising SessionEnded when nobody is logged in. The same object all through a
    request."""
    if "who" not in g:
        token = session.get("token")
        if not token:
            raise SessionEnded(session.pop("ended", ""))
        ref = state().known.get(token) or look_up(token)
        if ref.will_expire_soon(stale_duration=0):
            raise SessionEnded("expired")
        names = regions(ref)
        region = session.get("region")
        if region not in names:
            region = (
                state().config.identity.region
                if state().config.identity.region in names
                else next(iter(names), None)
            )
        g.who = Who(ref, Cloud(state().transport, ref, region))
    found: Who = g.who
    return found


def look_up(token: str) -> access.AccessInfoV3:
    """Ask identity about a token. Raises SessionEnded when it is refused, Problem when identity is
    away."""
    answer = ask_identity(
        "GET", "/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}
    )
    if answer.status_code in (401, 403, 404):
        raise SessionEnded("expired")
    if answer.status_code != 200:
        raise Problem(
            "identity", answer.status_code, sentence("identity", answer.status_code, answer.text)
        )
    return remember(token, answer.json())


def remember(token: str, body: dict[str, Any]) -> access.AccessInfoV3:
    "Keep what identity said of a token."
    ref = access.AccessInfoV3(body, auth_token=token)
    state().known.put(token, ref)
    return ref


def ask_identity(
    method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None
) -> Any:
    "One HTTP call to identity without a session of its own (log-in, log-out)."
    import requests

    transport: Transport = state().transport
    try:
        return transport.http.request(
            method,
            transport.identity_url + path,
            json=body,
            headers=headers,
            timeout=transport.timeout_s,
            verify=transport.verify,
        )
    except requests.RequestException:
        raise Problem("identity", 503, "The identity service does not answer.") from None
