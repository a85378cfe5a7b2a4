"""The network service as it runs: its API process, which drives OVN, and a metadata agent on each
host; and compute's metadata service stood in for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.auth import Authenticator
from common.service import serve_api
from common.tokens import Verifier
from network.config import load
from tests.e2e.network.fabric import Daemon, Fabric, Host
from tests.e2e.network.namespaces import until
from tests.support import KEY, token

ROOT = Path(__file__).parents[3]
SECRET = "between network and compute"
METADATA_PORT = 8775


def application() -> Any:
    "The app as the real factory makes it, but trusting the key of the tests."
    import common.auth
    from network import app

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(os.environ["TEST_PUBLIC_KEY"]))
    trusting = Authenticator(Verifier(keys={"test": key}), None, "network")
    common.auth.authenticator = lambda *args: trusting  # type: ignore[assignment]
    return app.application()


def main() -> None:
    "The body of the API process."
    serve_api(load(), "tests.e2e.network.service:application")


class Refused(AssertionError):
    "The API said no: `answer` is the response."

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
        )
        self.answer = answer


class Service:
    "The API process on a free port of loopback, and what the tests ask of it."

    def __init__(self, folder: Path, nb: str = "", sb: str = "", **options: Any) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        groups: dict[str, dict[str, Any]] = {
            "DEFAULT": {"state_dir": folder, "host": "tests"},
            "api": {"bind_port": self.port},
            "bus": {"url": "memory://"},
            "ovn": {"nb_connection": nb, "sb_connection": sb, "dns_servers": "192.0.2.53"},
            "metadata": {"secret": SECRET},
        }
        for name, value in options.items():
            group, _, option = name.partition(".")
            groups.setdefault(group, {})[option] = value
        self.environ = environment(folder, groups)
        self.session = requests.Session()
        self.session.trust_env = False
        python = [sys.executable, "-c", "from tests.e2e.network.service import main; main()"]
        self.process = Daemon("api", python, folder, **self.environ)
        self.command("db", "upgrade")

    def command(self, *arguments: str) -> tuple[int, str]:
        "`python -m network ...`: its exit status and what it printed."
        import subprocess

        done = subprocess.run(
            [sys.executable, "-m", "network", *arguments],
            env={**os.environ, **self.environ},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def start(self) -> Service:
        "Start it and wait until it answers."
        self.process.start(ROOT)

        def answers() -> bool:
            assert self.process.process is not None
            assert self.process.process.poll() is None, self.process.log.read_text()[-3000:]
            with contextlib.suppress(requests.ConnectionError):
                return self.session.get(f"{self.url}/healthcheck", timeout=2).status_code > 0
            return False

        until(answers, "the API does not answer")
        return self

    def kill(self) -> None:
        "kill -9, to the worker too at once."
        self.process.end(signal.SIGKILL)

    def stop(self) -> None:
        "SIGTERM."
        self.process.end()

    def planes_agree(self, seconds: float = 60) -> None:
        "Wait until `sync --check` finds no difference."
        said = [""]

        def agree() -> bool:
            code, said[0] = self.command("sync", "--check")
            return code == 0 and not said[0].strip()

        try:
            until(agree, "", seconds, pause=0.5)
        except AssertionError:
            raise AssertionError(f"after {seconds:.0f} s OVN still differs: {said[0]}") from None

    # The API

    def call(self, method: str, path: str, body: Any = None, **who: Any) -> Any:
        "The JSON of a good answer, as somebody. Raises Refused."
        who.setdefault("project_id", "e2e")
        who.setdefault("roles", ("admin",))
        answer = self.session.request(
            method,
            f"{self.url}/v2.0/{path}",
            json=body,
            headers={"X-Auth-Token": token(**who)},
            timeout=60,
        )
        if answer.status_code >= 400:
            raise Refused(answer)
        return answer.json() if answer.content else None

    def make(self, noun: str, **wish: Any) -> dict[str, Any]:
        "Create one thing."
        plural = noun.replace("policy", "policie") + "s"
        found: dict[str, Any] = self.call("POST", plural.replace("_", "-"), {noun: wish})[noun]
        return found

    def change(self, noun: str, key: str, **wish: Any) -> dict[str, Any]:
        "Change one thing."
        plural = noun.replace("policy", "policie") + "s"
        path = f"{plural.replace('_', '-')}/{key}"
        found: dict[str, Any] = self.call("PUT", path, {noun: wish})[noun]
        return found

    def drop(self, path: str) -> None:
        "Delete one thing."
        self.call("DELETE", path)


def environment(folder: Path, groups: dict[str, dict[str, Any]]) -> dict[str, str]:
    "Write a configuration; the environment of a process that reads it."
    lines = []
    for group, values in groups.items():
        lines += [f"[{group}]", *(f"{k} = {v}" for k, v in values.items())]
    (folder / "network.conf").write_text("\n".join(lines) + "\n")
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return {
        "ALTOSTRATUS_ETC": str(folder),
        "TEST_PUBLIC_KEY": KEY.public_key().public_bytes(*raw).hex(),
        "PYTHONPATH": str(ROOT),
    }


class MetadataAgent:
    """`python -m network metadata-agent` on a host, in a mount namespace of its own, because the
    names of network namespaces are files that two hosts of one machine would share."""

    def __init__(self, host: Host, fabric: Fabric) -> None:
        folder = host.folder / "agent"
        folder.mkdir()
        groups = {
            "DEFAULT": {"state_dir": folder, "host": f"host-{host.name}"},
            "ovn": {"sb_connection": fabric.sb, "ovs_connection": host.ovs},
            "metadata": {"secret": SECRET, "url": f"http://127.0.0.1:{METADATA_PORT}"},
        }
        script = 'mount -t tmpfs none /run/netns && exec "$0" -m network metadata-agent'
        command = host.space.enter("unshare", "-m", "sh", "-c", script, sys.executable)
        self.process = Daemon("metadata", command, folder, **environment(folder, groups))

    def start(self) -> MetadataAgent:
        "Start it."
        self.process.start(ROOT)
        return self

    def stop(self) -> None:
        "End it; its namespaces go with its mount namespace."
        self.process.end()


class ComputeMetadata:
    "Compute's metadata service on a host's loopback: says which instance asked, if it was signed."

    def __init__(self, host: Host) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                from network.agent.proxy import signature

                names = ("X-Instance-ID", "X-Tenant-ID", "X-Forwarded-For")
                said = {name: self.headers.get(name, "") for name in names} | {"path": self.path}
                good = signature(SECRET, said["X-Instance-ID"])
                signed = self.headers.get("X-Instance-ID-Signature") == good
                body = json.dumps(said).encode()
                self.send_response(200 if signed else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        make: Callable[[], ThreadingHTTPServer] = lambda: ThreadingHTTPServer(  # noqa: E731
            ("127.0.0.1", METADATA_PORT), Handler
        )
        self.server = host.space.inside(make)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        "End."
        self.server.shutdown()
        self.server.server_close()
