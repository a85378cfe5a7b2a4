"Prefixes, pools and addresses: pure rules."

import ipaddress
from types import SimpleNamespace

import pytest

from network import errors
from network.core import ipam, ranges, subnetpools
from network.core.plan.dhcp_names import option


@pytest.mark.parametrize(
    "cidr, gateway, expected",
    [
        ("10.0.0.0/24", "10.0.0.1", [("10.0.0.2", "10.0.0.254")]),
        ("10.0.0.0/24", "10.0.0.100", [("10.0.0.1", "10.0.0.99"), ("10.0.0.101", "10.0.0.254")]),
        ("10.0.0.0/24", None, [("10.0.0.1", "10.0.0.254")]),
        ("10.0.0.0/31", "10.0.0.0", [("10.0.0.1", "10.0.0.1")]),
        ("fd00::/64", "fd00::1", [("fd00::2", "fd00::ffff:ffff:ffff:ffff")]),
    ],
)
def test_default_pools_leave_out_the_gateway_and_the_edges(cidr, gateway, expected):
    pools = ranges.default_pools(ipaddress.ip_network(cidr), gateway)
    assert [(p["start"], p["end"]) for p in pools] == expected


@pytest.mark.parametrize(
    "pools, gateway, error",
    [
        ([("10.0.0.9", "10.0.0.2")], None, errors.InvalidAllocationPool),
        ([("10.0.0.2", "10.0.1.2")], None, errors.OutOfBoundsAllocationPool),
        ([("10.0.0.0", "10.0.0.9")], None, errors.OutOfBoundsAllocationPool),
        (
            [("10.0.0.2", "10.0.0.9"), ("10.0.0.9", "10.0.0.20")],
            None,
            errors.OverlappingAllocationPools,
        ),
        ([("10.0.0.1", "10.0.0.9")], "10.0.0.1", errors.GatewayConflictWithAllocationPools),
    ],
)
def test_bad_pools_are_refused(pools, gateway, error):
    with pytest.raises(error):
        ranges.check_pools(
            ipaddress.ip_network("10.0.0.0/24"), [{"start": a, "end": b} for a, b in pools], gateway
        )


def test_a_host_makes_its_address_of_its_mac():
    assert ipam.eui64("2001:db8::/64", "fa:16:3e:00:00:01") == "2001:db8::f816:3eff:fe00:1"


def test_neighbours_of_a_pool_are_joined_and_families_not_mixed():
    assert subnetpools.merged(["10.0.0.0/25", "10.0.0.128/25"]) == ["10.0.0.0/24"]
    with pytest.raises(errors.Invalid):
        subnetpools.merged(["10.0.0.0/8", "fd00::/64"])


@pytest.mark.parametrize(
    "address, good",
    [("10.0.0.0", False), ("10.0.0.255", False), ("10.0.0.7", True), ("10.1.0.7", False)],
)
def test_a_port_may_not_have_the_edges_of_its_prefix(address, good):
    assert ipam.usable(SimpleNamespace(cidr="10.0.0.0/24"), address) is good


def test_dhcp_options_get_the_names_of_ovn():
    assert option("dns-server", "1.1.1.1,2.2.2.2", 4) == ("dns_server", "{1.1.1.1, 2.2.2.2}")
    assert option("67", "pxe.0", 4) == ("bootfile_name", '"pxe.0"')
    assert option("no-such-option", "x", 4) is None
