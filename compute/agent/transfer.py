"""Disks of a cold migration: the source offers them under a secret URL, the target fetches them.

What is sent is a whole qcow2 image made on the way (`qcow2.py`): the target needs neither the
source's cache nor an image that may be deleted meanwhile. Agents have no passwords for each other;
the secret in the URL comes to the target through the conductor."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from compute.agent.drivers import NodeError
from compute.agent.qcow2 import Qcow2Stream

LOG = logging.getLogger(__name__)


class TransferFailed(NodeError):
    "Disk {name} did not come from {host}: {why}"


class Transfer:
    """The offering side. `opened(server_id, disk name)` is a context manager that gives the
    stream to send."""

    def __init__(
        self,
        address: str,
        port: int,
        state: Path,
        opened: Callable[[str, str], AbstractContextManager[Qcow2Stream]],
        secret_of: Callable[[str], str | None],
    ) -> None:
        self.address, self._port, self._state = address, port, state
        self._opened, self._secret_of = opened, secret_of
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        "Listen, on the port of before where it is free: offers outlive a restart."
        with contextlib.suppress(OSError, ValueError):
            self._port = self._port or int(self._state.read_text())
        try:
            self._server = ThreadingHTTPServer((self.address, self._port), self._handler())
        except OSError as error:
            LOG.warning("port %d: %s; another one is used", self._port, error)
            self._server = ThreadingHTTPServer((self.address, 0), self._handler())
        self._state.write_text(str(self._server.server_address[1]))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="transfer", daemon=True).start()

    def stop(self) -> None:
        "Listen no more."
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def url(self, server_id: str, secret: str) -> str:
        "Where a server's disks are offered; a disk's name is appended."
        port = self._server.server_address[1] if self._server else self._port
        return f"http://{self.address}:{port}/{server_id}/{secret}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        transfer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 60

            def do_GET(self) -> None:  # noqa: N802 the name that http.server calls
                transfer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                LOG.debug(format, *args)

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = request.path.strip("/").split("/")
        wanted = self._secret_of(parts[0]) if len(parts) == 3 else None
        if (
            wanted is None
            or not secrets.compare_digest(wanted, parts[1])
            or not parts[2].startswith("disk")
        ):
            request.send_error(404)
            return
        try:
            with self._opened(parts[0], parts[2]) as stream:
                request.send_response(200)
                request.send_header("Content-Length", str(len(stream)))
                request.end_headers()
                for chunk in stream:
                    request.wfile.write(chunk)
        except OSError as error:
            LOG.warning("sending %s of %s: %s", parts[2], parts[0], error)
        except NodeError as error:
            LOG.error("sending %s of %s: %s", parts[2], parts[0], error)
            request.close_connection = True


def fetch(url: str, name: str, path: Path, check: Callable[[], None]) -> None:
    "Fetch one disk to `path`, whole or not at all. Raises TransferFailed."
    part = path.with_name(path.name + ".part")
    try:
        with requests.get(f"{url}/{name}", stream=True, timeout=(10, 120)) as answer:
            if answer.status_code != 200:
                raise TransferFailed(
                    name=name, host=url.split("/")[2], why=f"status {answer.status_code}"
                )
            expected, received = int(answer.headers["Content-Length"]), 0
            with open(part, "wb") as out:
                for chunk in answer.iter_content(1 << 20):
                    check()
                    out.write(chunk)
                    received += len(chunk)
        if received != expected:
            raise TransferFailed(
                name=name, host=url.split("/")[2], why=f"{received} of {expected} bytes came"
            )
        os.replace(part, path)
    except requests.RequestException as error:
        raise TransferFailed(name=name, host=url.split("/")[2], why=str(error)) from None
    finally:
        part.unlink(missing_ok=True)
