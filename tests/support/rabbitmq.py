"""A RabbitMQ of the tests' own: free ports on loopback, a folder of its own, ended with the run.

The node keeps its data over `stop()` and `start()`, as a broker that an operator restarts does.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import kombu

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def free_port():
    "A TCP port of loopback that nobody listens on at this moment."
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    "One broker; use it as a context, or `start()` and `close()`."

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="alto-rabbit-"))
        self.port, self._dist, self._epmd_port = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\nlog.file = false\n"
            "disk_free_limit.absolute = 50MB\n"
        )
        (self.folder / "plugins").write_text("[].\n")
        self._environ = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none.conf"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +S 1:1",
        }
        self._epmd = self._server = None

    def start(self, timeout_s=120):
        "Start it; returns when it takes a login."
        if self._epmd is None:
            self._epmd = self._run("epmd", "-address", "127.0.0.1")
        self._server = self._run(SERVER)
        deadline = time.monotonic() + timeout_s
        while not self._answers():
            log = (self.folder / "log").read_text(errors="replace")
            assert self._server.poll() is None, f"RabbitMQ ended: {log[-2000:]}"
            assert time.monotonic() < deadline, f"RabbitMQ does not answer: {log[-2000:]}"
            time.sleep(0.2)
        return self

    def stop(self, number=signal.SIGTERM):
        "End it (SIGKILL: as a crash does); its data stay."
        if self._server is not None:
            _end_group(self._server, number)
            self._server = None

    def hang(self):
        "Say nothing more, as on a machine that swaps; `go_on` ends it."
        os.killpg(self._server.pid, signal.SIGSTOP)

    def go_on(self):
        "Answer again."
        os.killpg(self._server.pid, signal.SIGCONT)

    def close(self):
        "End everything and forget the data."
        self.stop(signal.SIGKILL)
        if self._epmd is not None:
            _end_group(self._epmd, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def _run(self, *command):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(
                command,
                env=self._environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self):
        try:
            with kombu.Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except Exception:  # whatever the socket or the broker says: not yet
            return False
        return True


def _end_group(process, number):
    os.killpg(process.pid, number)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
