"""`python -m common.server FACTORY HOST PORT WORKERS THREADS`: the WSGI server and nothing else.

`common.service.serve_api` becomes this process: what reading the configuration needed is gone from
memory, and the parent of the workers holds only the server.
"""

import os
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels


def main(target: str, host: str, port: str, workers: str, threads: str) -> None:
    'Serve the WSGI callable made by `target` ("image.app:application") until SIGTERM.'
    os.environ["ALTOSTRATUS_WORKER_PARENT"] = str(os.getpid())
    Granian(
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
