"Guests get their addresses, routes and MTU from OVN: DHCP, DHCPv6, router advertisements."

from tests.e2e.network import dhcp
from tests.e2e.network.namespaces import until
from tests.e2e.network.traffic import ping


def test_dhcp_gives_what_the_subnet_says(cloud):
    net = cloud.network(None, mtu=1400, dns_domain="corp.example.")
    routes = [{"destination": "10.99.0.0/16", "nexthop": "10.1.0.77"}]
    cloud.subnet(net, "10.1.0.0/24", dns_nameservers=["192.0.2.1", "192.0.2.2"], host_routes=routes)
    extra = [{"opt_name": "bootfile-name", "opt_value": "pxe.0"}]
    guest = cloud.guest(net, extra_dhcp_opts=extra)
    lease = guest.lease()
    assert lease.address == guest.address
    assert lease.number(dhcp.MTU) == 1400 and lease.number(dhcp.LEASE) == 43200
    assert lease.addresses(dhcp.ROUTER) == ["10.1.0.1"]
    assert lease.addresses(dhcp.DNS) == ["192.0.2.1", "192.0.2.2"]
    assert lease.options[dhcp.DOMAIN].decode() == "corp.example"
    assert lease.options[dhcp.BOOTFILE].decode() == "pxe.0"
    told = lease.routes()
    assert told["10.99.0.0/16"] == "10.1.0.77" and told["0.0.0.0/0"] == "10.1.0.1"
    assert "169.254.169.254/32" in told


def test_no_dhcp_where_it_is_switched_off(cloud):
    net = cloud.network(None)
    cloud.subnet(net, "10.1.0.0/24", enable_dhcp=False)
    assert dhcp.lease4(cloud.guest(net, lease=False).space, seconds=3) is None


def test_dhcpv6_gives_the_address_that_the_api_chose(cloud):
    net = cloud.network(None)
    modes = {"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}
    cloud.subnet(net, "2001:db8:1::/64", dns_nameservers=["2001:db8::53"], **modes)
    lease = dhcp.lease6(cloud.guest(net, lease=False).space)
    assert lease is not None, "no DHCPv6 answer"
    assert lease.address == cloud.guests[0].address
    assert lease.addresses(dhcp.DNS6) == ["2001:db8::53"]


def test_slaac_makes_the_address_that_the_api_foretold(cloud):
    net = cloud.network(None, mtu=1350)
    modes = {"ipv6_ra_mode": "dhcpv6-stateless", "ipv6_address_mode": "dhcpv6-stateless"}
    subnet = cloud.subnet(net, "2001:db8:2::/64", dns_nameservers=["2001:db8::53"], **modes)
    cloud.router(subnet, gateway=False)
    one, two = cloud.guest(net, lease=False), cloud.guest(net, "b", lease=False)

    for guest in (one, two):
        until(guest.space.addresses, "no router advertisement took effect")
        assert guest.space.addresses() == [guest.address]
        assert "default via fe80::" in guest.space.ip("-6", "route", "show")
        assert guest.space.exec("cat", "/proc/sys/net/ipv6/conf/eth0/mtu").strip() == "1350"
    lease = dhcp.lease6(one.space, stateless=True)
    assert lease is not None and lease.addresses(dhcp.DNS6) == ["2001:db8::53"]
    assert until(lambda: one.pings(two, tries=1), "IPv6 between two hosts")


def test_a_packet_of_exactly_the_mtu_crosses_the_hosts(cloud):
    net = cloud.network()
    assert net["mtu"] == 1442
    one = cloud.guest(net, "a", security_groups=[], port_security_enabled=False)
    two = cloud.guest(net, "b", security_groups=[], port_security_enabled=False)
    assert one.lease().number(dhcp.MTU) == 1442
    assert one.pings(two, size=1442 - 28, df=True)
    assert not ping(one.space, two.address, size=1443 - 28, df=True)
