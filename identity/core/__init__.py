"""Decisions and use cases of identity: functions `verb(deps, ctx, ...)`; no HTTP, no SQL.

`Deps` is what they need; `identity.app` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

if TYPE_CHECKING:
    from common.bus import Events
    from common.db import Database
    from identity.core.directory import Directories
    from identity.core.hashing import Hasher
    from identity.core.keys import KeyRing
    from identity.core.memory import Memory
    from identity.core.secrets import Vault
    from identity.core.tokens import Verified


@dataclass
class Deps:
    "The parts of one identity process."

    config: cfg.ConfigOpts
    db: Database
    keys: KeyRing
    vault: Vault
    hasher: Hasher
    memory: Memory
    verified: Verified
    directories: Directories
    events: Events | None = None
    notifier: Any = None
    http: Any = None
    """A requests session for OpenID Connect discovery; made when first needed."""
