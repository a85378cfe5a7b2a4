"IP protocols by the names that security group rules use (IANA's numbers)."

NUMBERS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
ONLY_V6 = frozenset((41, 43, 44, 58, 59, 60))
"Protocols that only rules of IPv6 may name."
PORTED = (6, 17, 33, 132, 136)
"Protocols whose rules may name ports."
ICMP = (1, 58)


def number(protocol: str | None) -> int | None:
    "The protocol's number, None for any. Raises KeyError for what is none."
    if protocol is None:
        return None
    if protocol.isdigit():
        if int(protocol) > 255:
            raise KeyError(protocol)
        return int(protocol)
    return NUMBERS[protocol]
