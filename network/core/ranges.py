"Allocation pools: what a subnet gives out by itself. Prefixes."

from __future__ import annotations

import ipaddress
from typing import Any

from network import errors


def normalized(prefix: str | None) -> str | None:
    "The prefix without its host bits: what it means, whatever was sent."
    return None if prefix is None else str(ipaddress.ip_network(prefix, strict=False))


def default_pools(net: Any, gateway: str | None) -> list[dict[str, str]]:
    "Everything that a host may have, but the gateway."
    first, last = int(net[0]), int(net[-1])
    if net.version == 4 and net.prefixlen < 31:
        first, last = first + 1, last - 1
    elif net.version == 6 and net.prefixlen < 127:
        first += 1
    make = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
    spans = [(first, last)]
    if gateway:
        value = int(ipaddress.ip_address(gateway))
        if first <= value <= last:
            spans = [(first, value - 1), (value + 1, last)]
    return [{"start": str(make(a)), "end": str(make(b))} for a, b in spans if a <= b]


def check_pools(net: Any, pools: list[dict[str, str]], gateway: str | None) -> list[dict[str, str]]:
    """The pools, sorted. Raises InvalidAllocationPool, OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
    GatewayConflictWithAllocationPools."""
    spans = []
    for pool in pools:
        start, end = ipaddress.ip_address(pool["start"]), ipaddress.ip_address(pool["end"])
        shown = f"{start}-{end}"
        if start.version != end.version or start.version != net.version or int(start) > int(end):
            raise errors.InvalidAllocationPool(pool=shown)
        low, high = net[0], net[-1]
        if net.version == 4 and net.prefixlen < 31:
            low, high = net[1], net[-2]
        elif net.version == 6 and net.prefixlen < 127:
            low = net[1]
        if int(start) < int(low) or int(end) > int(high):
            raise errors.OutOfBoundsAllocationPool(pool=shown, cidr=str(net))
        spans.append((int(start), int(end), shown))
    spans.sort()
    for (_, end_, one), (start_, _, two) in zip(spans, spans[1:], strict=False):
        if start_ <= end_:
            raise errors.OverlappingAllocationPools(pools=f"{one}, {two}", cidr=str(net))
    if gateway:
        value = int(ipaddress.ip_address(gateway))
        for first, last, shown in spans:
            if first <= value <= last:
                raise errors.GatewayConflictWithAllocationPools(ip_address=gateway, pool=shown)
    make = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
    return [{"start": str(make(a)), "end": str(make(b))} for a, b, _ in spans]
