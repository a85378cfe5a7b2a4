"""Running processes: an API under granian, a daemon of threads and loops; SIGTERM drains both.

`serve_api` becomes `common.server`, which serves with one worker itself and starts several: then it
imports no application, only the WSGI server.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from oslo_config import cfg

LOG = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1


def serve_api(config: cfg.ConfigOpts, target: str) -> NoReturn:
    """Become `common.server`. Serve the WSGI callable made by factory `target`
    ("image.app:application") until SIGTERM, then finish what runs.

    Workers end with their parent, however that ends, so that a restart finds the port free.
    """
    api = config.api
    numbers = (str(n) for n in (api.bind_port, api.workers, api.threads))
    command = [sys.executable, "-m", "common.server", target, api.bind_host, *numbers]
    os.execv(sys.executable, command if api.pin_workers else [*command, "apart"])


def end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends (prctl(2),
    PR_SET_PDEATHSIG)."""
    parent = int(os.environ.get("ALTOSTRATUS_WORKER_PARENT", "0"))
    if parent:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def begin_worker() -> None:
    """What a worker process of an API does first: see `end_with_parent`, and tell the garbage
    collector that what has been loaded stays, so that it does not walk all of it again while an
    answer of a thousand rows is made (a third of the CPU of such a list)."""
    end_with_parent()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class Loop(threading.Thread):
    """`work()` again and again, `interval_s` after the last end, and at once after `wake()`. A
    failing pass is logged and counted, never the end of the loop; it is tried again after 1, 2, 4,
    ... seconds, at most `interval_s`: what it needs may only just be starting."""

    def __init__(
        self, name: str, interval_s: float, work: Callable[[], Any], *, at_start: bool = True
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.interval_s, self._work, self._at_start = interval_s, work, at_start
        self._failures = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        "The thread's body."
        from common import metrics

        if not self._at_start:
            self._wait()
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._work()
                self._failures = 0
                metrics.LOOP_LAST.labels(self.name).set(time.time())
            except Exception:
                self._failures += 1
                metrics.LOOP_ERRORS.labels(self.name).inc()
                LOG.exception("loop %s", self.name)
            self._wait()

    def _wait(self) -> None:
        if not self._stopping.is_set():
            soon = 2.0 ** min(self._failures - 1, 10) if self._failures else self.interval_s
            self._wake.wait(min(soon, self.interval_s))

    def wake(self) -> None:
        "Run the next pass now."
        self._wake.set()

    def stop(self) -> None:
        "End after the pass that runs; `join()` waits for it."
        self._stopping.set()
        self._wake.set()


def run_until_signal(
    stop: Callable[[], None], *, health_port: int = 0, host: str = "127.0.0.1"
) -> None:
    """Block until SIGTERM or SIGINT, then `stop()`. With `health_port` GET /healthcheck and
    /metrics answer meanwhile."""
    server = _health_server(host, health_port) if health_port else None
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(3600):
        pass
    LOG.info("stopping: finishing what runs")
    stop()
    if server:
        server.shutdown()


def _health_server(host: str, port: int) -> Any:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from common import metrics

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 the name that http.server calls
            if self.path == "/metrics":
                body, kind = metrics.exposition()
                self._send(200, body, kind)
            elif self.path == "/healthcheck":
                why = metrics.unhealthy()
                self._send(503 if why else 200, (why or "OK").encode(), "text/plain")
            else:
                self._send(404, b"not found", "text/plain")

        def _send(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            LOG.debug(format, *args)

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
