"""Tokens: made for a login and a scope, looked at, revoked. Their form and signature are in
`common.tokens`."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections import OrderedDict
from typing import Any

from common.context import Context
from common.errors import Unauthorized
from common.tokens import Claims
from identity.core import Deps, revocation
from identity.errors import NotFound


class NoSuchToken(NotFound):
    "Failed to validate token"


def new_audit_id() -> str:
    "22 characters of randomness."
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


class Verified:
    "Claims of tokens whose signature was found right, so that it is computed once. Thread-safe."

    def __init__(self, most: int) -> None:
        self._most = most
        self._claims: OrderedDict[str, Claims] = OrderedDict()
        self._texts: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str) -> Claims | None:
        "What is remembered of a token."
        return self._claims.get(token)

    def put(self, token: str, claims: Claims) -> None:
        "Remember a token."
        with self._lock:
            self._claims[token] = claims
            while len(self._claims) > self._most:
                old, _ = self._claims.popitem(last=False)
                self._texts.pop(old, None)

    def text(self, token: str, stamp: int) -> bytes | None:
        "The answer given for this token when the catalog had this stamp."
        found = self._texts.get(token)
        return found[1] if found and found[0] == stamp else None

    def put_text(self, token: str, stamp: int, text: bytes) -> None:
        "Remember an answer."
        with self._lock:
            if token in self._claims:
                self._texts[token] = (stamp, text)


def check(deps: Deps, token: str | None, *, allow_expired: bool = False) -> Claims:
    """The claims of a token that may be used (with `allow_expired` also for some time after its
    end). Raises NoSuchToken, whatever is wrong with it."""
    if not token:
        raise NoSuchToken()
    claims = deps.verified.get(token)
    if claims is None:
        try:
            claims = deps.keys.verifier.verify(token, allow_expired=True)
        except Unauthorized:
            raise NoSuchToken() from None
        deps.verified.put(token, claims)
    late = time.time() - claims.expires_at
    if late >= (deps.config.token.allow_expired_window_s if allow_expired else 0):
        raise NoSuchToken()
    deps.memory.ensure()
    if deps.memory.revocations.revoked(claims):
        raise NoSuchToken()
    return claims


def subject(
    deps: Deps, ctx: Context, token: str | None, rule: str, *, allow_expired: bool = False
) -> Claims:
    """The claims of the token that a request is about, if the caller may see them. Raises
    Forbidden, NoSuchToken."""
    claims = check(deps, token, allow_expired=allow_expired)
    ctx.enforce(rule, {"target.token.user_id": claims.user_id})
    return claims


def revoke(deps: Deps, claims: Claims) -> None:
    "Refuse this token from now on, everywhere."
    with deps.db.write() as session:
        revocation.revoke(deps, session, f"audit:{claims.audit_ids[0]}")


def sign(deps: Deps, claims: Claims) -> str:
    "The token with these claims; remembered, since whoever asked for it will use it at once."
    token = deps.keys.signer.sign(claims)
    deps.verified.put(token, claims)
    return token


def describe(deps: Deps, claims: Claims) -> list[dict[str, Any]]:
    "The catalog that goes with a token."
    return deps.memory.catalog(claims.project_id, claims.user_id)
