"Routers: between networks, SNAT, floating IPs, port forwarding, IPv6, extra routes, names."

from tests.e2e.network import traffic
from tests.e2e.network.fabric import OUTSIDE_V4, OUTSIDE_V6
from tests.e2e.network.namespaces import until

PORT = 8000
OPEN = {"protocol": "tcp", "port_range_min": 1, "port_range_max": 65535}
PING = {"protocol": "icmp"}


def asks(space, target, port=PORT, **more):
    "Until somebody answers; what he says."
    return until(lambda: traffic.ask(space, target, port, **more), f"{target}:{port} is silent")


def test_a_router_joins_networks_on_two_hosts(cloud):
    nets = [cloud.network(), cloud.network("10.2.0.0/24")]
    router = cloud.router(*(n["subnet"] for n in nets), gateway=False)
    group = cloud.group(OPEN, PING)["id"]
    one = cloud.guest(nets[0], "a", security_groups=[group])
    two = cloud.guest(nets[1], "b", security_groups=[group])
    assert until(lambda: one.pings(two), "routing between networks")
    with two.serves(PORT):
        assert asks(one.space, two.address) == (two.name, one.address)
    cloud.service.change("router", router["id"], admin_state_up=False)
    until(lambda: not one.pings(two, tries=1), "a router that is down routes nothing")
    cloud.service.change("router", router["id"], admin_state_up=True)
    until(lambda: one.pings(two, tries=1), "up again")


def test_snat_shows_the_gateways_address_outside(cloud):
    net = cloud.network()
    router = cloud.router(net["subnet"])
    outer = router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    guests = [cloud.guest(net, host) for host in "ab"]
    with traffic.serving(cloud.outside, "world", PORT):
        for guest in guests:
            assert asks(guest.space, OUTSIDE_V4) == ("world", outer)
        without = {"network_id": cloud.external["id"], "enable_snat": False}
        cloud.service.change("router", router["id"], external_gateway_info=without)
        until(lambda: not guests[0].asks(OUTSIDE_V4, PORT), "without SNAT nobody outside answers")
        route = ("10.1.0.0/24", "via", outer)
        cloud.outside.ip("route", "add", *route)
        try:
            assert asks(guests[1].space, OUTSIDE_V4) == ("world", guests[1].address)
        finally:
            cloud.outside.ip("route", "del", *route)


def test_a_floating_ip_leads_in_and_out_and_elsewhere_when_it_moves(cloud):
    net = cloud.network()
    cloud.router(net["subnet"])
    group = cloud.group(OPEN, PING)["id"]
    one = cloud.guest(net, "a", security_groups=[group])
    two = cloud.guest(net, "b", security_groups=[group])
    floating = cloud.floating(one)
    address, path = floating["floating_ip_address"], f"floatingips/{floating['id']}"
    assert floating["status"] in ("ACTIVE", "DOWN")
    with one.serves(PORT), two.serves(PORT), traffic.serving(cloud.outside, "world", PORT):
        assert asks(cloud.outside, address) == (one.name, OUTSIDE_V4)
        assert traffic.ping(cloud.outside, address, tries=5)
        assert asks(one.space, OUTSIDE_V4) == ("world", address), "out by its own address"
        assert cloud.service.call("GET", path)["floatingip"]["status"] == "ACTIVE"
        # A neighbour reaches it by the floating IP as well.
        assert asks(two.space, address)[0] == one.name
        cloud.service.change("floatingip", floating["id"], port_id=two.port["id"])
        until(lambda: asks(cloud.outside, address)[0] == two.name, "it leads to the other guest")
        until(lambda: asks(one.space, OUTSIDE_V4)[1] != address, "the first guest lost it")
        cloud.service.change("floatingip", floating["id"], port_id=None)
        until(lambda: not traffic.ask(cloud.outside, address, PORT), "it leads nowhere")
        assert cloud.service.call("GET", path)["floatingip"]["status"] == "DOWN"


def test_floating_ips_of_two_routers_reach_each_other(cloud):
    nets = [cloud.network(), cloud.network()]  # the same addresses twice
    group = cloud.group(OPEN)["id"]
    guests, addresses = [], []
    for net, host in zip(nets, "ab", strict=True):
        cloud.router(net["subnet"])
        guests.append(cloud.guest(net, host, security_groups=[group]))
        addresses.append(cloud.floating(guests[-1])["floating_ip_address"])
    with guests[0].serves(PORT):
        assert asks(guests[1].space, addresses[0]) == (guests[0].name, addresses[1])


