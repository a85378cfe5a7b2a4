"""OpenID Connect: what a bearer's token of an identity provider says, once it is clear that it is
one of that provider's, for us, and in its time.

The provider's keys are found by discovery (OpenID Connect Discovery 1.0) and kept for minutes;
only providers that an administrator has entered are ever asked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import jwt

from common.errors import Unavailable
from identity.core import Deps
from identity.errors import AuthRefused

LOG = logging.getLogger(__name__)
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ALGORITHMS += ["EdDSA"]
_KEPT_S = 300
_AGAIN_S = 10
_LEEWAY_S = 30
_TIMEOUT_S = 5
_LONGEST = 65536


class ProviderUnreachable(Unavailable):
    "The identity provider {issuer} cannot be reached."


class Providers:
    "The keys of identity providers, as far as they were needed; thread-safe."

    def __init__(self) -> None:
        self._keys: dict[str, tuple[float, dict[str | None, Any]]] = {}
        self._lock = threading.Lock()

    def key(self, deps: Deps, issuer: str, key_id: str | None) -> Any:
        "The key that a token names. Raises AuthRefused, ProviderUnreachable."
        with self._lock:
            read_at, keys = self._keys.get(issuer, (-1e9, {}))
            age = time.monotonic() - read_at
            # a key that is not known may be new; but nobody makes us ask all the time
            if age > _KEPT_S or (key_id not in keys and age > _AGAIN_S):
                keys = _read(deps, issuer)
                self._keys[issuer] = (time.monotonic(), keys)
        if key_id is None and len(keys) == 1:
            return next(iter(keys.values()))
        if key_id not in keys:
            raise AuthRefused("the token is signed with a key that the provider does not have")
        return keys[key_id]


def _read(deps: Deps, issuer: str) -> dict[str | None, Any]:
    where = urlsplit(issuer)
    is_safe = where.scheme == "https" or deps.config.federation.oidc_insecure_http
    if not is_safe and where.hostname not in ("127.0.0.1", "::1", "localhost"):
        LOG.warning("identity provider %s: [federation] oidc_insecure_http is off", issuer)
        raise ProviderUnreachable(issuer=issuer)
    if deps.http is None:
        import requests

        deps.http = requests.Session()
    try:
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        found = deps.http.get(url, timeout=_TIMEOUT_S, allow_redirects=False).json()
        if found["issuer"] != issuer:
            raise ValueError(f"the document of {issuer} is that of {found['issuer']}")
        answer = deps.http.get(found["jwks_uri"], timeout=_TIMEOUT_S, allow_redirects=False)
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
    except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        LOG.warning("identity provider %s: %s", issuer, error)
        raise ProviderUnreachable(issuer=issuer) from error
    return {key.key_id: key for key in keys if key.public_key_use in (None, "sig")}


def claims(deps: Deps, providers: Providers, token: str, issuers: Sequence[str]) -> dict[str, Any]:
    "What the token says. Raises AuthRefused, ProviderUnreachable."
    if len(token) > _LONGEST:
        raise AuthRefused("the token is too long")
    try:
        header = jwt.get_unverified_header(token)
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if not isinstance(issuer, str) or issuer not in issuers:
            raise AuthRefused("the token is of an issuer that the identity provider is not")
        key = providers.key(deps, issuer, header.get("kid"))
        found: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=list(deps.config.federation.oidc_audiences),
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        # the library tells of a key that does not fit the algorithm by a TypeError
        raise AuthRefused(f"the token is not good: {error}") from None
    return found


def assertion(found: dict[str, Any]) -> dict[str, list[str]]:
    """Claims as mappings name them: `groups` is also `OIDC-groups` and `HTTP_OIDC_GROUPS`, as web
    servers in front of Keystone hand it over. Claims within claims have a dotted name."""
    out: dict[str, list[str]] = {}

    def add(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{name}.{key}", inner)
            return
        values = value if isinstance(value, list) else [value]
        texts = [_text(v) for v in values if isinstance(v, str | int | float)]
        upper = name.upper().replace("-", "_").replace(".", "_")
        for known in (name, f"OIDC-{name}", f"HTTP_OIDC_{upper}"):
            out[known] = texts

    for name, value in found.items():
        add(name, value)
    return out


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
