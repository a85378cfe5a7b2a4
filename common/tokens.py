"""Tokens: signed by identity, verified by everybody, revoked by keys.

A token is a JWS (RFC 7515, compact) with algorithm EdDSA over Ed25519 (RFC 8037) whose header names
the key. It carries who, in which scope, with which roles; the catalog is not in it. Nothing secret
is needed to verify one.

Revocation needs no list of tokens. A token has a few *keys* (`audit:ID`, `user:ID`,
`grant:USER:SCOPE`, ...); a record (key, issued_before) refuses every token that has the key and was
issued at or before that time.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.errors import Unauthorized

AUDIENCE = "altostratus"


class InvalidToken(Unauthorized):
    "The token is not valid."


@dataclass(slots=True)
class Claims:
    "What a token says. Times are Unix seconds; `issued_at` keeps microseconds, for revocation."

    user_id: str
    issued_at: float
    expires_at: float
    audit_ids: list[str]
    """[its own id, the id of the first token of its chain]; one entry when it is the first."""
    methods: list[str] = field(default_factory=list)
    user_name: str = ""
    user_domain_id: str = ""
    user_domain_name: str = ""
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    is_domain: bool = False
    domain_id: str | None = None
    domain_name: str | None = None
    system: str | None = None
    roles: list[list[str]] = field(default_factory=list)
    """[[id, name], ...]"""
    trust: dict[str, Any] | None = None
    """{"id", "trustor", "trustee", "impersonation"}"""
    application_credential: dict[str, Any] | None = None
    """{"id", "name", "restricted", "access_rules": [{"service", "method", "path"}] or absent}"""
    oauth: dict[str, str] | None = None
    """{"token", "consumer"}: the OAuth 1 access token that it was got with"""
    password_expires_at: str | None = None
    federation: dict[str, Any] | None = None
    groups: list[str] | None = None
    thumbprint: str | None = None
    """RFC 8705 certificate binding of OAuth 2.0 tokens."""

    def revocation_keys(self) -> list[str]:
        "Every key under which this token may be revoked."
        scope = self.project_id or self.domain_id or ("system" if self.system else None)
        keys = [f"audit:{self.audit_ids[0]}", f"chain:{self.audit_ids[-1]}", f"user:{self.user_id}"]
        if self.user_domain_id:
            keys.append(f"domain:{self.user_domain_id}")
        if self.project_id:
            keys += [f"project:{self.project_id}", f"domain:{self.project_domain_id}"]
        if self.domain_id:
            keys.append(f"domain:{self.domain_id}")
        if scope:
            keys.append(f"grant:{self.user_id}:{scope}")
        if self.trust:
            keys += [
                f"trust:{self.trust['id']}",
                f"user:{self.trust['trustor']}",
                f"grant:{self.trust['trustor']}:{scope}",
            ]
        if self.application_credential:
            keys.append(f"appcred:{self.application_credential['id']}")
        if self.oauth:
            keys += [f"oauth:{self.oauth['token']}", f"consumer:{self.oauth['consumer']}"]
        return keys + [f"role:{role_id}" for role_id, _ in self.roles]


# Short names on the wire: a token travels in a header of every request.
_WIRE = {
    "user_id": "sub",
    "issued_at": "iat",
    "expires_at": "exp",
    "audit_ids": "aud_ids",
    "methods": "m",
    "user_name": "un",
    "user_domain_id": "ud",
    "user_domain_name": "udn",
    "project_id": "p",
    "project_name": "pn",
    "project_domain_id": "pd",
    "project_domain_name": "pdn",
    "is_domain": "isd",
    "domain_id": "d",
    "domain_name": "dn",
    "system": "sys",
    "roles": "r",
    "trust": "t",
    "application_credential": "ac",
    "oauth": "oa",
    "password_expires_at": "pe",
    "federation": "fed",
    "groups": "g",
    "thumbprint": "x5t",
}
_DEFAULTS: dict[str, Any] = {
    f.name: (None if f.default_factory is not list else [])
    if not isinstance(f.default, str | bool)
    else f.default
    for f in fields(Claims)
}


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


class Signer:
    "Makes tokens with one private key. Thread-safe."

    def __init__(self, key: Ed25519PrivateKey, key_id: str) -> None:
        self._key, self.key_id = key, key_id
        self._header = _b64(
            json.dumps(
                {"alg": "EdDSA", "kid": key_id, "typ": "JWT"}, separators=(",", ":")
            ).encode()
        )

    def sign(self, claims: Claims) -> str:
        "The token with these claims."
        body: dict[str, Any] = {"aud": AUDIENCE}
        for name, short in _WIRE.items():
            value = getattr(claims, name)
            if value != _DEFAULTS[name]:
                body[short] = value
        signed = self._header + b"." + _b64(orjson.dumps(body))
        return (signed + b"." + _b64(self._key.sign(signed))).decode()


class Verifier:
    """Checks signature, audience and expiry with public keys. `fetch()` returns a JWK set (RFC
    7517) and is asked for an unknown key id, at most once a second. Thread-safe."""

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Any]] | None = None,
        keys: Mapping[str, Ed25519PublicKey] | None = None,
    ) -> None:
        self._fetch = fetch
        self._keys: dict[str, Ed25519PublicKey] = dict(keys or {})
        self._fetched = 0.0
        self._lock = threading.Lock()

    def verify(self, token: str, *, allow_expired: bool = False) -> Claims:
        "The claims of `token`. Raises InvalidToken. Revocation is not looked at."
        try:
            head, payload, signature = token.encode("ascii").split(b".")
            header = json.loads(_unb64(head))
            if header.get("alg") != "EdDSA" or not isinstance(header.get("kid"), str):
                raise InvalidToken()
            self._key(header["kid"]).verify(_unb64(signature), head + b"." + payload)
            body = json.loads(_unb64(payload))
            if body.get("aud") != AUDIENCE:
                raise InvalidToken()
            claims = Claims(**{name: body[short] for name, short in _WIRE.items() if short in body})
        except (ValueError, TypeError, AttributeError, RecursionError, InvalidSignature):
            raise InvalidToken() from None
        if claims.expires_at <= time.time() and not allow_expired:
            raise InvalidToken()
        return claims

    def _key(self, key_id: str) -> Ed25519PublicKey:
        key = self._keys.get(key_id)
        if key is None and self._fetch is not None:
            with self._lock:
                if key_id not in self._keys and time.monotonic() - self._fetched > 1:
                    self._fetched = time.monotonic()
                    self._keys = parse_jwks(self._fetch())
            key = self._keys.get(key_id)
        if key is None:
            raise InvalidToken()
        return key


def jwks(keys: Mapping[str, Ed25519PublicKey]) -> dict[str, Any]:
    "The JWK set (RFC 7517, RFC 8037) of public keys by id."
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": kid,
                "x": _b64(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
            }
            for kid, key in keys.items()
        ]
    }


def parse_jwks(document: Mapping[str, Any]) -> dict[str, Ed25519PublicKey]:
    "Public keys by id from a JWK set; keys of other kinds are ignored."
    return {
        k["kid"]: Ed25519PublicKey.from_public_bytes(_unb64(k["x"].encode()))
        for k in document.get("keys", ())
        if k.get("kty") == "OKP" and k.get("crv") == "Ed25519"
    }


@dataclass(frozen=True, slots=True)
class Revocation:
    """One record: tokens with `key` issued at or before `issued_before` are refused; after
    `expires_at` none is left alive."""

    seq: int
    key: str
    issued_before: float
    expires_at: float


class Revocations:
    "What is revoked, in memory. Thread-safe for one writer and many readers."

    def __init__(self) -> None:
        self._before: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self.latest = 0

    def add(self, records: Iterable[Revocation | Mapping[str, Any]]) -> None:
        "Take in records, in any order, known ones too."
        with self._lock:
            for item in records:
                record = (
                    item
                    if isinstance(item, Revocation)
                    else Revocation(
                        item["seq"], item["key"], item["issued_before"], item["expires_at"]
                    )
                )
                before, expires = self._before.get(record.key, (0.0, 0.0))
                self._before[record.key] = (
                    max(before, record.issued_before),
                    max(expires, record.expires_at),
                )
                self.latest = max(self.latest, record.seq)
            if len(self._before) % 1024 == 0:
                self._forget()

    def _forget(self) -> None:
        now = time.time()
        for key in [k for k, (_, expires) in self._before.items() if expires < now]:
            del self._before[key]

    def revoked(self, claims: Claims) -> bool:
        "Whether a token with these claims is refused."
        if not self._before:
            return False
        for key in claims.revocation_keys():
            found = self._before.get(key)
            if found is not None and claims.issued_at <= found[0]:
                return True
        return False
