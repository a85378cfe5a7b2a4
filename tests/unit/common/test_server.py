"""The WSGI server as a process: one worker is the process itself, several have a parent that they
end with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from common.service import begin_worker
from tests.support.rabbitmq import free_port

REPO = Path(__file__).parents[3]


def application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    "Answers with the worker's pid; to /slow after a second, to /read after it has read the body."
    begin_worker()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            time.sleep(1)
        if environ["PATH_INFO"] == "/read":
            environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

    return answer


def slow_application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    "Takes its time to load."
    time.sleep(3)
    return application()


class Server:
    "A process of `common.server`."

    def __init__(self, workers: int, *more: str) -> None:
        self.port, self.apart = free_port(), bool(more)
        where = ["127.0.0.1", str(self.port), str(workers), "2", *more]
        target = f"{__name__}:application"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "common.server", target, *where], cwd=REPO
        )
        self.until(lambda: self.ask() is not None)

    def ask(self, path: str = "/") -> str | None:
        "The pid of who answers, None where nobody does."
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=10).text
        except requests.ConnectionError:
            return None

    def until(self, ready: Callable[[], bool], timeout_s: float = 20) -> None:
        "Wait for something."
        deadline = time.monotonic() + timeout_s
        while not ready():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def children(self) -> list[int]:
        "Processes that the server has started."
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    "A server of as many workers as the parameter says."
    parameters = request.param if isinstance(request.param, tuple) else (request.param,)
    made = Server(*parameters)
    yield made
    made.process.kill()
    made.process.wait()


@pytest.mark.parametrize("server", [1], indirect=True)
def test_one_worker_is_the_process(server: Server) -> None:
    assert server.ask() == str(server.process.pid)
    assert server.children() == []


@pytest.mark.parametrize("server", [1, 2], indirect=True)
def test_what_runs_is_answered_before_the_end(server: Server) -> None:
    answers: list[str | None] = []
    asking = threading.Thread(target=lambda: answers.append(server.ask("/slow")))
    asking.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    asking.join()
    assert answers[0], "the request was cut"
    assert server.process.wait(20) == 0
    assert server.ask() is None


def test_a_worker_that_is_loading_ends_at_once() -> None:
    target = [f"{__name__}:slow_application", "127.0.0.1", str(free_port()), "2", "2"]
    process = subprocess.Popen([sys.executable, "-m", "common.server", *target], cwd=REPO)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        deadline = time.monotonic() + 20
        while len(children.read_text().split()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_a_client_that_is_silent_does_not_keep_it() -> None:
    port = free_port()
    arguments = (f"{__name__}:application", "127.0.0.1", str(port), "1", "2")
    script = f"from common import server; server.DRAIN_S = 1; server.main(*{arguments!r})"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=REPO)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                silent = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with silent:
            silent.sendall(b"PUT /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("server", [2], indirect=True)
def test_workers_end_with_their_parent(server: Server) -> None:
    workers = server.children()
    assert len(workers) == 2
    server.process.kill()
    server.process.wait()
    server.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert server.ask() is None


@pytest.mark.parametrize("server", [1, 2, (1, "apart")], indirect=True)
def test_threads_of_a_worker_stay_together(server: Server) -> None:
    server.ask()
    workers = server.children() or [server.process.pid]
    if server.apart:
        assert _apart(workers[0]) == 0
        assert os.sched_getaffinity(workers[0]) == os.sched_getaffinity(0)
        return
    # the other one may not have begun; and the thread that waits for the end is apart
    server.until(lambda: all(len(os.sched_getaffinity(w)) == 1 for w in workers))
    server.until(lambda: all(len(_threads(w)) > 3 and _apart(w) <= 1 for w in workers))
    used = {number for worker in workers for number in os.sched_getaffinity(worker)}
    assert len(used) == min(len(workers), len(os.sched_getaffinity(0)))


def _threads(process: int) -> list[int]:
    return [int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir()]


def _apart(process: int) -> int:
    "How many of its threads may run elsewhere than its first."
    first = os.sched_getaffinity(process)
    return sum(os.sched_getaffinity(thread) != first for thread in _threads(process))
