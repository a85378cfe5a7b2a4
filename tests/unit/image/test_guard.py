"""Which addresses an import may reach."""

import ipaddress

import pytest

from image.errors import UriRefused
from image.outside.guard import Guard


def guard(*addresses, **rules):
    return Guard(resolve=lambda host, port: addresses, **rules)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::",
    "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "64:ff9b::7f00:1", "fe80::1%eth0",
])  # fmt: skip
def test_the_inside_is_out_of_reach(address):
    with pytest.raises(UriRefused, match="public network"):
        guard(address).check("http://name.example/")
    with pytest.raises(UriRefused, match="public network"):
        guard("93.184.216.34", address).check("http://two-faced.example/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_the_world_is_in_reach(address):
    hop = guard(address).check("https://name.example/path?q=1")
    assert (hop.address, hop.port, hop.host) == (address, 443, "name.example")


def test_the_connection_goes_to_the_address_that_was_checked():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    hop = Guard(resolve=lambda host, port: next(answers)).check("http://rebinding.example/")
    assert hop.address == "93.184.216.34"


def test_operators_open_what_they_trust():
    networks = [ipaddress.ip_network("10.1.0.0/16")]
    assert guard("10.1.2.3", networks=networks).check("http://mirror/").address == "10.1.2.3"
    with pytest.raises(UriRefused):
        guard("10.2.2.3", networks=networks).check("http://mirror/")


@pytest.mark.parametrize("host", ["bad.example", "BAD.example", "bad.example."])
def test_names_are_compared_as_names(host):
    with pytest.raises(UriRefused, match="not allowed"):
        guard("93.184.216.34", disallowed_hosts=["bad.example"]).check(f"http://{host}/")


def test_a_name_nobody_knows():
    def fail(host, port):
        raise OSError("unknown")

    with pytest.raises(UriRefused, match="not known"):
        Guard(resolve=fail).check("http://nobody.example/")
