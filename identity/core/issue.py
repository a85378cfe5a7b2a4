"A login and a scope become a token."

from __future__ import annotations

import time
from typing import Any

from common.context import Context
from common.tokens import Claims
from identity.core import Deps, audit, oauth1, receipts, scopes, times, tokens
from identity.core import login as logins
from identity.core.login import Login
from identity.core.scopes import Place
from identity.errors import AuthRefused, NeedsReceipt, NoSuch, Unauthorized
from identity.store import trusts as trust_store
from identity.store.types import Account


def authenticate(
    deps: Deps,
    ctx: Context,
    auth: dict[str, Any],
    receipt: str | None = None,
    signed: oauth1.SignedRequest | None = None,
) -> tuple[str, Claims]:
    """The token for the body of POST /v3/auth/tokens, and its claims; `signed` is the request
    itself, for what is proven by signing it.

    Raises AuthRefused, PasswordExpired, NeedsReceipt (another factor is wanted), Invalid,
    NotAllowed.
    """
    started = time.time()  # a revocation from now on refuses what we read before it
    try:
        login = logins.prove(deps, auth["identity"], signed)
        receipts.demand(deps, login, receipt)
        place = scopes.resolve(deps, login, auth.get("scope"))
    except NeedsReceipt:
        raise
    except Unauthorized as error:
        audit.login(deps, ctx, _claimed(auth), failed=getattr(error, "why", error.message))
        raise
    except NoSuch:
        raise AuthRefused("something named does not exist") from None
    token, claims = grant(deps, login, place, started)
    audit.login(deps, ctx, claims.user_id)
    return token, claims


def _claimed(auth: dict[str, Any]) -> str:
    user = (auth["identity"].get("password") or auth["identity"].get("totp") or {}).get(
        "user"
    ) or {}
    return str(user.get("id") or "unknown")


def grant(deps: Deps, login: Login, place: Place, started: float) -> tuple[str, Claims]:
    "Sign a token for what was proven and resolved."
    if place.trust is not None and place.trust.remaining_uses is not None:
        with deps.db.write() as session:
            if not trust_store.use(session, place.trust.id):
                raise AuthRefused("the trust is used up")
    account = place.account or login.account
    assert account is not None
    claims = Claims(
        user_id=account.user_id,
        issued_at=started,
        expires_at=_end(deps, login, place, started),
        audit_ids=_chain(login),
        methods=login.methods,
        user_name=account.name,
        user_domain_id=account.domain_id,
        user_domain_name=account.domain_name,
        roles=place.roles,
        password_expires_at=times.iso(_password_end(account)),
        federation=login.federation,
        groups=login.groups,
        thumbprint=login.thumbprint,
    )
    _put_scope(claims, place)
    if place.trust is not None:
        claims.trust = {
            "id": place.trust.id,
            "trustor": place.trust.trustor_user_id,
            "trustee": place.trust.trustee_user_id,
            "impersonation": place.trust.impersonation,
        }
    if login.credential is not None:
        claims.application_credential = {
            "id": login.credential.id,
            "name": login.credential.name,
            "restricted": not login.credential.unrestricted,
        }
        if login.access_rules is not None:
            claims.application_credential["access_rules"] = login.access_rules
    if login.oauth is not None:
        claims.oauth = {"token": login.oauth.id, "consumer": login.oauth.consumer_id}
    return tokens.sign(deps, claims), claims


def _password_end(account: Account) -> Any:
    return None if account.options.get("ignore_password_expiry") else account.password_expires_at


def _end(deps: Deps, login: Login, place: Place, started: float) -> float:
    ends = [started + deps.config.token.expiration_s]
    if login.expires_at is not None:
        ends.append(login.expires_at)
    if place.trust is not None and place.trust.expires_at is not None:
        ends.append(place.trust.expires_at.timestamp())
    return min(ends)


def _chain(login: Login) -> list[str]:
    own = tokens.new_audit_id()
    return [own, login.origin.audit_ids[-1]] if login.origin is not None else [own]


def _put_scope(claims: Claims, place: Place) -> None:
    target = place.target
    if place.system:
        claims.system = "all"
    elif target is None:
        return
    elif target.is_domain and place.trust is None and not place.target_as_project:
        claims.domain_id, claims.domain_name = target.id, target.name
    else:
        claims.project_id, claims.project_name = target.id, target.name
        claims.project_domain_id, claims.project_domain_name = target.domain_id, target.domain_name
        claims.is_domain = target.is_domain
