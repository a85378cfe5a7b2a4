"""Packets between namespaces: pings of both versions, TCP and UDP servers that say who asked."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from tests.e2e.network.namespaces import Namespace

WAIT_S = 1.0
"How long one packet may take; far more than the milliseconds it needs, far less than a retry."


def ping(
    space: Namespace,
    target: str,
    *,
    size: int = 32,
    tries: int = 1,
    device: str = "",
    df: bool = False,
) -> bool:
    """Whether an echo request of `size` bytes of data is answered. `df` forbids fragments (IPv4),
    `device` names the interface of link-local addresses."""
    v6 = ":" in target

    def make() -> socket.socket:
        family = socket.AF_INET6 if v6 else socket.AF_INET
        protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
        made = socket.socket(family, socket.SOCK_RAW, protocol)
        made.settimeout(WAIT_S)
        if df and not v6:
            made.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        return made

    mark = int.from_bytes(os.urandom(2), "big")
    with space.inside(make) as sock:
        scope = space.inside(lambda: socket.if_nametoindex(device)) if device else 0
        address = (target, 0, 0, scope) if v6 else (target, 0)
        for sequence in range(1, tries + 1):
            try:
                sock.sendto(_echo(v6, mark, sequence, size), address)
            except OSError:
                time.sleep(0.1)  # no route yet, or too long for the interface
                continue
            if _answered(sock, v6, mark, sequence):
                return True
    return False


def _echo(v6: bool, mark: int, sequence: int, size: int) -> bytes:
    data = bytes(n & 0xFF for n in range(size))
    head = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, mark, sequence)
    if v6:
        return head + data  # the kernel fills in this checksum
    return struct.pack("!BBHHH", 8, 0, checksum(head + data), mark, sequence) + data


def _answered(sock: socket.socket, v6: bool, mark: int, sequence: int) -> bool:
    end = time.monotonic() + WAIT_S
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            packet = sock.recv(65535)
        except OSError:
            return False
        body = packet if v6 else packet[(packet[0] & 15) * 4 :]
        kind, _, _, got_mark, got = struct.unpack("!BBHHH", body[:8])
        if (kind, got_mark, got) == (129 if v6 else 0, mark, sequence):
            return True
    return False


def checksum(data: bytes) -> int:
    "The Internet checksum (RFC 1071)."
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Server:
    """Answers every TCP connection and UDP datagram with `name` and the address that it saw."""

    def __init__(self, space: Namespace, name: str, port: int, *, udp: bool = False) -> None:
        self.name, self.udp, self._stopping = name, udp, False
        self.received = 0

        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            made.bind(("::", port))
            return made

        self.sock = space.inside(make)
        self.sock.settimeout(0.2)
        if not udp:
            self.sock.listen(64)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                if self.udp:
                    data, peer = self.sock.recvfrom(65535)
                    self.received += len(data)
                    self.sock.sendto(self._greeting(peer), peer)
                else:
                    link, peer = self.sock.accept()
                    threading.Thread(target=self._answer, args=(link, peer), daemon=True).start()

    def _answer(self, link: socket.socket, peer: tuple[str, int]) -> None:
        # The greeting first, then everything that is said back, until the other side ends.
        with link, contextlib.suppress(OSError):
            link.sendall(self._greeting(peer) + b"\n")
            while data := link.recv(65536):
                self.received += len(data)
                link.sendall(data if len(data) < 64 else b"")

    def _greeting(self, peer: tuple[str, int]) -> bytes:
        return f"{self.name} {peer[0].removeprefix('::ffff:')}".encode()

    def close(self) -> None:
        "End."
        self._stopping = True
        self.thread.join()
        self.sock.close()


@contextlib.contextmanager
def serving(space: Namespace, name: str, port: int, *, udp: bool = False) -> Iterator[Server]:
    "A Server for the time of the block."
    server = Server(space, name, port, udp=udp)
    try:
        yield server
    finally:
        server.close()


def connect(space: Namespace, target: str, port: int, timeout: float = WAIT_S) -> socket.socket:
    "A TCP connection from the namespace. Raises OSError."
    family = socket.AF_INET6 if ipaddress.ip_address(target).version == 6 else socket.AF_INET
    sock = space.inside(lambda: socket.socket(family, socket.SOCK_STREAM))
    sock.settimeout(timeout)
    try:
        sock.connect((target, port))
    except OSError:
        sock.close()
        raise
    return sock


def ask(
    space: Namespace, target: str, port: int, *, udp: bool = False, source: str = ""
) -> tuple[str, str] | None:
    "(name, our address as the server saw it) of a Server, None when nobody answers."
    family = socket.AF_INET6 if ipaddress.ip_address(target).version == 6 else socket.AF_INET
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with space.inside(lambda: socket.socket(family, kind)) as sock:
        sock.settimeout(WAIT_S)
        try:
            if source:
                sock.bind((source, 0))
            sock.connect((target, port))
            if udp:
                sock.send(b"hello")
            name, _, seen = sock.recv(200).decode().strip().partition(" ")
        except OSError:
            return None
    return (name, seen) if name else None


def arp_in_vlan(
    space: Namespace, tag: int, mac: str, source: str, target: str
) -> Callable[[], str]:
    """A function that asks for `target` by ARP in a tagged frame from eth0 and returns the MAC
    address that a tagged answer gives, or nothing."""
    mine = bytes.fromhex(mac.replace(":", ""))

    def make() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        made.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: the kernel moves the tag there
        made.bind(("eth0", 3))
        return made

    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mine + socket.inet_aton(source)
    request += bytes(6) + socket.inet_aton(target)
    frame = b"\xff" * 6 + mine + struct.pack("!HHH", 0x8100, tag, 0x0806) + request

    def ask_once() -> str:
        with space.inside(make) as sock:
            sock.send(frame)
            end = time.monotonic() + WAIT_S
            while (left := end - time.monotonic()) > 0:
                sock.settimeout(left)
                try:
                    answer, extra, _, _ = sock.recvmsg(2000, 200)
                except TimeoutError:
                    return ""
                tags = [struct.unpack("IIIHHHH", data)[5] & 0xFFF for _, _, data in extra]
                is_answer = answer[12:14] == b"\x08\x06" and answer[20:22] == b"\x00\x02"
                if is_answer and tags == [tag] and answer[28:32] == socket.inet_aton(target):
                    return answer[22:28].hex(":")
        return ""

    return ask_once
