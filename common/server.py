"""`python -m common.server FACTORY HOST PORT WORKERS THREADS`: the WSGI server and nothing else.

`common.service.serve_api` becomes this process: what reading the configuration needed is gone from
memory. One worker is this process itself; the parent of several holds only the server.
"""

import os
import sys
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer


class OneProcess(MPServer):
    """The server with its only worker in this process. A parent that does nothing but start one
    worker takes 13 MiB, of every API; who started this process starts it again when it ends.

    The methods are granian's own (2.8); setup.cfg keeps its minor version for their sake."""

    def _serve(self, spawn_target: Any, target_loader: Any) -> None:
        self._init_shared_socket()
        self._spawn_worker(0, spawn_target, target_loader).inner.run()


def main(target: str, host: str, port: str, workers: str, threads: str) -> None:
    'Serve the WSGI callable made by `target` ("image.app:application") until SIGTERM.'
    several = int(workers) > 1
    if several:
        os.environ["ALTOSTRATUS_WORKER_PARENT"] = str(os.getpid())
    (MPServer if several else OneProcess)(
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
        workers_kill_timeout=30,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, max_buffer_size=417_792),
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