def test_port_forwarding_leads_to_the_port_that_it_names(cloud):
    net = cloud.network()
    cloud.router(net["subnet"])
    group = cloud.group(OPEN, {"protocol": "udp"})["id"]
    one = cloud.guest(net, "a", security_groups=[group])
    two = cloud.guest(net, "b", security_groups=[group])
    floating = cloud.floating()
    path = f"floatingips/{floating['id']}/port_forwardings"

    def forward(guest, external, internal, protocol):
        wish = {"internal_port_id": guest.port["id"], "internal_ip_address": guest.address}
        wish |= {"external_port": external, "internal_port": internal, "protocol": protocol}
        return cloud.service.call("POST", path, {"port_forwarding": wish})["port_forwarding"]

    made = [
        forward(one, 2201, PORT, "tcp"),
        forward(two, 2202, PORT, "tcp"),
        forward(two, 5300, 53, "udp"),
    ]
    address = floating["floating_ip_address"]
    with one.serves(PORT), two.serves(PORT), two.serves(53, udp=True):
        assert asks(cloud.outside, address, 2201)[0] == one.name
        assert asks(cloud.outside, address, 2202)[0] == two.name
        assert asks(cloud.outside, address, 5300, udp=True)[0] == two.name
        assert traffic.ask(cloud.outside, address, PORT) is None
        change = {"port_forwarding": {"external_port": 2299}}
        cloud.service.call("PUT", f"{path}/{made[0]['id']}", change)
        assert asks(cloud.outside, address, 2299)[0] == one.name
        assert traffic.ask(cloud.outside, address, 2201) is None
        cloud.service.drop(f"{path}/{made[0]['id']}")
        until(lambda: not traffic.ask(cloud.outside, address, 2299), "it still leads in")
        assert asks(cloud.outside, address, 2202)[0] == two.name


def test_an_extra_route_leads_through_a_guest(cloud):
    nets = [cloud.network(), cloud.network("10.2.0.0/24")]
    router = cloud.router(*(n["subnet"] for n in nets), gateway=False)
    group = cloud.group(PING)["id"]
    client = cloud.guest(nets[0], "a", security_groups=[group])
    hop = cloud.guest(nets[1], "b", security_groups=[], port_security_enabled=False)
    hop.space.ip("addr", "add", "192.168.77.1/32", "dev", "lo")
    assert not client.pings("192.168.77.1", tries=2)
    route = {"routes": [{"destination": "192.168.77.0/24", "nexthop": hop.address}]}
    path = f"routers/{router['id']}"
    cloud.service.call("PUT", f"{path}/add_extraroutes", {"router": route})
    until(lambda: client.pings("192.168.77.1"), "the route")
    cloud.service.call("PUT", f"{path}/remove_extraroutes", {"router": route})
    until(lambda: not client.pings("192.168.77.1", tries=1), "the route goes")


def test_ipv6_is_routed_out_without_translation(cloud):
    net = cloud.network(None)
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnet = cloud.subnet(net, "2001:db8:7::/64", **modes)
    router = cloud.router(subnet)
    outer = [f["ip_address"] for f in router["external_gateway_info"]["external_fixed_ips"]]
    outer = next(a for a in outer if ":" in a)
    group = cloud.group({"ethertype": "IPv6"})["id"]
    guest = cloud.guest(net, "b", lease=False, security_groups=[group])
    until(guest.space.addresses, "no router advertisement took effect")
    cloud.outside.ip("-6", "route", "add", "2001:db8:7::/64", "via", outer)
    try:
        with traffic.serving(cloud.outside, "world", PORT):
            assert asks(guest.space, OUTSIDE_V6) == ("world", guest.address)
        with guest.serves(PORT):
            assert asks(cloud.outside, guest.address) == (guest.name, OUTSIDE_V6)
    finally:
        cloud.outside.ip("-6", "route", "del", "2001:db8:7::/64")


def test_guests_find_each_other_by_name(cloud):
    net = cloud.network(dns_domain="corp.example.")
    cloud.router(net["subnet"], gateway=False)
    client = cloud.guest(net, "a")
    server = cloud.guest(net, "b", dns_name="db")
    query = bytes.fromhex("abcd01000001000000000000") + b"\x02db\x04corp\x07example\0\0\1\0\1"

    def asked():
        make = traffic.socket.socket
        with client.space.inside(
            lambda: make(traffic.socket.AF_INET, traffic.socket.SOCK_DGRAM)
        ) as sock:
            sock.settimeout(traffic.WAIT_S)
            sock.sendto(query, ("192.0.2.53", 53))  # whatever server it asks, OVN answers
            try:
                return sock.recv(600)
            except TimeoutError:
                return b""

    answer = until(asked, "no answer by OVN's DNS")
    assert answer[:2] == query[:2] and answer.endswith(traffic.socket.inet_aton(server.address))
