"""A console proxy's other end, over WebSocket on a free port of 127.0.0.1: a serial line that
echoes, and a VNC screen (RFC 6143) of one colour that remembers the keys it was sent."""

from __future__ import annotations

import struct
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

WIDTH, HEIGHT = 320, 200
FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


class FakeConsole:
    "`keys`: the X keysyms pressed on the screen; `typed`: what came over the serial line."

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.typed = b""
        self._server = serve(self._talk, "127.0.0.1", 0, subprotocols=["binary"])  # type: ignore[list-item]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, kind: str) -> str:
        "Where the browser connects."
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/?token={kind}"

    def stop(self) -> None:
        "Listen no more."
        self._server.shutdown()

    def _talk(self, socket: ServerConnection) -> None:
        try:
            if socket.request is not None and "token=vnc" in socket.request.path:
                self._screen(socket)
            else:
                self._serial(socket)
        except (ConnectionClosed, struct.error):
            return

    def _serial(self, socket: ServerConnection) -> None:
        socket.send(b"login: ")
        for message in socket:
            data = message if isinstance(message, bytes) else message.encode()
            self.typed += data
            socket.send(data)

    def _screen(self, socket: ServerConnection) -> None:
        stream = _Stream(socket)
        socket.send(b"RFB 003.008\n")
        stream.read(12)
        socket.send(b"\x01\x01")
        stream.read(1)
        socket.send(struct.pack(">I", 0))
        stream.read(1)
        socket.send(struct.pack(">HH", WIDTH, HEIGHT) + FORMAT + struct.pack(">I", 4) + b"fake")
        while True:
            self._message(socket, stream)

    def _message(self, socket: ServerConnection, stream: _Stream) -> None:
        kind = stream.read(1)[0]
        if kind == 0:
            stream.read(19)
        elif kind == 2:
            stream.read(1)
            stream.read(4 * struct.unpack(">H", stream.read(2))[0])
        elif kind == 3:
            incremental = stream.read(9)[0]
            if not incremental:
                pixels = b"\x80\x60\x20\xff" * (WIDTH * HEIGHT)
                socket.send(struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0) + pixels)
        elif kind == 4:
            down, key = struct.unpack(">BxxI", stream.read(7))
            if down:
                self.keys.append(key)
        elif kind == 5:
            stream.read(5)
        elif kind == 6:
            stream.read(3)
            stream.read(abs(struct.unpack(">i", stream.read(4))[0]))
        else:
            socket.close()


class _Stream:
    "The bytes of a WebSocket as one stream."

    def __init__(self, socket: Any) -> None:
        self._socket, self._left = socket, b""

    def read(self, size: int) -> bytes:
        "Exactly `size` bytes."
        while len(self._left) < size:
            self._left += self._socket.recv()
        found, self._left = self._left[:size], self._left[size:]
        return found
