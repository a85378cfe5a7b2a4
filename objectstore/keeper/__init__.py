"""The background process: heals, audits, sweeps, expires and synchronises. Several may run; every
step is safe to repeat."""

from __future__ import annotations

from typing import Any


def run(conf: Any) -> int:
    "Run until SIGTERM."
    from common.service import Loop, run_until_signal
    from objectstore.deps import make_deps
    from objectstore.keeper import expirer, healing, syncing

    deps = make_deps(conf)
    passes = healing.Passes(deps)
    options = conf.keeper
    loops = [
        Loop("heal", 1.0, passes.heal_damaged),
        Loop("replicate", float(options.replicate_interval_s), passes.replicate),
        Loop("audit", 1.0, passes.audit),
        Loop("bury", 15.0, passes.bury),
        Loop("sweep", float(options.sweep_interval_s), passes.sweep),
        Loop("expire", float(options.expire_interval_s), lambda: expirer.expire(deps)),
        Loop("uploads", 3600.0, lambda: expirer.abort_stale(deps)),
        Loop("synchronise", float(options.sync_interval_s), lambda: syncing.synchronise(deps)),
    ]
    for loop in loops:
        loop.start()

    def stop() -> None:
        for loop in loops:
            loop.stop()
        for loop in loops:
            loop.join(10)
        deps.engine.close()
        deps.db.dispose()

    run_until_signal(stop, health_port=options.health_port)
    return 0
