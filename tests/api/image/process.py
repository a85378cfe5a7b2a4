"""The image service as a real process under its WSGI server, that can be killed and started
again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.auth import Authenticator
from common.service import serve_api
from common.tokens import Verifier
from image.config import load
from tests.support import KEY, token

ROOT = Path(__file__).parents[3]
MIB = 1024 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}
NEW = {"name": "i", "disk_format": "raw", "container_format": "bare"}


def application():
    "The app as the real factory makes it, but trusting the key of the tests."
    import common.auth
    from image import app

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(os.environ["TEST_PUBLIC_KEY"]))
    trusting = Authenticator(Verifier(keys={"test": key}), None, "image")
    common.auth.authenticator = lambda *args: trusting
    return app.application()


def main():
    "The body of the process."
    serve_api(load(), "tests.api.image.process:application")


class Server:
    "One image service in `folder`, on a free port of loopback."

    def __init__(self, folder, **options):
        self.folder = Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        groups = {
            "DEFAULT": {"state_dir": str(folder)},
            "api": {"bind_port": self.port, "threads": 24},
            "bus": {"url": "memory://"},
            "file": {"durable": False},
            "image": {"sweep_interval_s": 1},
        }
        for name, value in options.items():
            group, _, option = name.partition(".")
            groups.setdefault(group, {})[option] = value
        self.workers = int(groups["api"].get("workers", 1))
        lines = []
        for group, values in groups.items():
            lines += [f"[{group}]", *(f"{k} = {v}" for k, v in values.items())]
        (self.folder / "image.conf").write_text("\n".join(lines) + "\n")
        public = KEY.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.environ = {
            **os.environ,
            "ALTOSTRATUS_ETC": str(folder),
            "TEST_PUBLIC_KEY": public.hex(),
            "PYTHONPATH": str(ROOT),
        }
        self.run("-m", "image", "db", "upgrade")
        self.process = None

    def run(self, *arguments, check=True):
        "A command of the service."
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environ,
            cwd=ROOT,
            check=check,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self):
        "Start it and wait until it answers."
        command = [sys.executable, "-c", "from tests.api.image.process import main; main()"]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                command, env=self.environ, cwd=ROOT, stdout=log, stderr=log
            )
        end = time.monotonic() + 30
        while True:
            try:
                requests.get(self.url + "/healthcheck", timeout=2)
                return self
            except requests.ConnectionError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-3000:]) from None
                time.sleep(0.05)

    def kill(self):
        "kill -9 to the process; workers that it has started die with it."
        workers = self.children()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        end = time.monotonic() + 10
        while any(Path(f"/proc/{p}/exe").exists() for p in workers) and time.monotonic() < end:
            time.sleep(0.01)

    def children(self):
        "Process ids of the workers: a single one is the process itself."
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        started = [int(pid) for t in tasks for pid in (t / "children").read_text().split()]
        return started if self.workers > 1 else [self.process.pid]

    def stop(self):
        "SIGTERM."
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise

    def session(self, **who):
        "A requests session with a token."
        made = requests.Session()
        made.trust_env = False
        made.headers["X-Auth-Token"] = token(**who)
        return made

    def files(self):
        "All data in all stores."
        roots = [self.folder / "image/stores", self.folder / "image/staging"]
        return [p for root in roots for p in root.rglob("*") if p.is_file()]


def eventually(check, seconds=30):
    "Wait until `check()` is true; its last value."
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def raw_request(server, path, headers, body=b""):
    "A socket with a request sent."
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    lines = [
        f"PUT {path} HTTP/1.1",
        "Host: x",
        f"X-Auth-Token: {token()}",
        "Content-Type: application/octet-stream",
        *headers,
        "",
        "",
    ]
    connection.sendall("\r\n".join(lines).encode() + body)
    return connection
