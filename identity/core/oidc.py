"""OpenID Connect: what an identity provider says of somebody, once it is clear that it is that
provider's word, for us, and in its time.

Three ways lead to it: a signed token that a bearer shows (a JWT), an opaque one that the provider
is asked about (RFC 7662), and a code that a browser brings back from the provider's login page
(OpenID Connect Core 1.0, section 3.1). The provider's endpoints and keys are found by discovery
(OpenID Connect Discovery 1.0) and kept for minutes; only providers that an administrator has
entered are ever asked.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote_plus, urlsplit

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
_NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])
Found = dict[str, Any]


class ProviderUnreachable(Unavailable):
    "The identity provider {issuer} cannot be reached."


@dataclass(frozen=True)
class Client:
    "What this cloud is at an identity provider: section [oidc_ID] of the configuration."

    id: str
    secret: str
    scopes: str


def client_of(deps: Deps, idp_id: str) -> Client | None:
    "The client for an identity provider, if there is one."
    if idp_id not in deps.config.federation.oidc_clients:
        return None
    section = deps.config[f"oidc_{idp_id}"]
    return Client(section.client_id, section.client_secret or "", " ".join(section.scopes))


@dataclass(frozen=True)
class _Provider:
    read_at: float = -1e9
    document: Found | None = None
    keys: dict[str | None, Any] | None = None


class Providers:
    "Endpoints and keys of identity providers, as far as they were needed; thread-safe."

    def __init__(self) -> None:
        self._known: dict[str, _Provider] = {}
        # one for each: a provider that does not answer holds up nobody else's users
        self._locks: dict[str, threading.Lock] = {}

    def document(self, deps: Deps, issuer: str) -> Found:
        "What the provider says of itself. Raises ProviderUnreachable."
        return self._get(deps, issuer, None).document or {}

    def key(self, deps: Deps, issuer: str, key_id: str | None) -> Any:
        "The key that a token names. Raises AuthRefused, ProviderUnreachable."
        keys = self._get(deps, issuer, key_id).keys or {}
        if key_id is None and len(keys) == 1:
            return next(iter(keys.values()))
        if key_id not in keys:
            raise AuthRefused("the token is signed with a key that the provider does not have")
        return keys[key_id]

    def _get(self, deps: Deps, issuer: str, key_id: str | None) -> _Provider:
        with self._locks.setdefault(issuer, threading.Lock()):
            known = self._known.get(issuer, _Provider())
            age = time.monotonic() - known.read_at
            is_strange = key_id is not None and key_id not in (known.keys or {})
            # a key that is not known may be new; but nobody makes us ask all the time
            if age > _KEPT_S or (is_strange and age > _AGAIN_S):
                document, keys = _read(deps, issuer)
                known = self._known[issuer] = _Provider(time.monotonic(), document, keys)
        return known


PROVIDERS = Providers()


def _read(deps: Deps, issuer: str) -> tuple[Found, dict[str | None, Any]]:
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        document = _ask(deps, issuer, "GET", url).json()
        if document["issuer"] != issuer:
            raise ValueError(f"the document of {issuer} is that of {document['issuer']}")
        answer = _ask(deps, issuer, "GET", document["jwks_uri"])
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        LOG.warning("identity provider %s: %s", issuer, error)
        raise ProviderUnreachable(issuer=issuer) from error
    return document, {key.key_id: key for key in keys if key.public_key_use in (None, "sig")}


def is_safe(deps: Deps, url: str) -> bool:
    "Whether tokens and secrets may go there: https, this host, or as the operator allows."
    where = urlsplit(url)
    if where.scheme == "https" or deps.config.federation.oidc_insecure_http:
        return True
    return where.hostname in ("127.0.0.1", "::1", "localhost")


def _ask(deps: Deps, issuer: str, method: str, url: str, **more: Any) -> Any:
    "An answer of the provider. Raises ProviderUnreachable when there is none, or one of 5xx."
    import requests

    if not is_safe(deps, url):
        LOG.warning("identity provider %s: [federation] oidc_insecure_http is off", issuer)
        raise ProviderUnreachable(issuer=issuer)
    if deps.http is None:
        deps.http = requests.Session()
        deps.http.cookies.set_policy(_NO_COOKIES)
    try:
        answer = deps.http.request(method, url, timeout=_TIMEOUT_S, allow_redirects=False, **more)
    except OSError as error:
        LOG.warning("identity provider %s: %s", issuer, error)
        raise ProviderUnreachable(issuer=issuer) from error
    if answer.status_code >= 500:
        LOG.warning("identity provider %s: %s answered %d", issuer, url, answer.status_code)
        raise ProviderUnreachable(issuer=issuer)
    return answer


def _ask_as_client(
    deps: Deps, issuer: str, kind: str, client: Client, form: dict[str, str]
) -> Found:
    """The JSON of the provider's `kind` endpoint (token, introspection), asked as its client (RFC
    6749, section 2.3.1). Raises AuthRefused, ProviderUnreachable."""
    document = PROVIDERS.document(deps, issuer)
    url = document.get(f"{kind}_endpoint")
    if not isinstance(url, str):
        raise AuthRefused(f"the identity provider has no {kind} endpoint")
    ways = document.get(f"{kind}_endpoint_auth_methods_supported") or ["client_secret_basic"]
    auth = None
    if not client.secret:
        form = {**form, "client_id": client.id}
    elif "client_secret_basic" in ways:
        auth = (quote_plus(client.id), quote_plus(client.secret))
    else:
        form = {**form, "client_id": client.id, "client_secret": client.secret}
    answer = _ask(
        deps, issuer, "POST", url, data=form, auth=auth, headers={"Accept": "application/json"}
    )
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AuthRefused(f"the {kind} endpoint of the identity provider did not answer in JSON")
    if answer.status_code != 200:
        said = str(found.get("error"))[:100]
        raise AuthRefused(f"the {kind} endpoint of the identity provider refused: {said}")
    return found


def claims(deps: Deps, token: str, idp_id: str, issuers: Sequence[str]) -> Found:
    "What a bearer's token says. Raises AuthRefused, ProviderUnreachable."
    if not token:
        raise AuthRefused("there is no bearer token")
    if len(token) > _LONGEST:
        raise AuthRefused("the token is too long")
    client = client_of(deps, idp_id)
    if client is not None and not _is_signed(token):
        return _introspected(deps, token, client, issuers)
    return _signed(deps, token, issuers, list(deps.config.federation.oidc_audiences))


def _is_signed(token: str) -> bool:
    try:
        jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        return False
    return True


def _signed(deps: Deps, token: str, issuers: Sequence[str], audiences: list[str]) -> Found:
    try:
        header = jwt.get_unverified_header(token)
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if not isinstance(issuer, str) or issuer not in issuers:
            raise AuthRefused("the token is of an issuer that the identity provider is not")
        key = PROVIDERS.key(deps, issuer, header.get("kid"))
        found: Found = jwt.decode(
            token,
            key.key,
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=audiences,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        # the library tells of a key that does not fit the algorithm by a TypeError
        raise AuthRefused(f"the token is not good: {error}") from None
    return found


def _introspected(deps: Deps, token: str, client: Client, issuers: Sequence[str]) -> Found:
    """What the provider says of a token that says nothing itself (RFC 7662). It must name us, as
    its audience or as the client that got it: one that was made for another application is not a
    login here."""
    for issuer in issuers:
        if "introspection_endpoint" not in PROVIDERS.document(deps, issuer):
            continue
        form = {"token": token, "token_type_hint": "access_token"}
        found = _ask_as_client(deps, issuer, "introspection", client, form)
        if found.get("active") is not True:
            continue
        if found.get("iss", issuer) != issuer:
            raise AuthRefused("the token is of an issuer that the identity provider is not")
        audience = found.get("aud") or []
        audience = {audience} if isinstance(audience, str) else set(audience)
        ours = {client.id, *deps.config.federation.oidc_audiences}
        if not audience & ours and found.get("client_id") != client.id:
            raise AuthRefused("the token is for somebody else")
        ends = found.get("exp")
        if not isinstance(ends, int | float) or ends <= time.time():
            raise AuthRefused("the token has no end, or has ended")
        if not isinstance(found.get("sub"), str):
            raise AuthRefused("the token is nobody's")
        return {**found, "iss": issuer}
    raise AuthRefused("the identity provider knows no such token")


def redeem(deps: Deps, issuer: str, client: Client, code: str, *, nonce: str, **form: str) -> Found:
    """What the provider says of whoever brought `code` from its login page: the claims of the ID
    token, and those of the UserInfo endpoint that it leaves out. `form` goes to the token endpoint
    with the code (redirect_uri, code_verifier). Raises AuthRefused, ProviderUnreachable."""
    form = {"grant_type": "authorization_code", "code": code, **form}
    answer = _ask_as_client(deps, issuer, "token", client, form)
    found = _signed(deps, str(answer.get("id_token")), [issuer], [client.id])
    if not hmac.compare_digest(str(found.get("nonce")).encode(), nonce.encode()):
        raise AuthRefused("the ID token is of another login")
    if found.get("azp", client.id) != client.id:
        raise AuthRefused("the ID token was made for another client")
    access = answer.get("access_token")
    return {**_user_info(deps, issuer, access, found["sub"]), **found}


def _user_info(deps: Deps, issuer: str, access: Any, subject: str) -> Found:
    url = PROVIDERS.document(deps, issuer).get("userinfo_endpoint")
    if not isinstance(url, str) or not isinstance(access, str):
        return {}
    answer = _ask(deps, issuer, "GET", url, auth=_Bearer(access))
    is_json = "application/json" in answer.headers.get("Content-Type", "")
    try:
        found = answer.json() if answer.status_code == 200 and is_json else {}
    except ValueError:
        found = {}
    if found and (not isinstance(found, dict) or found.get("sub") != subject):
        # Core 1.0, section 5.3.2: another subject's claims must not be used
        raise AuthRefused("the UserInfo endpoint told of another user")
    return dict(found)


class _Bearer:
    "Puts the token into the request itself, so that no .netrc takes its place."

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def assertion(found: Found) -> dict[str, list[str]]:
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
