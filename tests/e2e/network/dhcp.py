"""Small DHCP clients (RFC 2131, RFC 8415): what a guest asks, and every byte of what it is told."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time
from dataclasses import dataclass, field

from tests.e2e.network.namespaces import Namespace
from tests.e2e.network.traffic import WAIT_S, checksum

_COOKIE = b"\x63\x82\x53\x63"
_DISCOVER, _OFFER, _REQUEST, _ACK = 1, 2, 3, 5
SUBNET_MASK, ROUTER, DNS, DOMAIN, MTU, LEASE, KIND, SERVER, ROUTES = (
    1,
    3,
    6,
    15,
    26,
    51,
    53,
    54,
    121,
)
BOOTFILE, TFTP = 67, 66


@dataclass
class Lease:
    "What a server gave: the address, and options by number."

    address: str
    options: dict[int, bytes] = field(default_factory=dict)

    def addresses(self, option: int) -> list[str]:
        "An option that is a list of IPv4 addresses."
        data = self.options.get(option, b"")
        return [socket.inet_ntoa(data[n : n + 4]) for n in range(0, len(data), 4)]

    def number(self, option: int) -> int:
        "An option that is a number."
        return int.from_bytes(self.options[option], "big")

    def routes(self) -> dict[str, str]:
        "Classless static routes (RFC 3442): prefix to next hop."
        data, found = self.options.get(ROUTES, b""), {}
        while data:
            length = data[0]
            used = (length + 7) // 8
            prefix = socket.inet_ntoa(data[1 : 1 + used].ljust(4, b"\0"))
            found[f"{prefix}/{length}"] = socket.inet_ntoa(data[1 + used : 5 + used])
            data = data[5 + used :]
        return found


def lease4(space: Namespace, device: str = "eth0", seconds: float = 10) -> Lease | None:
    "DISCOVER, OFFER, REQUEST, ACK; None when no server answers in time."
    mac = bytes.fromhex(space.mac(device).replace(":", ""))

    def make() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        made.bind((device, 0x0800))
        return made

    end, xid = time.monotonic() + seconds, os.urandom(4)
    with space.inside(make) as sock:
        while time.monotonic() < end:
            offer = _exchange(sock, mac, xid, [(KIND, bytes([_DISCOVER]))], _OFFER)
            if offer is None:
                continue
            wish = [
                (KIND, bytes([_REQUEST])),
                (50, socket.inet_aton(offer.address)),
                (SERVER, offer.options[SERVER]),
            ]
            acknowledged = _exchange(sock, mac, xid, wish, _ACK)
            if acknowledged is not None:
                return acknowledged
    return None


def _exchange(
    sock: socket.socket, mac: bytes, xid: bytes, wish: list[tuple[int, bytes]], expected: int
) -> Lease | None:
    asked = bytes([SUBNET_MASK, ROUTER, DNS, DOMAIN, MTU, LEASE, ROUTES, BOOTFILE, TFTP])
    options = b"".join(bytes([n, len(v)]) + v for n, v in [*wish, (55, asked)]) + b"\xff"
    message = struct.pack(
        "!BBBB4sHH16x16s64x128x", 1, 1, 6, 0, xid, 0, 0x8000, mac.ljust(16, b"\0")
    )
    sock.send(_frame(mac, message + _COOKIE + options))
    end = time.monotonic() + WAIT_S
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            packet = sock.recv(65535)
        except TimeoutError:
            return None
        body = packet[14 + (packet[14] & 15) * 4 :]
        if packet[23] == 17 and body[:4] == b"\x00\x43\x00\x44" and body[12:16] == xid:
            found = Lease(socket.inet_ntoa(body[24:28]), _options4(body[8 + 240 :]))
            if found.options.get(KIND) == bytes([expected]):
                return found
    return None


def _frame(mac: bytes, message: bytes) -> bytes:
    udp = struct.pack("!HHHH", 68, 67, 8 + len(message), 0) + message
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4
    )
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + head + udp


def _options4(data: bytes) -> dict[int, bytes]:
    found = {}
    while data and data[0] != 255:
        if data[0] == 0:
            data = data[1:]
            continue
        found[data[0]] = data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
    return found


SOLICIT, ADVERTISE, REQUEST6, REPLY, INFORMATION = 1, 2, 3, 7, 11
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS, DNS6, DOMAINS6 = 1, 2, 3, 5, 23, 24


@dataclass
class Lease6:
    "What a DHCPv6 server gave; no address when only information was asked for."

    address: str | None
    options: dict[int, bytes]

    def addresses(self, option: int) -> list[str]:
        "An option that is a list of IPv6 addresses."
        data = self.options.get(option, b"")
        return [str(ipaddress.IPv6Address(data[n : n + 16])) for n in range(0, len(data), 16)]


def lease6(
    space: Namespace, device: str = "eth0", *, stateless: bool = False, seconds: float = 15
) -> Lease6 | None:
    "SOLICIT, ADVERTISE, REQUEST, REPLY, or INFORMATION-REQUEST, REPLY; None without an answer."
    mac = bytes.fromhex(space.mac(device).replace(":", ""))
    client = b"\x00\x03\x00\x01" + mac
    association = mac[2:] + bytes(8)
    index = space.inside(lambda: socket.if_nametoindex(device))

    def make() -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind(("::", 546, 0, index))
        return made

    end = time.monotonic() + seconds
    with space.inside(make) as sock:
        while time.monotonic() < end:
            if stateless:
                found = _exchange6(sock, index, INFORMATION, [(CLIENT_ID, client)], REPLY)
                if found is not None:
                    return found
                continue
            wish = [(CLIENT_ID, client), (IA_NA, association)]
            offer = _exchange6(sock, index, SOLICIT, wish, ADVERTISE)
            if offer is None:
                continue
            wish = [
                (CLIENT_ID, client),
                (SERVER_ID, offer.options[SERVER_ID]),
                (IA_NA, offer.options[IA_NA]),
            ]
            found = _exchange6(sock, index, REQUEST6, wish, REPLY)
            if found is not None:
                return found
    return None


def _exchange6(
    sock: socket.socket, index: int, kind: int, wish: list[tuple[int, bytes]], expected: int
) -> Lease6 | None:
    xid = os.urandom(3)
    listed = [*wish, (8, b"\0\0"), (6, struct.pack("!HH", DNS6, DOMAINS6))]
    options = b"".join(struct.pack("!HH", n, len(v)) + v for n, v in listed)
    try:
        sock.sendto(bytes([kind]) + xid + options, ("ff02::1:2", 547, 0, index))
    except OSError:  # the link-local address is still tentative
        time.sleep(0.2)
        return None
    end = time.monotonic() + WAIT_S
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            answer = sock.recv(65535)
        except TimeoutError:
            return None
        if answer[0] == expected and answer[1:4] == xid:
            found = _options6(answer[4:])
            inner = _options6(found[IA_NA][12:]) if IA_NA in found else {}
            given = inner.get(IA_ADDRESS)
            return Lease6(str(ipaddress.IPv6Address(given[:16])) if given else None, found)
    return None


def _options6(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        number, length = struct.unpack("!HH", data[:4])
        found[number] = data[4 : 4 + length]
        data = data[4 + length :]
    return found
