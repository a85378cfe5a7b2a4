"""Web SSO: a browser logs in at an OpenID Connect provider and goes back to the dashboard it came
from with a token.

It is the authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636).
Nothing is kept here in between: what the end of a login must know of its beginning lies encrypted
in a cookie of the browser. So any process can serve the end, and whoever is sent a link to the end
of somebody else's login has no cookie that fits.

Source: Identity API v3 extensions, "Web Single Sign On authentication".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from common.context import Context
from identity.core import Deps, federated_login, federation, oidc
from identity.errors import AuthRefused, Invalid, NotAllowed, SsoRefused
from identity.store.models import IdentityProvider

LASTS_S = 600
"""Seconds that somebody has for the provider's login page."""
_PURPOSE = "websso"


@dataclass(frozen=True)
class Begun:
    "Where the browser goes, and the cookie that it takes along."

    url: str
    cookie: str
    value: str


def begin(deps: Deps, idp_id: str, protocol_id: str, origin: str, redirect_uri: str) -> Begun:
    """Begin a login for the dashboard at `origin`; the provider sends the browser to
    `redirect_uri`. Raises SsoRefused for an origin that is not trusted, NoSuch, NotAllowed,
    AuthRefused, oidc.ProviderUnreachable."""
    _trust(deps, origin)
    provider = federation.get_provider(deps, idp_id)
    federation.get_protocol(deps, idp_id, protocol_id)
    client = oidc.client_of(deps, idp_id)
    if client is None or not provider.remote_ids:
        raise NotAllowed(f"identity provider {idp_id} is not set up for logins by browser.")
    if not provider.enabled:
        raise AuthRefused("the identity provider is switched off")
    issuer = provider.remote_ids[0]
    endpoint = str(oidc.PROVIDERS.document(deps, issuer).get("authorization_endpoint") or "")
    if not oidc.is_safe(deps, endpoint):
        raise oidc.ProviderUnreachable(issuer=issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    kept = {
        "purpose": _PURPOSE,
        "ends": time.time() + LASTS_S,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "origin": origin,
        "idp": idp_id,
        "protocol": protocol_id,
        "issuer": issuer,
        "redirect_uri": redirect_uri,
    }
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": client.scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
    return Begun(url, cookie_of(state), deps.vault.encrypt(json.dumps(kept)))


def only_provider(deps: Deps, protocol_id: str) -> str:
    """The id of the one provider that a login by this protocol can mean. Raises Invalid if there
    are several, NotAllowed if there is none."""
    found: list[IdentityProvider] = []
    for idp_id in deps.config.federation.oidc_clients:
        provider = federation.find_provider(deps, idp_id, protocol_id)
        if provider is not None and provider.enabled:
            found.append(provider)
    if not found:
        raise NotAllowed(f"no identity provider is set up for logins by {protocol_id}.")
    if len(found) > 1:
        names = ", ".join(provider.id for provider in found)
        raise Invalid("protocol", f"several identity providers have it; name one of {names}.")
    return found[0].id


def cookie_of(state: str) -> str:
    "The name of the cookie of one login: several can be under way in one browser."
    return f"websso-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def finish(
    deps: Deps, ctx: Context, query: Mapping[str, str], cookies: Mapping[str, str]
) -> tuple[str, str]:
    """End a login: the origin and the token for it. `query` is what the provider sent along
    (`code` and `state`, or `error`). Raises SsoRefused, AuthRefused, NoSuch, NotAllowed,
    oidc.ProviderUnreachable."""
    kept = _kept(deps, query.get("state", ""), cookies)
    _trust(deps, kept["origin"])
    if query.get("error"):
        said = f"{query['error']} {query.get('error_description', '')}".strip()
        raise SsoRefused(f"the identity provider says: {said[:200]}")
    issuer = kept["issuer"]
    if query.get("iss", issuer) != issuer:
        # RFC 9207: the answer of another provider, mixed into this login
        raise SsoRefused("the answer is of another identity provider.")
    client = oidc.client_of(deps, kept["idp"])

    def vouch(provider: IdentityProvider) -> dict[str, Any]:
        if client is None or issuer not in provider.remote_ids:
            raise AuthRefused("the identity provider has changed since the login began")
        return oidc.redeem(
            deps,
            issuer,
            client,
            query.get("code", ""),
            nonce=kept["nonce"],
            code_verifier=kept["verifier"],
            redirect_uri=kept["redirect_uri"],
        )

    token, _ = federated_login.authenticate(deps, ctx, kept["idp"], kept["protocol"], vouch)
    return kept["origin"], token


def _kept(deps: Deps, state: str, cookies: Mapping[str, str]) -> dict[str, Any]:
    again = SsoRefused("it was not begun in this browser, or too long ago. Please begin again.")
    try:
        kept: dict[str, Any] = json.loads(deps.vault.decrypt(cookies.get(cookie_of(state), "")))
    except ValueError:
        raise again from None
    if kept.get("purpose") != _PURPOSE or kept["ends"] < time.time():
        raise again
    if not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise again
    return kept


def _trust(deps: Deps, origin: str) -> None:
    if origin not in deps.config.federation.trusted_dashboard:
        raise SsoRefused(f"{origin[:200] or 'nobody'} is not a trusted dashboard host.")
