"""Unix sockets of guests for a proxy on another machine: a TCP port that takes one connection,
soon, and is gone.

The port is known only to whoever asked the conductor for a console; it closes after the first
connection, or with the token."""

from __future__ import annotations

import logging
import socket
import threading

LOG = logging.getLogger(__name__)


class Relay:
    "Offers sockets of this host at `address`."

    def __init__(self, address: str, *, wait_s: float = 600) -> None:
        self.address, self.wait_s = address, wait_s

    def offer(self, path: str) -> tuple[str, int]:
        "Where the Unix socket `path` can be reached once, within `wait_s` seconds."
        listener = socket.create_server((self.address, 0), backlog=1)
        listener.settimeout(self.wait_s)
        threading.Thread(
            target=self._serve, args=(listener, path), name="relay", daemon=True
        ).start()
        port: int = listener.getsockname()[1]
        return self.address, port

    def _serve(self, listener: socket.socket, path: str) -> None:
        with listener:
            try:
                near, _peer = listener.accept()
            except OSError:
                return  # nobody came
        far = socket.socket(socket.AF_UNIX)
        with near, far:
            try:
                far.connect(path)
            except OSError as error:
                LOG.warning("console socket %s: %s", path, error)
                return
            near.settimeout(None)
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass  # either side went away: the other is told below
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is closed already
