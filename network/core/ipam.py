"""Choosing addresses. Nothing is locked: two requests that choose the same address meet at the
primary key of the
allocations, and the later one chooses again (`Deps.write`).
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Sequence
from typing import Any

from network import errors
from network.store import ipam as store
from network.store.models import Allocation, Port, Subnet

_PROBES = 8
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_random = random.SystemRandom()


def is_auto(subnet: Subnet) -> bool:
    "Whether the address follows from the MAC address (RFC 4862): SLAAC and stateless DHCPv6."
    return subnet.ipv6_address_mode in ("slaac", "dhcpv6-stateless")


def eui64(cidr: str, mac: str) -> str:
    "The address in `cidr` that a host with `mac` gives itself (RFC 4291, appendix A)."
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    low = int.from_bytes(bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]]), "big")
    return str(ipaddress.ip_network(cidr)[low])


def canonical(address: str) -> str:
    "The one spelling of an address that the tables know."
    return str(ipaddress.ip_address(address))


def contains(cidr: str, address: str) -> bool:
    "Whether the address lies in the prefix."
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def usable(subnet: Subnet, address: str) -> bool:
    """Whether a port may have the address: in the prefix, and neither its network nor its
    broadcast address."""
    net, value = ipaddress.ip_network(subnet.cidr), ipaddress.ip_address(address)
    if value not in net:
        return False
    if net.num_addresses <= 2:
        return True
    if net.version == 4:
        return value not in (net.network_address, net.broadcast_address)
    return value != net.network_address


def pool_bounds(pools: Iterable[dict[str, str]]) -> list[tuple[int, int]]:
    "The pools as pairs of integers."
    return [
        (int(ipaddress.ip_address(p["start"])), int(ipaddress.ip_address(p["end"]))) for p in pools
    ]


def size(pools: Iterable[dict[str, str]]) -> int:
    "How many addresses the pools hold."
    return sum(last - first + 1 for first, last in pool_bounds(pools))


def choose(session: Any, subnet: Subnet) -> str | None:
    """A free address of the subnet's pools, None when there is none. Some at random are tried with
    one query, so that a full list is
    read only when the subnet is nearly full; 'none' is only said after having read it."""
    bounds = pool_bounds(subnet.allocation_pools)
    total = sum(last - first + 1 for first, last in bounds)
    make = ipaddress.IPv4Address if subnet.ip_version == 4 else ipaddress.IPv6Address
    if total > 4 * _PROBES:
        tried = [str(make(_nth(bounds, _random.randrange(total)))) for _ in range(_PROBES)]
        used = store.taken_among(session, subnet.network_id, tried)
        for address in tried:
            if address not in used:
                return address
    return _first_free(session, subnet, bounds, make)


def _nth(bounds: Sequence[tuple[int, int]], n: int) -> int:
    for first, last in bounds:
        if n <= last - first:
            return first + n
        n -= last - first + 1
    raise IndexError(n)


def _first_free(
    session: Any, subnet: Subnet, bounds: Sequence[tuple[int, int]], make: Any
) -> str | None:
    used = {int(ipaddress.ip_address(a)) for a in store.taken(session, subnet.id)}
    free: list[int] = []
    for first, last in bounds:
        # A pool larger than what is taken has a free address among its first len(used) + 16.
        for value in range(first, min(last, first + len(used) + 16) + 1):
            if value not in used:
                free.append(value)
        if len(free) > 64:
            break
    return str(make(_random.choice(free[:64]))) if free else None


def allocate(
    session: Any, port: Port, subnets: Sequence[Subnet], wanted: Sequence[dict[str, str]] | None
) -> list[Allocation]:
    """Addresses for a new port. `wanted` None: one of the IPv4 and one of the IPv6 subnets that
    have one left, and one of each
    autoconfigured subnet. An entry names a subnet, an address, or both.

    Raises IpAddressGenerationFailure, IpAddressAlreadyAllocated, InvalidIpForSubnet,
    InvalidIpForNetwork, Invalid, SubnetNotFound.
    """
    if wanted is None:
        chosen = _automatic(session, port, [s for s in subnets if _serves(s, port.device_owner)])
    else:
        chosen = [_requested(session, port, subnets, entry) for entry in wanted]
        chosen += _advertised(port, subnets, chosen)
    seen: set[str] = set()
    for _, address in chosen:
        if address in seen:
            raise errors.Invalid(
                field="fixed_ips", value=address, reason=f"duplicate address {address}"
            )
        seen.add(address)
    return [
        Allocation(network_id=port.network_id, ip_address=address, subnet_id=subnet.id, position=n)
        for n, (subnet, address) in enumerate(chosen)
    ]


def _serves(subnet: Subnet, device_owner: str) -> bool:
    types = subnet.service_types
    return not types or any(device_owner == t or device_owner.startswith(t) for t in types)


def _automatic(session: Any, port: Port, subnets: Sequence[Subnet]) -> list[tuple[Subnet, str]]:
    if not subnets:
        return []
    # A subnet for this kind of device comes before those for any.
    subnets = sorted(subnets, key=lambda s: not s.service_types)
    chosen: list[tuple[Subnet, str]] = []
    for version in (4, 6):
        candidates = [s for s in subnets if s.ip_version == version and not is_auto(s)]
        if not candidates:
            continue
        for subnet in candidates:
            address = choose(session, subnet)
            if address:
                chosen.append((subnet, address))
                break
        else:
            raise errors.IpAddressGenerationFailure(net_id=port.network_id)
    if port.device_owner != "network:router_gateway":
        chosen += [
            (s, eui64(s.cidr, port.mac_address))
            for s in subnets
            if s.ip_version == 6 and is_auto(s)
        ]
    return chosen


def _requested(
    session: Any, port: Port, subnets: Sequence[Subnet], entry: dict[str, str]
) -> tuple[Subnet, str]:
    address = canonical(entry["ip_address"]) if entry.get("ip_address") else None
    if "subnet_id" in entry:
        subnet = next((s for s in subnets if s.id == entry["subnet_id"]), None)
        if subnet is None:
            raise errors.Invalid(
                field="fixed_ips",
                value=entry["subnet_id"],
                reason=(
                    f"Failed to create port on network {port.network_id}, because fixed_ips "
                    f"included invalid subnet "
                    f"{entry['subnet_id']}"
                ),
            )
    elif address:
        subnet = next((s for s in subnets if contains(s.cidr, address)), None)
        if subnet is None:
            raise errors.InvalidIpForNetwork(ip_address=address)
    else:
        raise errors.Invalid(
            field="fixed_ips", value="", reason="IP allocation requires subnet_id or ip_address"
        )
    router = port.device_owner.startswith("network:router")
    if address is None:
        if is_auto(subnet) and not router:
            return subnet, eui64(subnet.cidr, port.mac_address)
        address = choose(session, subnet)
        if address is None:
            raise errors.IpAddressGenerationFailure(net_id=port.network_id)
        return subnet, address
    if not usable(subnet, address) and not (router and contains(subnet.cidr, address)):
        raise errors.InvalidIpForSubnet(ip_address=address)
    if is_auto(subnet) and not router and address != eui64(subnet.cidr, port.mac_address):
        raise errors.Invalid(
            field="fixed_ips",
            value=address,
            reason=(
                f"IPv6 address {address} can not be directly assigned to a port on subnet "
                f"{subnet.id} since the subnet is "
                "configured for automatic addresses"
            ),
        )
    if store.taken_among(session, port.network_id, [address]):
        raise errors.IpAddressAlreadyAllocated(ip=address, subnet_id=subnet.id)
    return subnet, address


def _advertised(
    port: Port, subnets: Sequence[Subnet], chosen: list[tuple[Subnet, str]]
) -> list[tuple[Subnet, str]]:
    # A host takes an address of every prefix that a router advertises, asked or not: the port must
    # own it.
    if (
        not chosen
        or port.device_owner.startswith("network:")
        or not any(s.ip_version == 6 for s, _ in chosen)
    ):
        return []
    have = {s.id for s, _ in chosen}
    return [
        (s, eui64(s.cidr, port.mac_address))
        for s in subnets
        if is_auto(s) and s.ipv6_ra_mode and s.id not in have and any(is_auto(c) for c, _ in chosen)
    ]


def random_mac(base: str) -> str:
    "A MAC address with the first three bytes of `base`."
    return ":".join([*base.split(":")[:3], *(f"{_random.randrange(256):02x}" for _ in range(3))])
