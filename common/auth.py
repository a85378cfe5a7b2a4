"""From the token of a request to a `Context`, in this process: signature, expiry, revocation,
access rules.

How revocations arrive: identity says each on the bus at once, and every 10 s how many there are
(`identity.beat`). When the bus is not heard of, the list is read over HTTP, at most every half
second, for as long as that lasts. So a revoked token is refused everywhere within a second, also
while the broker is down.
"""

from __future__ import annotations

import datetime
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg

from common import metrics
from common.bus.events import Events
from common.context import Context
from common.errors import Error, Forbidden, Unauthorized, Unavailable
from common.tokens import Claims, Revocations, Verifier

LOG = logging.getLogger(__name__)
_STALE_S = 25.0
_POLL_S = 0.5


class AccessRuleDenied(Forbidden):
    "The application credential's access rules do not allow this request."


class RevocationsUnknown(Unavailable):
    "Neither identity nor the bus can be reached; tokens cannot be checked for revocation."


class Freshness:
    """Keeps `revocations` up to date. `fetch(since)` returns {"revocations": [...], "latest": n}
    from identity."""

    def __init__(
        self, fetch: Callable[[int], Mapping[str, Any]], events: Events | None, grace_s: int
    ) -> None:
        self.revocations = Revocations()
        self._fetch, self._grace_s = fetch, grace_s
        self._lock = threading.Lock()
        self._heard = -1e9
        self._asked = -1e9
        self._known_good = time.monotonic()
        self._ever = False
        if events is not None:
            events.listen(
                ["identity.revoked", "identity.beat"],
                self._event,
                on_connect=self._lost,
                on_disconnect=self._lost,
            )

    def _lost(self) -> None:
        # Just connected or just lost: something may have been said in between.
        self._heard = -1e9
        self._ever = False

    def _event(self, topic: str, payload: Any) -> None:
        if topic == "identity.revoked":
            records = (
                payload if isinstance(payload, list) else payload.get("revocations", [payload])
            )
            first = min((r["seq"] for r in records), default=0)
            gap = first > self.revocations.latest + 1
            self.revocations.add(records)
            if gap:
                self._lost()
        elif payload.get("latest", 0) > self.revocations.latest:
            self._lost()
        elif self._ever:
            self._heard = self._known_good = time.monotonic()

    def ensure(self) -> None:
        """Return when the list is known to be current (to half a second). Raises RevocationsUnknown
        after the grace time."""
        now = time.monotonic()
        if now - self._heard < _STALE_S:
            return
        if now - self._asked >= _POLL_S:
            with self._lock:
                if time.monotonic() - self._asked >= _POLL_S:
                    self._poll()
        if time.monotonic() - self._known_good > self._grace_s:
            raise RevocationsUnknown()

    def _poll(self) -> None:
        try:
            answer = self._fetch(self.revocations.latest)
            self.revocations.add(answer["revocations"])
            self.revocations.latest = max(self.revocations.latest, answer["latest"])
            self._known_good, self._ever = time.monotonic(), True
        except Exception as error:  # identity is away in any of many ways; the grace time decides
            LOG.warning("revocations could not be read from identity: %s", error)
        self._asked = time.monotonic()


