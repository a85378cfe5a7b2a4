"Decisions and use cases: a function for each verb, given `deps` and the caller's context."

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from network.store import outbox
from network.store.transact import transact

if TYPE_CHECKING:
    from common.bus import Events
    from common.db import Database
    from network.contracts.northbound import Northbound

T = TypeVar("T")


def _asleep() -> None:
    "Nobody to wake: without OVN the outbox just waits."


@dataclass
class Deps:
    "What the use cases work with."

    db: Database
    config: Any
    events: Events | None = None
    northbound: Northbound | None = None
    wake: Callable[[], None] = field(default=_asleep)
    """Tells the sync loop of this process that the outbox has something."""

    def write(self, work: Callable[[Any], T]) -> T:
        """`work(session)` in one transaction, repeated where another request was faster; then
        wake the sync loop."""
        dirty = False

        def once(session: Any) -> T:
            nonlocal dirty
            result = work(session)
            dirty = bool(session.info.get(outbox.DIRTY))
            return result

        result = transact(self.db, once)
        if dirty:
            self.wake()
        return result
