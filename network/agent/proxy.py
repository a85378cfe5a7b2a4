"""The HTTP side of the metadata agent: who asks (by the address it comes from), and the request
signed and handed to compute.

One thread accepts for all networks; a small pool answers.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

LOG = logging.getLogger(__name__)
Asker = tuple[str, str]
"""(instance id, project id)"""
_DROPPED = (
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "server",
    "date",
    "host",
)
_TIMEOUT_S = 30


def signature(secret: str, instance_id: str) -> str:
    "What proves to compute that the instance id comes from us."
    return hmac.new(secret.encode(), instance_id.encode(), hashlib.sha256).hexdigest()


class Proxy:
    "Serves any number of listening sockets, each for one network."

    def __init__(self, url: str, secret: str, asker: Callable[[str, str], Asker | None]) -> None:
        self.url, self.secret, self._asker = urlsplit(url), secret, asker
        self._selector = selectors.DefaultSelector()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="metadata")
        self._wake_read, self._wake_write = socket.socketpair()
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._sockets: dict[str, list[socket.socket]] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._accept, name="metadata-accept", daemon=True)
        self._thread.start()

    def networks(self) -> set[str]:
        "The networks that are served."
        return set(self._sockets)

    def add(self, network_id: str, sockets: list[socket.socket]) -> None:
        "Serve a network."
        self._sockets[network_id] = sockets
        for sock in sockets:
            self._selector.register(sock, selectors.EVENT_READ, network_id)
        self._wake_write.send(b"x")

    def remove(self, network_id: str) -> None:
        "Serve a network no longer."
        for sock in self._sockets.pop(network_id, ()):
            self._selector.unregister(sock)
            sock.close()

    def stop(self) -> None:
        "End."
        self._stopping = True
        self._wake_write.send(b"x")
        self._thread.join(5)
        for network_id in list(self._sockets):
            self.remove(network_id)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _accept(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake_read.recv(64)
                    continue
                try:
                    connection, address = key.fileobj.accept()  # type: ignore[union-attr]
                except OSError:
                    continue  # it went away again, or the network did
                connection.settimeout(_TIMEOUT_S)
                self._pool.submit(self._serve, connection, address, key.data)

    def _serve(self, connection: socket.socket, address: Any, network_id: str) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802 the name that http.server calls
                proxy.forward(self, address[0].partition("%")[0], network_id)

            do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                LOG.debug(format, *args)

        try:
            Handler(connection, address, self)  # type: ignore[arg-type]
        except OSError as error:
            LOG.debug("metadata: %s", error)
        finally:
            connection.close()

    def forward(self, request: BaseHTTPRequestHandler, source: str, network_id: str) -> None:
        "Answer one request with what compute says."
        asker = self._asker(network_id, source)
        if asker is None:
            LOG.warning("metadata: nobody has %s in network %s", source, network_id)
            request.send_error(404)
            return
        instance, project = asker
        headers = {
            k: v
            for k, v in request.headers.items()
            if k.lower() not in _DROPPED and not k.lower().startswith("x-")
        }
        headers |= {
            "X-Instance-ID": instance,
            "X-Tenant-ID": project,
            "X-Forwarded-For": source,
            "X-Instance-ID-Signature": signature(self.secret, instance),
        }
        if request.headers.get("X-Metadata-Token"):
            headers["X-Metadata-Token"] = request.headers["X-Metadata-Token"]
        size = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(min(size, 65536)) if size > 0 else None
        try:
            self._relay(request, headers, body)
        except (OSError, http.client.HTTPException) as error:
            LOG.warning("metadata service: %s", error)
            request.send_error(503)

    def _relay(
        self, request: BaseHTTPRequestHandler, headers: dict[str, str], body: bytes | None
    ) -> None:
        link = http.client.HTTPConnection(
            self.url.hostname or "", self.url.port or 80, timeout=_TIMEOUT_S
        )
        try:
            link.request(request.command, request.path, body, headers)
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _DROPPED:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.send_header("Connection", "close")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)
