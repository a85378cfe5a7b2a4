"""Who asks, and what they may do: one `Context` for each request, made from a verified token."""

from __future__ import annotations

import contextvars
import copy
import datetime
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import Forbidden

if TYPE_CHECKING:
    from common.policy import Enforcer

request_id_var: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
"""The id of the request being served, for log lines; a thread that works for one sets it too."""


def new_request_id() -> str:
    """`req-` and a UUID's worth of randomness, as every OpenStack service prints it. It tells
    requests apart and guards nothing, so it costs no call to the kernel."""
    h = f"{random.getrandbits(128):032x}"
    return f"req-{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def this_request_id() -> str:
    "The id of the request being served, or a new one where none is."
    known = request_id_var.get()
    return known if known != "-" else new_request_id()


class PolicyDenied(Forbidden):
    "Policy doesn't allow {rule} to be performed."


@dataclass(slots=True)
class Context:
    """The caller of one request. All ids are strings; what a scope lacks is None. Immutable by
    convention."""

    user_id: str | None = None
    user_name: str | None = None
    user_domain_id: str | None = None
    user_domain_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None
    system: str | None = None
    """"all" for a system-scoped token."""
    roles: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    audit_ids: tuple[str, ...] = ()
    issued_at: float = 0.0
    expires_at: datetime.datetime | None = None
    token: str | None = field(default=None, repr=False)
    trust_id: str | None = None
    trustor_id: str | None = None
    trustee_id: str | None = None
    application_credential_id: str | None = None
    application_credential_restricted: bool = True
    oauth_token_id: str | None = None
    service_user_id: str | None = None
    service_project_id: str | None = None
    service_roles: tuple[str, ...] = ()
    request_id: str = field(default_factory=this_request_id)
    global_request_id: str | None = None
    remote_addr: str | None = None
    enforcer: Enforcer | None = field(default=None, repr=False)
    enforced: bool = False
    """Whether a policy rule was looked at for this request; the HTTP layer insists on it."""

    @property
    def is_admin(self) -> bool:
        "Whether the caller has the role admin (in whatever scope the token has)."
        return "admin" in self.roles

    def values(self) -> dict[str, Any]:
        "The credentials that policy rules match against."
        return {
            "user_id": self.user_id,
            "user_domain_id": self.user_domain_id,
            "project_id": self.project_id,
            "tenant_id": self.project_id,
            "project_domain_id": self.project_domain_id,
            "domain_id": self.domain_id,
            "system_scope": self.system,
            "roles": [r.lower() for r in self.roles],
            "is_admin": self.is_admin,
            "is_admin_project": True,
            "service_user_id": self.service_user_id,
            "service_project_id": self.service_project_id,
            "service_roles": [r.lower() for r in self.service_roles],
            "trust": {"trust_id": self.trust_id} if self.trust_id else {},
            "token": {
                "user": {"id": self.user_id, "domain": {"id": self.user_domain_id}},
                "project": {"id": self.project_id, "domain": {"id": self.project_domain_id}},
                "domain": {"id": self.domain_id},
            },
        }

    def allows(self, rule: str, target: Mapping[str, Any] | None = None) -> bool:
        "Whether policy `rule` holds for this caller and `target`."
        self.enforced = True
        if self.enforcer is None:
            raise RuntimeError("this context has no policy: it was not made for a request")
        return self.enforcer.check(rule, target or {}, self)

    def enforce(self, rule: str, target: Mapping[str, Any] | None = None) -> None:
        "Raise `PolicyDenied` (403) unless policy `rule` holds."
        if not self.allows(rule, target):
            raise PolicyDenied(rule=rule)

    def elevated(self) -> Context:
        "The same caller with the role admin, for work that the service does on its own account."
        other = copy.copy(self)
        other.roles = tuple(dict.fromkeys((*self.roles, "admin", "manager", "member", "reader")))
        other.enforced = True
        return other
