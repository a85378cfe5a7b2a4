"""Keeping every blob at its number of good copies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from prometheus_client import Counter, Gauge

from objectstore.core import Deps, clock
from objectstore.engine import BlobUnreadable, NoRoom
from objectstore.store import Session, blobs

LOG = logging.getLogger(__name__)
_PAGE = 500
HEALED = Counter(
    "altostratus_objectstore_blobs_healed_total", "Blobs whose copies were made whole or moved."
)
ROTTEN = Counter("altostratus_objectstore_copies_bad_total", "Copies that the auditor found bad.")
LOST = Gauge(
    "altostratus_objectstore_blobs_unreadable", "Blobs without a good copy in the last pass."
)


class Passes:
    "The passes of the keeper, each from where it stands to the end, or a bite at a time."

    def __init__(self, deps: Deps) -> None:
        self.deps = deps

    def heal_damaged(self) -> int:
        """Blobs that a reader or writer complained about, with all bytes of all copies checked.
        How many were changed."""
        with self.deps.db.read() as session:
            rows = blobs.damaged(session, _PAGE)
        whole, changed = [], 0
        for blob_id, locator, policy in rows:
            done = self._heal(blob_id, locator, policy, deep=True)
            changed += bool(done)
            if done is not None and self._is_whole(blob_id, policy):
                whole.append(blob_id)
        if rows:
            self.deps.committer.run(lambda session: blobs.forget_damage(session, whole))
        else:
            with self.deps.db.read() as session:
                stray = blobs.has_damage(session)
            if stray:
                self.deps.committer.run(blobs.forget_stray_damage)
        return changed

    def _is_whole(self, blob_id: str, policy: int) -> bool:
        with self.deps.db.read() as session:
            locator = blobs.locator(session, blob_id)
        return locator is None or self.deps.engine.copies(locator) >= self._wanted(policy)

    def _wanted(self, policy: int) -> int:
        return self.deps.policy_at(policy).copies

    def replicate(self) -> int:
        """Every blob: are its copies there, and on the devices where they belong? How many were
        changed. Sees devices
        that were lost, emptied, added or drained."""
        changed = lost = 0
        for row in self._all():
            done = self._heal(row.id, row.locator, row.policy, deep=False)
            changed += bool(done)
            lost += done is None
        LOST.set(lost)
        if changed or lost:
            LOG.info("replication: %d blobs healed or moved, %d without a good copy", changed, lost)
        return changed

    def _all(self) -> Iterator[Any]:
        beyond = ""
        while True:
            with self.deps.db.read() as session:
                rows = blobs.page(session, beyond, _PAGE)
            yield from rows
            if len(rows) < _PAGE:
                return
            beyond = rows[-1].id

    def _heal(self, blob_id: str, locator: str, policy: int, deep: bool) -> bool | None:
        "Whether the blob's locator changed; None when no copy is good."
        engine = self.deps.engine
        try:
            new = engine.heal(locator, self._wanted(policy), deep)
        except BlobUnreadable:
            LOG.error("blob %s has no good copy", blob_id)
            return None
        except NoRoom:
            return False
        if new == locator:
            return False
        if not self.deps.committer.run(
            lambda session: blobs.replace(session, blob_id, locator, new)
        ):
            return False
        engine.drop(locator, new)
        HEALED.inc()
        return True

    def audit(self) -> int:
        """Read on where the last bite ended, for one second's worth of `audit_mib_s`; bad copies
        are healed. Returns how
        many blobs were bad."""
        budget = self.deps.config.keeper.audit_mib_s << 20
        bad = 0
        with self.deps.db.read() as session:
            beyond = blobs.cursor(session, "audit")
            rows = blobs.page(session, beyond, _PAGE)
        last = ""
        for row in rows:
            last = row.id
            problems = self.deps.engine.verify(row.locator, deep=True)
            if problems:
                bad += 1
                ROTTEN.inc(len(problems))
                LOG.warning("blob %s: %s", row.id, "; ".join(problems))
                self._heal(row.id, row.locator, row.policy, deep=True)
            budget -= row.size * self._wanted(row.policy)
            if budget <= 0:
                break
        if last != beyond and (rows or beyond):
            where = "" if len(rows) < _PAGE and budget > 0 else last
            self.deps.committer.run(lambda session: blobs.set_cursor(session, "audit", where))
        return bad

    def bury(self) -> int:
        "Give back the bytes of blobs that have been dead for a while. How many."
        before = clock.now() - self.deps.config.storage.dead_blob_s * clock.UNIT
        total = 0
        while True:
            with self.deps.db.read() as session:
                rows = blobs.dead(session, before, _PAGE)
            for row in rows:
                self.deps.engine.delete(row.locator)
            ids = [row.id for row in rows]
            if ids:
                self.deps.committer.run(lambda session, ids=ids: blobs.forget(session, ids))  # type: ignore[misc]
            total += len(rows)
            if len(rows) < _PAGE:
                return total

    def sweep(self) -> None:
        "Reclaim what no row names."
        self.deps.engine.sweep(Index(self.deps), self.deps.config.storage.reclaim_age_s)


class Index:
    "The rows of blobs, as the engine's sweep sees them."

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def locators(self, blob_ids: list[str]) -> dict[str, str]:
        "Where they are."
        with self._deps.db.read() as session:
            return blobs.locators(session, blob_ids)

    def replace(self, blob_id: str, old: str, new: str) -> bool:
        "Move one."

        def work(session: Session) -> bool:
            return blobs.replace(session, blob_id, old, new)

        return self._deps.committer.run(work)
