"""Request bodies of unknown length that are known to be whole.

The WSGI server ends a chunked body whose connection broke as if it had ended well (granian 2.8:
read() returns b"" for both). A truncated upload would then count as complete. What the server does
not tell, the kernel does: a client that is done sending waits for the answer, and its connection is
established; one that broke off has closed it.

The server does not say either which connection a request came by. It is one of this process's own
sockets: one of that client address, on which something has arrived that is not answered yet, and
which received what the body has.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

_ESTABLISHED = 1
_INFO_SIZE = 208
"""Of struct tcp_info up to tcpi_bytes_sent (linux/tcp.h; Linux 4.19)."""
_BUFFERED = 8 * 1024 * 1024
"""Most that may have arrived before the first read: buffers of the kernel and of the server."""
_INTERIM = 64
"""Bytes of an interim answer (100 Continue) at most."""
_JUST_NOW_MS = 1000


class _Info(NamedTuple):
    "What the kernel knows of a connection; the times are milliseconds ago."

    state: int
    received: int
    sent: int
    last_received: int
    last_sent: int

    @property
    def awaits_answer(self) -> bool:
        "Whether something arrived that is not answered. Times are counted in ticks of some ms."
        if self.sent == 0 or self.last_received < self.last_sent:
            return True
        return self.last_received == self.last_sent and self.last_received <= _JUST_NOW_MS


class BrokenBody(OSError):
    "The connection was lost before the end of the request body."


class WholeBody:
    """The `wsgi.input` of a chunked request; `read` raises BrokenBody where the server would end a
    broken body.

    Reads go to `stream`. Close it, or use it as a context manager.
    """

    def __init__(self, stream: Any, environ: Mapping[str, Any]) -> None:
        self._stream = stream
        self._total = 0
        self._watched: dict[socket.socket, _Info] = _sockets_of(_address(environ))

    def read(self, size: int = -1) -> bytes:
        "As of the stream. Raises BrokenBody."
        block: bytes = self._stream.read(size)
        self._total += len(block)
        if not block:
            whole = self._arrived_whole()
            self.close()
            if not whole:
                raise BrokenBody("the connection was lost before the end of the body.")
        return block

    def _arrived_whole(self) -> bool:
        "False only if every connection that this body may have come by is broken."
        most = self._total + self._total // 10 + 64 * 1024
        broken = False
        for connection, before in self._watched.items():
            now = _tcp_info(connection)
            arrived = now.received - before.received
            fits = now.received >= self._total and self._total - _BUFFERED <= arrived <= most
            unanswered = now.sent - before.sent <= _INTERIM
            if fits and unanswered:
                if now.state == _ESTABLISHED:
                    # Another client's closed connection must never fail a good upload.
                    return True
                broken = True
        return not broken

    def close(self) -> None:
        "Stop watching; more than once is fine."
        for connection in self._watched:
            connection.close()
        self._watched = {}

    def __enter__(self) -> WholeBody:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _address(environ: Mapping[str, Any]) -> str:
    "Who is connected, whatever a proxy in front says about its own client."
    original = environ.get("werkzeug.proxy_fix.orig", environ)
    return str(original.get("REMOTE_ADDR") or "")


def _plain(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _sockets_of(address: str) -> dict[socket.socket, _Info]:
    "Duplicates of this process's connections with `address` that await an answer."
    found: dict[socket.socket, _Info] = {}
    if not address:
        return found
    wanted = _plain(address)
    for name in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            connection = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue  # closed meanwhile, or no socket
        try:
            peer = connection.getpeername()
            is_tcp = connection.type == socket.SOCK_STREAM and isinstance(peer, tuple)
            if is_tcp and _plain(peer[0]) == wanted:
                info = _tcp_info(connection)
                if info.awaits_answer:
                    found[connection] = info
                    continue
        except OSError:
            pass  # not connected
        connection.close()
    return found


def _tcp_info(connection: socket.socket) -> _Info:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    info = info.ljust(_INFO_SIZE, b"\0")
    (last_sent,) = struct.unpack_from("=I", info, 44)
    (last_received,) = struct.unpack_from("=I", info, 52)
    (received,) = struct.unpack_from("=Q", info, 128)
    (sent,) = struct.unpack_from("=Q", info, 200)
    return _Info(info[0], received, sent, last_received, last_sent)