class Authenticator:
    """Callable for `make_app`: (X-Auth-Token, X-Service-Token) -> Context. Verified tokens are
    remembered (only their claims) so that the signature is checked once for each process."""

    def __init__(
        self,
        verifier: Verifier,
        freshness: Freshness | None,
        service_type: str,
        remembered: int = 4096,
    ) -> None:
        self.verifier, self.freshness, self.service_type = verifier, freshness, service_type
        self._cache: OrderedDict[str, tuple[Claims, dict[str, Any]]] = OrderedDict()
        self._most = remembered
        self._lock = threading.Lock()

    def __call__(self, token: str | None, service_token: str | None = None) -> Context:
        if not token:
            raise Unauthorized()
        claims, described = self._known(token)
        ctx = Context(**described)
        if service_token:
            try:
                claims, _ = self._known(service_token)
            except Unauthorized:
                return ctx
            ctx.service_user_id, ctx.service_project_id = claims.user_id, claims.project_id
            ctx.service_roles = tuple(name for _, name in claims.roles)
        return ctx

    def claims(self, token: str) -> Claims:
        """The claims of a token that may be used now. Raises Unauthorized, AccessRuleDenied or
        RevocationsUnknown."""
        return self._known(token)[0]

    def _known(self, token: str) -> tuple[Claims, dict[str, Any]]:
        "The same, and the fields of the context that it makes."
        known = self._cache.get(token)
        if known is None:
            claims = self.verifier.verify(token)
            known = claims, _described(claims, token)
            with self._lock:
                self._cache[token] = known
                if len(self._cache) > self._most:
                    self._cache.popitem(last=False)
        claims = known[0]
        if claims.expires_at <= time.time():
            self._cache.pop(token, None)
            raise Unauthorized()
        if self.freshness is not None:
            self.freshness.ensure()
            if self.freshness.revocations.revoked(claims):
                raise Unauthorized()
        self._check_access_rules(claims)
        return known

    def _check_access_rules(self, claims: Claims) -> None:
        rules = (claims.application_credential or {}).get("access_rules")
        if rules is None:
            return
        from common.http.serving import current

        here = current.get()
        if here is None:
            return
        request = here.request
        path = request.script_root + request.path
        for rule in rules:
            if (
                rule["service"] == self.service_type
                and rule["method"] == request.method
                and path_matches(rule["path"], path)
            ):
                return
        raise AccessRuleDenied()


def path_matches(pattern: str, path: str) -> bool:
    """Whether an access rule's path (`*` one segment, `**` any, `{name}` one segment) matches
    (Identity API, access rules)."""
    parts = re.split(r"(\*\*|\*|\{[^/{}]*\})", pattern)
    regex = "".join(
        ".*" if p == "**" else "[^/]+" if p == "*" or p.startswith("{") else re.escape(p)
        for p in parts
    )
    return re.fullmatch(regex, path) is not None


def context_of(claims: Claims, token: str | None = None) -> Context:
    "The caller that a token's claims describe."
    return Context(**_described(claims, token))


def _described(claims: Claims, token: str | None) -> dict[str, Any]:
    trust, credential = claims.trust or {}, claims.application_credential or {}
    return {
        "user_id": claims.user_id,
        "user_name": claims.user_name,
        "user_domain_id": claims.user_domain_id,
        "user_domain_name": claims.user_domain_name,
        "project_id": claims.project_id,
        "project_name": claims.project_name,
        "project_domain_id": claims.project_domain_id,
        "project_domain_name": claims.project_domain_name,
        "domain_id": claims.domain_id,
        "domain_name": claims.domain_name,
        "system": claims.system,
        "roles": tuple(name for _, name in claims.roles),
        "role_ids": tuple(i for i, _ in claims.roles),
        "methods": tuple(claims.methods),
        "audit_ids": tuple(claims.audit_ids),
        "issued_at": claims.issued_at,
        "expires_at": datetime.datetime.fromtimestamp(claims.expires_at, datetime.UTC),
        "token": token,
        "trust_id": trust.get("id"),
        "trustor_id": trust.get("trustor"),
        "trustee_id": trust.get("trustee"),
        "application_credential_id": credential.get("id"),
        "application_credential_restricted": credential.get("restricted", True),
        "oauth_token_id": (claims.oauth or {}).get("token"),
    }


def authenticator(
    config: cfg.ConfigOpts, service_type: str, events: Events | None = None
) -> Authenticator:
    "The Authenticator of a service that trusts the identity service in its configuration."
    from common.client import Services

    services = Services(config)

    def fetch_keys() -> Mapping[str, Any]:
        try:
            return services.identity_json("/v3/auth/keys", authenticated=False)
        except Error:
            raise
        except Exception as error:
            raise Unavailable(f"The identity service cannot be reached: {error}") from error

    def fetch_revocations(since: int) -> Mapping[str, Any]:
        return services.identity_json(f"/v3/auth/revocations?since={since}")

    freshness = Freshness(fetch_revocations, events, config.identity.revocation_grace_s)
    metrics.add_health_check(
        "revocations", lambda: None if time.monotonic() - freshness._known_good < 3600 else "stale"
    )
    return Authenticator(Verifier(fetch_keys), freshness, service_type)
