"""Multi-factor logins: which methods a user must combine, and the receipt for those already done
(API reference, "Authentication receipts")."""

from __future__ import annotations

import time
from typing import Any, cast

import jwt

from identity.core import Deps, times
from identity.core.login import Login
from identity.errors import AuthRefused, NeedsReceipt
from identity.store.types import Account

AUDIENCE = "altostratus-receipt"


def demand(deps: Deps, login: Login, receipt: str | None) -> None:
    """Return if the methods of `login`, with those of `receipt`, satisfy the user's rules.
    Raises NeedsReceipt with a new receipt if they do not, AuthRefused for a bad receipt."""
    account = login.account
    assert account is not None
    if receipt:
        for method in _open(deps, receipt, account):
            if method not in login.methods:
                login.methods.append(method)
    rules = _rules(account)
    if not rules or login.origin is not None:
        return
    if any(set(rule) <= set(login.methods) for rule in rules):
        return
    if not any(set(rule) & set(login.methods) for rule in rules):
        raise AuthRefused("no rule of the user has this method")
    raise NeedsReceipt(*_receipt(deps, login, rules))


def _rules(account: Account) -> list[list[str]]:
    if not account.options.get("multi_factor_auth_enabled"):
        return []
    known = {"password", "token", "totp", "application_credential", "oauth1", "openid"}
    rules = account.options.get("multi_factor_auth_rules") or []
    return [list(dict.fromkeys(rule)) for rule in rules if rule and set(rule) <= known]


def _receipt(deps: Deps, login: Login, rules: list[list[str]]) -> tuple[str, dict[str, Any]]:
    account = login.account
    assert account is not None
    now = time.time()
    ends = now + deps.config.token.receipt_expiration_s
    signer = deps.keys.signer
    receipt = jwt.encode(
        {"aud": AUDIENCE, "sub": account.user_id, "m": login.methods, "exp": int(ends)},
        cast(Any, deps.keys.private),
        algorithm="EdDSA",
        headers={"kid": signer.key_id},
    )
    body = {
        "receipt": {
            "methods": login.methods,
            "expires_at": times.iso(ends),
            "issued_at": times.iso(now),
            "user": {
                "id": account.user_id,
                "name": account.name,
                "domain": {"id": account.domain_id, "name": account.domain_name},
            },
        },
        "required_auth_methods": rules,
    }
    return receipt, body


def _open(deps: Deps, receipt: str, account: Account) -> list[str]:
    try:
        key = deps.keys.public[jwt.get_unverified_header(receipt)["kid"]]
        body = jwt.decode(receipt, cast(Any, key), algorithms=["EdDSA"], audience=AUDIENCE)
    except (jwt.PyJWTError, KeyError):
        raise AuthRefused("the receipt is not good") from None
    if body.get("sub") != account.user_id:
        raise AuthRefused("the receipt is another user's")
    return list(body["m"])
