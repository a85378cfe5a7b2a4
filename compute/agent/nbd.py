"""A reader of NBD exports on Unix sockets: sizes, which parts hold data, and the data.

QEMU and libvirt offer a consistent view of a disk, running or not, as such an export. Protocol:
"The NBD protocol" (NetworkBlockDevice/nbd, doc/proto.md), fixed newstyle with structured replies
and the metadata context base:allocation."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from compute.agent.drivers import NodeError

_INIT, _OPTION, _OPTION_REPLY = 0x4E42444D41474943, 0x49484156454F5054, 0x3E889045565A9
_REQUEST, _SIMPLE, _STRUCTURED = 0x25609513, 0x67446698, 0x668E33EF
_GO, _STRUCTURED_REPLY, _SET_META_CONTEXT = 7, 8, 10
_ACK, _INFO, _META_CONTEXT, _ERROR = 1, 3, 4, 1 << 31
_READ, _DISCONNECT, _BLOCK_STATUS = 0, 2, 7
_DATA, _HOLE, _STATUS = 1, 2, 5
_ZERO = 2
"""Flag of base:allocation: reads as zeroes."""
_LARGEST = 32 * 1024 * 1024


class NbdFailed(NodeError):
    "The disk cannot be read: {why}"


@dataclass(frozen=True)
class Extent:
    "Bytes `start` to `start + length` of a disk; `zero` when they read as zeroes."

    start: int
    length: int
    zero: bool


class NbdReader:
    "One connection to one export. A context manager; not thread-safe."

    def __init__(self, path: Path | str, export: str = "", timeout_s: float = 60) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
            self.size = 0
            self._handshake(export)
        except OSError as error:
            self._socket.close()
            raise NbdFailed(why=str(error)) from None
        except NbdFailed:
            self._socket.close()
            raise

    def __enter__(self) -> NbdReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        "Say good-bye and disconnect."
        try:
            self._send(_DISCONNECT, 0, 0)
        except (OSError, NbdFailed):
            pass  # the other side is gone already
        self._socket.close()

    def _handshake(self, export: str) -> None:
        magic, option, _flags = struct.unpack(">QQH", self._receive(18))
        if magic != _INIT or option != _OPTION:
            raise NbdFailed(why="the server does not speak newstyle NBD")
        self._socket.sendall(struct.pack(">I", 3))
        name = export.encode()
        self._negotiate(_STRUCTURED_REPLY, b"")
        query = b"base:allocation"
        self._negotiate(
            _SET_META_CONTEXT,
            struct.pack(">I", len(name)) + name + struct.pack(">II", 1, len(query)) + query,
        )
        self._negotiate(_GO, struct.pack(">I", len(name)) + name + struct.pack(">H", 0))
        if not self.size:
            raise NbdFailed(why=f"export {export!r} says nothing of its size")

    def _negotiate(self, option: int, data: bytes) -> None:
        self._socket.sendall(struct.pack(">QII", _OPTION, option, len(data)) + data)
        while True:
            magic, _option, kind, length = struct.unpack(">QIII", self._receive(20))
            body = self._receive(length)
            if magic != _OPTION_REPLY:
                raise NbdFailed(why="the server's answer is not NBD")
            if kind == _ACK:
                return
            if kind & _ERROR:
                raise NbdFailed(
                    why=f"option {option} is refused: {body.decode(errors='replace') or kind}"
                )
            if kind == _INFO and struct.unpack(">H", body[:2])[0] == 0:
                self.size = struct.unpack(">Q", body[2:10])[0]

    def extents(self) -> Iterator[Extent]:
        "All of the disk, in order, as data and zeroes; neighbours of a kind are one."
        pending: Extent | None = None
        for found in self._raw_extents():
            if pending and pending.zero == found.zero:
                pending = Extent(pending.start, pending.length + found.length, pending.zero)
                continue
            if pending:
                yield pending
            pending = found
        if pending:
            yield pending

    def _raw_extents(self) -> Iterator[Extent]:
        offset = 0
        while offset < self.size:
            length = min(self.size - offset, 1 << 30)
            self._send(_BLOCK_STATUS, offset, length)
            start = offset
            for kind, payload in self._chunks():
                if kind != _STATUS:
                    continue
                for n in range(4, len(payload), 8):
                    size, flags = struct.unpack_from(">II", payload, n)
                    size = min(size, self.size - offset)
                    if size:
                        yield Extent(offset, size, bool(flags & _ZERO))
                    offset += size
            if offset == start:
                raise NbdFailed(why="the server does not say which parts hold data")

    def read(self, offset: int, length: int) -> bytes:
        "At most 32 MiB."
        if length > _LARGEST:
            raise ValueError(f"{length} bytes at once are more than {_LARGEST}")
        self._send(_READ, offset, length)
        buffer = bytearray(length)
        for kind, payload in self._chunks(length):
            if kind == _DATA:
                at = struct.unpack_from(">Q", payload)[0] - offset
                buffer[at : at + len(payload) - 8] = memoryview(payload)[8:]
            elif kind == _HOLE:
                at, size = struct.unpack(">QI", payload)
                buffer[at - offset : at - offset + size] = bytes(size)
        return bytes(buffer)

    def _send(self, kind: int, offset: int, length: int) -> None:
        self._socket.sendall(struct.pack(">IHHQQI", _REQUEST, 0, kind, 1, offset, length))

    def _chunks(self, plain_length: int = 0) -> Iterator[tuple[int, bytes]]:
        "Structured replies of one request; a simple reply comes as one chunk of data."
        while True:
            magic = struct.unpack(">I", self._receive(4))[0]
            if magic == _SIMPLE:
                error, _handle = struct.unpack(">IQ", self._receive(12))
                if error:
                    raise NbdFailed(why=f"error {error}")
                yield _DATA, struct.pack(">Q", 0) + self._receive(plain_length)
                return
            if magic != _STRUCTURED:
                raise NbdFailed(why="the server's answer is not NBD")
            flags, kind, _handle, length = struct.unpack(">HHQI", self._receive(16))
            payload = self._receive(length)
            if kind & 0x8000:
                raise NbdFailed(
                    why=payload[6:].decode(errors="replace").strip("\0")
                    or f"error {payload[:4].hex()}"
                )
            yield kind, payload
            if flags & 1:
                return

    def _receive(self, length: int) -> bytes:
        parts, missing = [], length
        while missing:
            try:
                part = self._socket.recv(min(missing, 1 << 20))
            except OSError as error:
                raise NbdFailed(why=str(error)) from None
            if not part:
                raise NbdFailed(why="the server closed the connection")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
