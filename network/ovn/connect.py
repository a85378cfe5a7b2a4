"Putting OVN and the sync loop together."

from __future__ import annotations

from typing import Any

from common.db import Database
from common.service import Loop
from network.contracts.northbound import Change
from network.core import Deps
from network.core.sync import EVERYTHING, Sync
from network.ovn.northbound import Ovn
from network.store import outbox

POLL_S = 1.0
"How long a change made by another API process may wait: this process's own wake the loop at once."


def start(deps: Deps) -> Loop:
    "Connect `deps` to OVN and start the loop that keeps it in step."
    config = deps.config.ovn
    northbound = Ovn(config.nb_connection, config.sb_connection, config.timeout_s)
    deps.northbound = northbound
    sync = Sync(deps)
    loop = Loop("ovn-sync", POLL_S, sync.step)
    deps.wake = loop.wake
    northbound.watch(sync.on_port, sync.on_doubt)
    loop.start()
    return loop


def compare(config: Any, *, apply: bool) -> list[Change]:
    """What differs between the tables and OVN. With `apply` it is repaired: here, or, when an API
    process holds the lock, by that
    process, which is told through the outbox."""
    deps = Deps(db=Database(config.database.url), config=config)
    northbound = Ovn(
        config.ovn.nb_connection, config.ovn.sb_connection, config.ovn.timeout_s, writer=False
    )
    deps.northbound = northbound
    try:
        northbound.nb.backend()
        found = Sync(deps).difference()
        if found and apply:
            with deps.db.write() as session:
                outbox.mark(session, EVERYTHING)
            _wait(deps, config.ovn.timeout_s)
        return found
    finally:
        northbound.close()
        deps.db.dispose()


def _wait(deps: Deps, seconds: int) -> None:
    import time

    end = time.monotonic() + min(seconds, 10)
    while time.monotonic() < end:
        with deps.db.read() as session:
            if not outbox.pending(session)[1]:
                return
        time.sleep(0.2)
    # No API process runs: then the lock is free and the work is ours.
    writer = Ovn(deps.config.ovn.nb_connection, deps.config.ovn.sb_connection, seconds)
    mine = Deps(db=deps.db, config=deps.config, northbound=writer)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not writer.is_writer():
            time.sleep(0.2)
        Sync(mine).drain()
    finally:
        writer.close()
