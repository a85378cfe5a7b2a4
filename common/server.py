"""`python -m common.server FACTORY HOST PORT WORKERS THREADS [APART]`: the WSGI server and nothing
else.

`common.service.serve_api` becomes this process: what reading the configuration needed is gone from
memory. One worker is this process itself; the parent of several holds only the server.
"""

import functools
import os
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from common import cpus

DRAIN_S = 30
"How long requests may go on after SIGTERM: one that waits for its client would for ever."


class Server(MPServer):
    "granian, whose workers keep their threads together (`common.cpus`)."

    together = True

    def _spawn_worker(  # type: ignore[override]  # as MPServer has it
        self, idx: int, target: Any, callback_loader: Any
    ) -> Any:
        number = zlib.crc32(self.target.encode()) + idx if self.together else None
        load = functools.partial(_begin, number, callback_loader)
        return super()._spawn_worker(idx, target, load)


def _begin(number: int | None, load: Callable[[], Any]) -> Any:
    # a worker has its parent's handlers until it serves: a SIGTERM that came while it loaded was
    # lost in them, and the parent waited `DRAIN_S` for a worker that knew of no end
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, signal.SIG_DFL)
    if number is not None:
        cpus.keep_together(number)
    return load()


class OneProcess(Server):
    """The server with its only worker in this process. A parent that does nothing but start one
    worker takes 13 MiB, of every API; who started this process starts it again when it ends.

    The methods are granian's own (2.8); setup.cfg keeps its minor version for their sake."""

    def _serve(self, spawn_target: Any, target_loader: Any) -> None:
        _end_in_time()
        self._init_shared_socket()
        self._spawn_worker(0, spawn_target, target_loader).inner.run()


def _end_in_time() -> None:
    "After SIGTERM this process ends by `DRAIN_S`, as a worker does whose parent waits for it."
    # granian sets its own handlers, and waits in one of them; what wakes Python is ours to have
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)

    def watch() -> None:
        while os.read(told, 1)[0] not in (signal.SIGTERM, signal.SIGINT):
            pass
        time.sleep(DRAIN_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-in-time", daemon=True).start()


def main(target: str, host: str, port: str, workers: str, threads: str, apart: str = "") -> None:
    """Serve the WSGI callable made by `target` ("image.app:application") until SIGTERM. `apart`:
    threads run on any processor."""
    several = int(workers) > 1
    if several:
        os.environ["ALTOSTRATUS_WORKER_PARENT"] = str(os.getpid())
    server = (Server if several else OneProcess)(
        target,
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=int(threads),
        blocking_threads_idle_timeout=60,
        factory=True,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=DRAIN_S,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, max_buffer_size=417_792),
    )
    server.together = not apart
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
