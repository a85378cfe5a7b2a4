"""What object storage decides: no HTTP framework, no SQL, no files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.context import Context
from objectstore.engine import Engine
from objectstore.errors import UnknownPolicy

if TYPE_CHECKING:
    from common.db import Database
    from common.policy import Enforcer
    from objectstore.core.encryption import Keymaster
    from objectstore.core.ratelimit import Limiter
    from objectstore.core.s3.signers import Signers
    from objectstore.core.sync import Realms
    from objectstore.store.committer import Committer


@dataclass(frozen=True, slots=True)
class Policy:
    "A storage policy: how many copies an object of its containers has."

    index: int
    name: str
    copies: int


def parse_policies(texts: list[str]) -> tuple[Policy, ...]:
    "From `NAME:COPIES` texts; raises ValueError with a sentence."
    found = []
    for index, text in enumerate(texts):
        name, _, copies = text.partition(":")
        if not name or not copies.isdecimal() or not 1 <= int(copies) <= 16:
            raise ValueError(f"[storage] policies: {text!r} is not NAME:COPIES")
        found.append(Policy(index, name, int(copies)))
    if not found or len({p.name.lower() for p in found}) != len(found):
        raise ValueError("[storage] policies: at least one, and no name twice")
    return tuple(found)


@dataclass
class Deps:
    "What the use cases work with."

    config: Any
    db: Database
    committer: Committer
    engine: Engine
    policies: tuple[Policy, ...]
    enforcer: Enforcer
    authenticate: Callable[[str | None, str | None], Context]
    keymaster: Keymaster
    limiter: Limiter
    realms: Realms
    signers: Signers | None = None
    """Who signs S3 requests; None in the keeper, which serves none."""
    reseller_prefix: str = "AUTH_"
    s3_domains: tuple[str, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)

    def policy_named(self, name: str) -> Policy:
        "The policy of that name, in whatever case. Raises UnknownPolicy."
        for policy in self.policies:
            if policy.name.lower() == name.lower():
                return policy
        raise UnknownPolicy(name=name)

    def policy_at(self, index: int) -> Policy:
        "The policy of that index; the default one for an index that the configuration lost."
        return self.policies[index] if index < len(self.policies) else self.policies[0]
