"""Who is asking: the methods of a login (password, token, totp, application_credential,
oauth1) proven one by one.

All methods of one request must prove the same user. What a user's multi-factor rules want besides
is in `core.receipts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.tokens import Claims
from identity.core import Deps, directory, oauth1, passwords, times, tokens, totp
from identity.errors import AuthRefused, Invalid, NoSuch
from identity.store import Session, accounts, rows
from identity.store.models import (
    AccessRule,
    ApplicationCredential,
    ApplicationCredentialRole,
    ApplicationCredentialRule,
    OAuthToken,
)
from identity.store.types import Account

Identity = dict[str, Any]


@dataclass
class Login:
    "What the methods of a request have proven."

    account: Account | None = None
    methods: list[str] = field(default_factory=list)
    origin: Claims | None = None
    """The token that was shown, if one was: the new one ends no later and belongs to its chain."""
    credential: ApplicationCredential | None = None
    credential_roles: set[str] = field(default_factory=set)
    access_rules: list[dict[str, str]] | None = None
    oauth: OAuthToken | None = None
    federation: dict[str, Any] | None = None
    groups: list[str] | None = None
    expires_at: float | None = None
    thumbprint: str | None = None
    signed: oauth1.SignedRequest | None = None
    """The request itself, for what is proven by signing it."""

    def proven(self, account: Account, method: str) -> None:
        """Note that `method` proved `account`. Raises AuthRefused if another method proved
        another user."""
        if self.account is not None and self.account.user_id != account.user_id:
            raise AuthRefused("methods name different users")
        self.account = account
        if method not in self.methods:
            self.methods.append(method)


def prove(deps: Deps, identity: Identity, signed: oauth1.SignedRequest | None = None) -> Login:
    "Run the methods of a request. Raises AuthRefused, PasswordExpired, Invalid."
    login = Login(signed=signed)
    methods = identity["methods"]
    for method in dict.fromkeys(methods):
        prover = _METHODS.get(method)
        if prover is None:
            raise AuthRefused(f"no method {method}")
        if method not in identity:
            raise Invalid(f"auth.identity.{method}", "it is required by the methods.")
        prover(deps, login, identity[method])
    if login.account is None:
        raise AuthRefused("no method")
    refuse_disabled(login.account)
    return login


def refuse_disabled(account: Account) -> None:
    "Raise AuthRefused for a disabled user or domain."
    if not account.enabled:
        raise AuthRefused("the user is disabled")
    if not account.domain_enabled:
        raise AuthRefused("the domain of the user is disabled")


def _named(on: accounts.On, user: dict[str, Any], field_name: str) -> Account | None:
    if "id" in user:
        return accounts.by_id(on, user["id"])
    domain = user.get("domain") or {}
    if "name" not in user or not ("id" in domain or "name" in domain):
        raise Invalid(field_name, "it needs an id, or a name and a domain.")
    return accounts.by_name(
        on, user["name"], domain_id=domain.get("id"), domain_name=domain.get("name")
    )


def _password(deps: Deps, login: Login, given: dict[str, Any]) -> None:
    user = given["user"]
    account = _named(deps.db, user, "auth.identity.password.user")
    kept_in = directory.of_login(deps, user, account)
    if kept_in is not None:
        account = directory.check(deps, kept_in, user, account, user["password"])
    else:
        account = passwords.check(deps, account, user["password"])
    login.proven(account, "password")


def _totp(deps: Deps, login: Login, given: dict[str, Any]) -> None:
    user = given["user"]
    account = _named(deps.db, user, "auth.identity.totp.user")
    if account is None or not totp.matches(deps, account.user_id, user["passcode"]):
        raise AuthRefused("wrong passcode")
    login.proven(account, "totp")


def _token(deps: Deps, login: Login, given: dict[str, Any]) -> None:
    # A token that is not good is a 404 here, as clients know it, not a 401.
    claims = tokens.check(deps, given["id"])
    account = accounts.by_id(deps.db, claims.user_id)
    if account is None:
        raise AuthRefused("no such user")
    login.proven(account, "token")
    login.origin = claims
    login.federation, login.groups = claims.federation, claims.groups
    login.expires_at = claims.expires_at
    for method in claims.methods:
        if method not in login.methods:
            login.methods.append(method)


def _application_credential(deps: Deps, login: Login, given: dict[str, Any]) -> None:
    with deps.db.read() as session:
        credential = _find_credential(session, given)
        account = accounts.by_id(session, credential.user_id) if credential else None
        if credential is not None:
            login.credential_roles = {
                r.role_id
                for r in rows.every(
                    session, ApplicationCredentialRole, application_credential_id=credential.id
                )
            }
            login.access_rules = _rules(session, credential)
    hashed = credential.secret_hash if credential else None
    right = deps.hasher.verify(hashed, given["secret"], credential.id if credential else "")
    if not right or credential is None or account is None:
        raise AuthRefused("wrong application credential")
    if credential.expires_at is not None and credential.expires_at <= times.now():
        raise AuthRefused("the application credential has ended")
    login.credential = credential
    login.expires_at = credential.expires_at.timestamp() if credential.expires_at else None
    login.proven(account, "application_credential")


def _find_credential(session: Session, given: dict[str, Any]) -> ApplicationCredential | None:
    if "id" in given:
        try:
            return rows.get(session, ApplicationCredential, given["id"], "application credential")
        except NoSuch:
            return None
    if "name" not in given or "user" not in given:
        raise Invalid(
            "auth.identity.application_credential", "it needs an id, or a name and a user."
        )
    user = _named(session, given["user"], "auth.identity.application_credential.user")
    if user is None:
        return None
    return rows.find(session, ApplicationCredential, user_id=user.user_id, name=given["name"])


def _rules(session: Session, credential: ApplicationCredential) -> list[dict[str, str]] | None:
    if not credential.has_rules:
        return None
    links = rows.every(session, ApplicationCredentialRule, application_credential_id=credential.id)
    found = rows.every(session, AccessRule, id=[link.access_rule_id for link in links])
    return [{"service": r.service, "method": r.method, "path": r.path} for r in found]


def _oauth1(deps: Deps, login: Login, given: dict[str, Any]) -> None:
    if login.signed is None:
        raise AuthRefused("the request is not signed")
    account, login.oauth = oauth1.prove(deps, login.signed)
    ends = login.oauth.expires_at
    login.expires_at = ends.timestamp() if ends else None
    login.proven(account, "oauth1")


_METHODS = {
    "password": _password,
    "token": _token,
    "totp": _totp,
    "application_credential": _application_credential,
    "oauth1": _oauth1,
}
