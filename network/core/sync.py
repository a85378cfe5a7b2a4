"""Keeping OVN in step with the tables: the outbox at once, everything at start and every few
minutes.

Any number of API processes may run: the one that holds the lock of the northbound database writes.
What fails stays in the outbox.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from network.contracts.northbound import Change
from network.core import Deps, news
from network.core.plan import plan
from network.core.plan.diff import changes
from network.core.plan.ports import gateway_scope
from network.core.plan.settings import Settings, of_config
from network.store import outbox, snapshot
from network.store import ports as port_store

LOG = logging.getLogger(__name__)
EVERYTHING = "all"
BEAT_S = 60.0


class Sync:
    "The work of the sync loop. `step()` is one pass."

    def __init__(self, deps: Deps, settings: Settings | None = None) -> None:
        self.deps = deps
        self.settings = settings or of_config(deps.config)
        self._full_at = 0.0
        self._beat_at = 0.0
        self._lock = threading.Lock()
        self._news: dict[str, bool] = {}

    def step(self) -> None:
        """Do what is pending; compare everything when it is time. Raises
        common.errors.Unavailable when OVN is away."""
        northbound = self.deps.northbound
        if northbound is None or not northbound.is_writer():
            return
        now = time.monotonic()
        if now >= self._full_at:
            found = self.full()
            if found:
                LOG.info("OVN differed in %d rows and was brought up to date", len(found))
            self._full_at = now + self.deps.config.ovn.full_sync_s
        self.drain()
        self.hear()
        if now >= self._beat_at:
            self._beat_at = now + BEAT_S
            northbound.beat()

    def drain(self) -> int:
        """Apply the outbox until it is empty; how many scopes were done. What is noted while the
        last part is applied wakes the loop again."""
        done = 0
        while True:
            with self.deps.db.read() as session:
                numbers, scopes = outbox.pending(session)
            if not scopes:
                break
            if EVERYTHING in scopes:
                self.full()
            else:
                self.apply(scopes)
            with self.deps.db.write() as session:
                outbox.done(session, numbers)
            done += len(scopes)
            if len(numbers) < outbox.MOST:
                break
        return done

    def difference(self, scopes: set[str] | None = None) -> list[Change]:
        "What OVN lacks or has too much, in some scopes or at all."
        assert self.deps.northbound is not None
        chassis = self.deps.northbound.chassis()
        with self.deps.db.read() as session:
            wanted = plan(snapshot.take(session, scopes), self.settings, chassis)
        if scopes is not None:
            scopes = scopes | {gateway_scope(s[5:]) for s in scopes if s.startswith("port:")}
        found = changes(wanted, self.deps.northbound.actual(scopes))
        # Without a node that could take it a gateway stays where it was: nodes also vanish for the
        # time of a restart.
        placed = {row.scope for row in wanted if row.table == "Gateway_Chassis"}
        ports_wanted = {row.key for row in wanted if row.table == "Logical_Switch_Port"}
        return [
            c
            for c in found
            if not (
                c.kind == "delete"
                and c.row.table == "Gateway_Chassis"
                and c.row.scope not in placed
                and c.row.scope.removeprefix("gateway:") in ports_wanted
            )
        ]

    def apply(self, scopes: set[str]) -> None:
        "Bring some scopes into step."
        assert self.deps.northbound is not None
        found = self.difference(scopes)
        if found:
            self.deps.northbound.apply(found)

    def full(self) -> list[Change]:
        "Bring everything into step; what differed."
        assert self.deps.northbound is not None
        # Changes that are still in the outbox are no differences: they are just not done yet.
        found = self.difference()
        if found:
            self.deps.northbound.apply(found)
        self.settle(dict(self.deps.northbound.ports_up()))
        return found

    # Port status

    def on_port(self, port_id: str, up: bool) -> None:
        "A logical port went up or down (called from OVN's thread: only noted here)."
        with self._lock:
            self._news[port_id] = up
        self.deps.wake()

    def on_doubt(self) -> None:
        "A node came or went and gateways may have to move, or OVN's database may be another one."
        self._full_at = 0.0
        self.deps.wake()

    def hear(self) -> None:
        "Write down which ports went up or down, and tell the others."
        with self._lock:
            news, self._news = self._news, {}
        if news:
            self.settle(news)

    def settle(self, up: dict[str, bool]) -> None:
        "Make the ports' status what OVN says."
        with self.deps.db.read() as session:
            known = (
                port_store.statuses(session)
                if len(up) > 500
                else port_store.statuses_of(session, up)
            )
        for status in ("ACTIVE", "DOWN"):
            ids = [
                i
                for i, is_up in up.items()
                if is_up == (status == "ACTIVE") and known.get(i, status) != status
            ]
            if ids:
                changed = self.deps.write(partial(port_store.set_status, ids=ids, status=status))
                news.status(self.deps, changed, status)
