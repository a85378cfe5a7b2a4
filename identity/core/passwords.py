"""Passwords: whether one is right, and the rules of security compliance (administrator guide,
"Security compliance and PCI-DSS").

An unknown user, a user without a password and a locked one take as long to be refused as a wrong
password does.
"""

from __future__ import annotations

import datetime
import re

from identity.core import Deps, directory, revocation, times
from identity.errors import AuthRefused, Invalid, NotAllowed, PasswordExpired, PasswordRefused
from identity.store import Session, accounts, rows
from identity.store import people as people_store
from identity.store.models import Password, User
from identity.store.types import Account


def check(deps: Deps, account: Account | None, password: str) -> Account:
    """The account, if `password` is its password and may be used now. Raises AuthRefused, and
    PasswordExpired when the password is right."""
    right = deps.hasher.verify(
        account.password_hash if account else None, password, account.user_id if account else ""
    )
    if account is None:
        raise AuthRefused("no such user")
    if _locked(deps, account):
        raise AuthRefused("the user is locked")
    if not right:
        _failed(deps, account)
        raise AuthRefused("wrong password")
    _succeeded(deps, account)
    if _inactive(deps, account):
        raise AuthRefused("the user was inactive for too long")
    expires = account.password_expires_at
    if (
        expires is not None
        and expires <= times.now()
        and not account.options.get("ignore_password_expiry")
    ):
        raise PasswordExpired(account.user_id)
    _rehash(deps, account, password)
    return account


def _locked(deps: Deps, account: Account) -> bool:
    rules = deps.config.security_compliance
    if not rules.lockout_failure_attempts or account.options.get("ignore_lockout_failure_attempts"):
        return False
    if account.failed_count < rules.lockout_failure_attempts or account.failed_at is None:
        return False
    until = account.failed_at + datetime.timedelta(seconds=rules.lockout_duration_s)
    if until > times.now():
        return True
    with deps.db.write() as session:  # the lock has run out: count anew
        accounts.note_success(session, account.user_id, times.now(), active=False)
    account.failed_count = 0
    return False


def _failed(deps: Deps, account: Account) -> None:
    if (
        deps.config.security_compliance.lockout_failure_attempts
        and account.password_hash is not None
    ):
        with deps.db.write() as session:
            accounts.note_failure(session, account.user_id, times.now())


def _succeeded(deps: Deps, account: Account) -> None:
    days = deps.config.security_compliance.disable_user_account_days_inactive
    today = times.now()
    active = (
        days > 0
        and not _inactive(deps, account)
        and (account.last_active_at is None or account.last_active_at.date() != today.date())
    )
    if account.failed_count or active:
        with deps.db.write() as session:
            accounts.note_success(session, account.user_id, today, active=active)


def _inactive(deps: Deps, account: Account) -> bool:
    days = deps.config.security_compliance.disable_user_account_days_inactive
    if not days or account.options.get("ignore_user_inactivity"):
        return False
    last = account.last_active_at or account.created_at
    return times.now() - last > datetime.timedelta(days=days)


def _rehash(deps: Deps, account: Account, password: str) -> None:
    # Parameters were raised since: this is the moment when the password is known.
    if (
        account.password_hash
        and account.password_id
        and deps.hasher.outdated(account.password_hash)
    ):
        hashed = deps.hasher.hash(password)
        with deps.db.write() as session:
            rows.get(session, Password, account.password_id, "password").hash = hashed


def refuse_weak(deps: Deps, password: str) -> None:
    "Raise PasswordRefused for one that is too long or does not match the regular expression."
    if len(password) > deps.config.password.max_length:
        raise Invalid(
            "password", f"it is longer than {deps.config.password.max_length} characters."
        )
    rules = deps.config.security_compliance
    if rules.password_regex and not re.search(rules.password_regex, password):
        raise PasswordRefused(
            f"The password does not match the requirements: "
            f"{rules.password_regex_description or rules.password_regex}."
        )


def refuse_repeated(deps: Deps, session: Session, user_id: str, password: str) -> None:
    "Raise PasswordRefused for one of the last passwords."
    wanted = deps.config.security_compliance.unique_last_password_count
    if wanted <= 1:
        return
    for old in people_store.passwords(session, user_id, wanted):
        if deps.hasher.verify(old.hash, password):
            raise PasswordRefused(
                f"The new password cannot be identical to a previous password. The total number "
                f"which includes the new "
                f"password must be unique is {wanted}."
            )


def store(deps: Deps, session: Session, user: User, hashed: str, *, self_service: bool) -> None:
    "Make the password with this hash the user's, and forget those that no rule needs."
    rules = deps.config.security_compliance
    created = times.now()
    expires = None
    if rules.password_expires_days and not user.options.get("ignore_password_expiry"):
        expires = created + datetime.timedelta(days=rules.password_expires_days)
    if (
        rules.change_password_upon_first_use
        and not self_service
        and not user.options.get("ignore_change_password_upon_first_use")
    ):
        expires = created
    rows.add(
        session,
        Password(
            user_id=user.id,
            hash=hashed,
            created_at=created,
            expires_at=expires,
            self_service=self_service,
        ),
    )
    people_store.forget_passwords(session, user.id, max(1, rules.unique_last_password_count))


def change(deps: Deps, user_id: str, original: str, new: str) -> None:
    """A user's own change: the old password is the proof, so no token is needed and an expired
    one does. Raises AuthRefused, PasswordRefused, NotAllowed."""
    with deps.db.read() as session:
        account = accounts.by_id(session, user_id)
    if account is not None and directory.of_login(deps, {}, account) is not None:
        raise NotAllowed("the password is kept in a directory, which is only read.")
    try:
        account = check(deps, account, original)
    except PasswordExpired:
        assert account is not None
    if not (account.enabled and account.domain_enabled):
        raise AuthRefused("the user is disabled")
    refuse_weak(deps, new)
    _refuse_early(deps, account)
    hashed = deps.hasher.hash(new)
    with deps.db.read() as session:
        refuse_repeated(deps, session, user_id, new)
    with deps.db.write() as session:
        user = rows.get(session, User, user_id, "user")
        if user.options.get("lock_password"):
            raise PasswordRefused("the password of this user is locked.")
        store(deps, session, user, hashed, self_service=True)
        revocation.revoke(deps, session, f"user:{user_id}")


def _refuse_early(deps: Deps, account: Account) -> None:
    days = deps.config.security_compliance.minimum_password_age_days
    if not days or not account.password_self_service or account.password_created_at is None:
        return  # one that an administrator gave may be changed at once
    allowed = account.password_created_at + datetime.timedelta(days=days)
    if allowed > times.now():
        left = (allowed - times.now()).days + 1
        raise PasswordRefused(
            f"Cannot change password before the minimum age of {days} days is met; {left} days "
            f"left."
        )
