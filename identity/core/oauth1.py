"""OAuth 1.0a (OS-OAUTH1): a user lets a program, the consumer, act with some of their roles in a
project, without telling it a password.

The consumer gets a request token, the user authorizes it and learns a verifier, with that the
consumer gets an access token, and with that tokens of identity. Each step of the consumer is signed
(RFC 5849); oauthlib checks the form, the times and the signatures.

Source: Identity API v3 extensions, "OS-OAUTH1".
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass
from typing import Any

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, revocation, times
from identity.errors import AuthRefused, Invalid, NoSuch, NotAllowed
from identity.store import Session, accounts, rows
from identity.store import oauth1 as store
from identity.store.models import Consumer, OAuthNonce, OAuthToken, Project, Role
from identity.store.types import Account

OUT_OF_BAND = "oob"
CLOCKS_DIFFER_S = 600
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class SignedRequest:
    "A request as a consumer may have signed it; its address as seen here and as seen outside."

    urls: tuple[str, ...]
    method: str
    headers: dict[str, str]
    body: str


# Consumers


def list_consumers(deps: Deps) -> list[Consumer]:
    "All consumers."
    with deps.db.read() as session:
        return sorted(rows.every(session, Consumer), key=lambda row: row.id)


def get_consumer(deps: Deps, consumer_id: str) -> Consumer:
    "A consumer. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, Consumer, consumer_id, "consumer")


def create_consumer(deps: Deps, ctx: Context, given: dict[str, Any]) -> tuple[Consumer, str]:
    "A new consumer, and its secret, which nobody can read later."
    secret = secrets.token_hex(32)
    row = Consumer(
        id=new_hex(), description=given.get("description"), secret=deps.vault.encrypt(secret)
    )
    with deps.db.write() as session:
        rows.add(session, row)
    audit.changed(deps, ctx, "consumer", "created", row.id)
    return row, secret


def update_consumer(deps: Deps, ctx: Context, consumer_id: str, given: dict[str, Any]) -> Consumer:
    "Another description; nothing else of a consumer changes. Raises NoSuch, Invalid."
    if "secret" in given or given.get("id", consumer_id) != consumer_id:
        raise Invalid("consumer", "id and secret cannot be changed.")
    with deps.db.write() as session:
        row = rows.get(session, Consumer, consumer_id, "consumer")
        if "description" in given:
            row.description = given["description"]
    audit.changed(deps, ctx, "consumer", "updated", consumer_id)
    return row


def delete_consumer(deps: Deps, ctx: Context, consumer_id: str) -> None:
    "Forget a consumer; what it was allowed ends. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, Consumer, consumer_id, "consumer"))
        revocation.revoke(deps, session, f"consumer:{consumer_id}")
    audit.changed(deps, ctx, "consumer", "deleted", consumer_id)


# What a consumer asks for


@dataclass(frozen=True)
class Issued:
    "A new request or access token, as the consumer is told."

    id: str
    secret: str
    expires_at: datetime.datetime | None


def request_token(deps: Deps, ctx: Context, signed: SignedRequest, project_id: str) -> Issued:
    "A token that a user can authorize, for a project. Raises AuthRefused, Invalid, NoSuch."
    asked = _verified(deps, signed)
    if asked.redirect_uri != OUT_OF_BAND:
        raise Invalid("oauth_callback", f"it must be {OUT_OF_BAND!r}.")
    with deps.db.write() as session:
        _serve_once(session, asked)
        project = session.get(Project, project_id)
        if project is None or project.is_domain:
            raise NoSuch("project", project_id)
        made = _issue(deps, session, "request", asked.client_key, project_id)
    audit.changed(deps, ctx, "request_token", "created", made.id)
    return made


def authorize(deps: Deps, ctx: Context, token_id: str, named: list[dict[str, str]]) -> str:
    """The caller lets the consumer of a request token have these of their roles in its project;
    returns the verifier that the consumer needs. Raises NoSuch, NotAllowed for a role that the
    caller does not have and for a caller who acts for somebody else."""
    if ctx.trust_id or ctx.application_credential_id or ctx.oauth_token_id:
        raise NotAllowed("what was delegated cannot be passed on with OAuth.")
    with deps.db.write() as session:
        token = store.living(session, "request", token_id)
        if token is None:
            raise NoSuch("request token", token_id)
        place = accounts.place(session, str(ctx.user_id), target_id=token.project_id)
        has = dict(deps.memory.expand(place[1], place[0].domain_id)) if place else {}
        by_name = {name: role_id for role_id, name in has.items()}
        chosen = []
        for role in named:
            role_id = role.get("id") or by_name.get(role.get("name", ""))
            if role_id not in has:
                raise NotAllowed("the caller lacks one of the roles in the token's project.")
            chosen.append(role_id)
        token.user_id = str(ctx.user_id)
        token.role_ids = list(dict.fromkeys(chosen))
        token.verifier = "".join(secrets.choice(_LETTERS) for _ in range(16))
    audit.changed(deps, ctx, "request_token", "updated", token_id)
    return token.verifier


def access_token(deps: Deps, ctx: Context, signed: SignedRequest) -> Issued:
    "An access token for an authorized request token, which is used up. Raises AuthRefused."
    asked = _verified(deps, signed, "request")
    with deps.db.write() as session:
        _serve_once(session, asked)
        granted = store.living(session, "request", asked.resource_owner_key, lock=True)
        if (
            granted is None
            or not granted.verifier
            or not secrets.compare_digest(granted.verifier, asked.verifier or "")
        ):
            raise AuthRefused("the request token is not authorized, or the verifier is wrong")
        made = _issue(
            deps,
            session,
            "access",
            granted.consumer_id,
            granted.project_id,
            user_id=granted.user_id,
            role_ids=granted.role_ids,
        )
        session.delete(granted)
    audit.changed(deps, ctx, "access_token", "created", made.id)
    return made


def prove(deps: Deps, signed: SignedRequest) -> tuple[Account, OAuthToken]:
    "Who authorized the access token that a request is signed with, and that. Raises AuthRefused."
    asked = _verified(deps, signed, "access")
    with deps.db.write() as session:
        _serve_once(session, asked)
        token = store.living(session, "access", asked.resource_owner_key)
        account = accounts.by_id(session, token.user_id) if token else None
    if token is None or account is None:
        raise AuthRefused("the access token has ended")
    return account, token


def _issue(
    deps: Deps, session: Session, kind: str, consumer_id: str, project_id: str, **granted: Any
) -> Issued:
    seconds = getattr(deps.config.oauth1, f"{kind}_token_duration_s")
    expires = times.now() + datetime.timedelta(seconds=seconds) if seconds else None
    secret = secrets.token_hex(32)
    row = OAuthToken(
        id=new_hex(),
        kind=kind,
        secret=deps.vault.encrypt(secret),
        consumer_id=consumer_id,
        project_id=project_id,
        expires_at=expires,
        **{"user_id": "", "verifier": "", "role_ids": [], **granted},
    )
    rows.add(session, row)
    store.forget_ended(session)
    return Issued(row.id, secret, expires)


# What users allowed


def list_tokens(deps: Deps, user_id: str) -> list[OAuthToken]:
    "The access tokens that a user authorized."
    with deps.db.read() as session:
        return store.of_user(session, user_id)


def get_token(deps: Deps, user_id: str, token_id: str) -> OAuthToken:
    "One of them. Raises NoSuch."
    with deps.db.read() as session:
        return _of_user(session, user_id, token_id)


def roles(deps: Deps, user_id: str, token_id: str) -> list[Role]:
    "The roles that an access token gives. Raises NoSuch."
    with deps.db.read() as session:
        token = _of_user(session, user_id, token_id)
        return sorted(rows.every(session, Role, id=token.role_ids), key=lambda role: role.name)


def delete_token(deps: Deps, ctx: Context, user_id: str, token_id: str) -> None:
    "End an access token, and the tokens that were got with it. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(_of_user(session, user_id, token_id))
        revocation.revoke(deps, session, f"oauth:{token_id}")
    audit.changed(deps, ctx, "access_token", "deleted", token_id)


def _of_user(session: Session, user_id: str, token_id: str) -> OAuthToken:
    token = store.living(session, "access", token_id)
    if token is None or token.user_id != user_id:
        raise NoSuch("access token", token_id)
    return token


# Signatures


class _Validator(RequestValidator):
    """What oauthlib asks about a request that may be signed. A dummy consumer and a dummy token
    stand in for what is not there, so that all requests take the same steps."""

    enforce_ssl = False  # TLS ends before us
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")
    timestamp_lifetime = CLOCKS_DIFFER_S
    client_key_length = access_token_length = (32, 32)
    nonce_length = (8, 64)
    dummy_client = "0" * 32

    def __init__(self, deps: Deps, session: Session, kind: str | None) -> None:
        super().__init__()
        self._session, self._kind, self._decrypt = session, kind, deps.vault.decrypt

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: Any,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        seen = (client_key, nonce, int(timestamp))
        return self._session.get(OAuthNonce, seen) is None

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return self._session.get(Consumer, client_key) is not None

    def get_client_secret(self, client_key: str, request: Any) -> str:
        consumer = self._session.get(Consumer, client_key)
        return self._decrypt(consumer.secret) if consumer else secrets.token_hex(32)

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        row = store.living(self._session, self._kind, token) if self._kind else None
        if row is None or row.consumer_id != client_key:
            return secrets.token_hex(32)
        return self._decrypt(row.secret)


def _verified(deps: Deps, signed: SignedRequest, kind: str | None = None) -> Any:
    """oauthlib's view of a request, if a consumer signed it, with the secret of its token of
    `kind` where there must be one. Raises AuthRefused."""
    with deps.db.read() as session:
        endpoint = SignatureOnlyEndpoint(_Validator(deps, session, kind))
        for url in signed.urls:  # a proxy may have changed what the consumer has signed
            try:
                right, request = endpoint.validate_request(
                    url, signed.method, signed.body, signed.headers
                )
            except ValueError:  # what cannot be read
                break
            if right and bool(request.resource_owner_key) == bool(kind):
                return request
    raise AuthRefused("the request is not signed by a consumer, or was served before")


def _serve_once(session: Session, request: Any) -> None:
    served = OAuthNonce(
        consumer_id=request.client_key, nonce=request.nonce, timestamp=int(request.timestamp)
    )
    rows.add(session, served, lambda: AuthRefused("the request was served before"))
    store.forget_nonces(session, CLOCKS_DIFFER_S * 2)
