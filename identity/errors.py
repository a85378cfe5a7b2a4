"""Errors of identity. Words follow Keystone's where clients match on them.

Unauthorized ─ AccountLocked, PasswordExpired, UserDisabled, SsoRefused, NeedsReceipt
Forbidden ──── NotAllowed, Immutable, TrustUsed, LimitReached, DomainConfigRefused
NotFound ───── NoSuch (any resource, by kind and id), NoDomainConfig
Conflict ───── Duplicate, InUse
BadRequest ─── Invalid (field and reason), PasswordRefused
"""

import logging
from typing import Any

from common.errors import (
    BadRequest,
    Conflict,
    Error,
    Forbidden,
    NotFound,
    Unauthorized,
    Unavailable,
)

LOG = logging.getLogger(__name__)


class NoSuch(NotFound):
    "Could not find {what}: {id}."

    def __init__(self, what: str, id: object) -> None:
        super().__init__(what=what, id=id)


class Duplicate(Conflict):
    "Conflict occurred attempting to store {what} - {reason}."

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what=what, reason=reason)

    @classmethod
    def name(cls, what: str, name: object, domain_id: str | None = None) -> "Duplicate":
        "The name is taken."
        where = f" at domain ID {domain_id}" if domain_id else ""
        return cls(what, f"Duplicate entry found with name {name}{where}")


class InUse(Conflict):
    "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class Invalid(BadRequest):
    "Invalid input for field '{field}': {reason}"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field=field, reason=reason)


class NotAllowed(Forbidden):
    "You are not authorized to perform the requested action: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class Immutable(Forbidden):
    "Cannot modify immutable {what}: {id}; set its option immutable to false first."

    def __init__(self, what: str, id: str) -> None:
        super().__init__(what=what, id=id)


class LimitReached(Forbidden):
    "Unable to create additional {what}; the maximum of {limit} has been reached."

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(what=what, limit=limit)


class PasswordRefused(BadRequest):
    "Password validation error: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class PasswordExpired(Unauthorized):
    "The password is expired and needs to be changed for user: {user_id}."

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id=user_id)


class DomainConfigRefused(Forbidden):
    "Invalid domain specific configuration: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class NoDomainConfig(NotFound):
    "Could not find {what} in the configuration of domain {domain_id}."

    def __init__(self, what: str, domain_id: str) -> None:
        super().__init__(what=what, domain_id=domain_id)


class AuthRefused(Unauthorized):
    """The request you have made requires authentication."""

    def __init__(self, why: str = "") -> None:
        super().__init__()
        self.why = why  # for the log and the audit trail; the client learns nothing


class SsoRefused(Unauthorized):
    "The login did not succeed: {why}"

    def __init__(self, why: str) -> None:
        super().__init__(why=why)
        self.why = why


class NeedsReceipt(Unauthorized):
    "Additional authentications steps required."

    def __init__(self, receipt: str, body: dict[str, Any]) -> None:
        super().__init__(headers={"Openstack-Auth-Receipt": receipt})
        self.body = body


class DirectoryUnreachable(Unavailable):
    "The directory of the domain cannot be reached."

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why
        LOG.warning("a directory cannot be read: %s", why)


class Busy(Unavailable):
    "Too many logins are waiting; try again in a moment."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


__all__ = [
    "AuthRefused",
    "BadRequest",
    "Busy",
    "Conflict",
    "DirectoryUnreachable",
    "DomainConfigRefused",
    "Duplicate",
    "Error",
    "Forbidden",
    "Immutable",
    "InUse",
    "Invalid",
    "LimitReached",
    "NeedsReceipt",
    "NoDomainConfig",
    "NoSuch",
    "NotAllowed",
    "NotFound",
    "PasswordExpired",
    "PasswordRefused",
    "Unauthorized",
]
