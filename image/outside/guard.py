"""Which addresses an import may reach: never the inside of the cloud because a user, a name server
or a redirect said so.

Every hop is checked: scheme, port, host, and each address that the host has; the connection then
goes to the checked address, so that a name that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from oslo_config import cfg

from image.errors import UriRefused

PORTS = {"http": 80, "https": 443}
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    "Addresses of a host."
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Hop:
    "One checked step of a download: where to connect, and for what."

    uri: str
    parts: SplitResult
    host: str
    port: int
    address: str


@dataclass
class Guard:
    "The operator's rules. `check` raises UriRefused, naming the URI and the rule."

    schemes: Sequence[str] = ("http", "https")
    ports: Sequence[str] = ()
    allowed_hosts: Sequence[str] = ()
    disallowed_hosts: Sequence[str] = ()
    networks: Sequence[Any] = ()
    resolve: Resolve = field(default=resolve)

    @classmethod
    def of(cls, config: cfg.ConfigOpts) -> Guard:
        "The rules in the configuration."
        rules = config.imports
        return cls(
            schemes=rules.allowed_schemes,
            ports=rules.allowed_ports,
            allowed_hosts=[h.lower() for h in rules.allowed_hosts],
            disallowed_hosts=[h.lower() for h in rules.disallowed_hosts],
            networks=[ipaddress.ip_network(n, strict=False) for n in rules.allowed_networks],
        )

    def check_form(self, uri: str) -> tuple[SplitResult, str, int]:
        "What can be said without asking a name server."
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise UriRefused(uri=uri, reason="it is not a valid URI.") from None
        if parts.scheme not in self.schemes or parts.scheme not in PORTS:
            raise UriRefused(uri=uri, reason="its scheme is not allowed.")
        if not host or any(c.isspace() or ord(c) < 32 for c in uri) or parts.username is not None:
            raise UriRefused(uri=uri, reason="it is not a valid URI.")
        number = port or PORTS[parts.scheme]
        if self.ports and str(number) not in self.ports:
            raise UriRefused(uri=uri, reason=f"port {number} is not allowed.")
        name = host.rstrip(".").lower()
        if name in self.disallowed_hosts or (self.allowed_hosts and name not in self.allowed_hosts):
            raise UriRefused(uri=uri, reason=f"host {name} is not allowed.")
        return parts, host, number

    def check(self, uri: str) -> Hop:
        "One hop, its address included."
        parts, host, port = self.check_form(uri)
        addresses = self._addresses(uri, host, port)
        for address in addresses:
            if not self._reachable(address):
                raise UriRefused(uri=uri, reason=f"host {host} is not on a public network.")
        return Hop(uri, parts, host, port, addresses[0])

    def trusted(self, uri: str) -> Hop:
        "One hop to an address of the operator's: only that it exists is asked."
        parts = urlsplit(uri)
        host = parts.hostname or ""
        port = parts.port or PORTS.get(parts.scheme, 80)
        return Hop(uri, parts, host, port, self._addresses(uri, host, port)[0])

    def _addresses(self, uri: str, host: str, port: int) -> Sequence[str]:
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise UriRefused(uri=uri, reason=f"host {host} is not known.")
        return addresses

    def _reachable(self, text: str) -> bool:
        address = ipaddress.ip_address(text.partition("%")[0])
        if any(address.version == n.version and address in n for n in self.networks):
            return True
        return all(_public(inner) for inner in _unwrapped(address))


def _public(address: Any) -> bool:
    return bool(address.is_global) and not address.is_multicast


def _unwrapped(address: Any) -> list[Any]:
    "The address, and the IPv4 addresses that IPv6 forms of it carry (mapped, 6to4, NAT64, Teredo)."
    found = [address]
    if address.version == 6:
        if address.ipv4_mapped:
            return [address.ipv4_mapped]
        if address.sixtofour:
            found.append(address.sixtofour)
        if address.teredo:
            found += list(address.teredo)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            found.append(ipaddress.ip_address(int(address) & 0xFFFFFFFF))
    return found
