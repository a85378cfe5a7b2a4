"One network: between hosts, security groups, spoofing, bandwidth, VLANs, trunks."

import time

import pytest

from tests.e2e.network import traffic
from tests.e2e.network.namespaces import until

PORT = 8000
OPEN = {"protocol": "tcp", "port_range_min": PORT, "port_range_max": PORT}


def quiet(check, seconds=3):
    "`check()` stays false: asked again and again for a while."
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not check()
        time.sleep(0.05)


def test_default_group_lets_its_members_talk_across_hosts_and_nobody_else(cloud):
    net = cloud.network()
    one, two = cloud.guest(net, "a"), cloud.guest(net, "b")
    stranger = cloud.guest(net, "b", security_groups=[cloud.group()["id"]])
    assert one.pings(two) and two.pings(one)
    assert stranger.pings(one, tries=2) is False
    with one.serves(PORT):
        assert two.asks(one, PORT) == (one.name, two.address)
        assert stranger.asks(one, PORT) is None


def test_a_rule_opens_and_its_removal_closes_also_for_connections_that_live(cloud):
    net, group = cloud.network(), cloud.group()
    server = cloud.guest(net, "a", security_groups=[group["id"]])
    client = cloud.guest(net, "b")
    with server.serves(PORT):
        assert client.asks(server, PORT) is None
        rule = cloud.rule(group, **OPEN, remote_ip_prefix="10.1.0.0/24")
        until(lambda: client.asks(server, PORT), "the rule does not open")
        assert not client.pings(server, tries=2), "only TCP was allowed"
        with traffic.connect(client.space, server.address, PORT) as link:
            assert link.recv(100)
            link.send(b"alive")
            assert link.recv(100) == b"alive"
            cloud.service.drop(f"security-group-rules/{rule['id']}")
            until(lambda: client.asks(server, PORT) is None, "the port does not close")
            link.settimeout(1)

            def silent():
                try:
                    link.send(b"still")
                    return not link.recv(100)
                except OSError:
                    return True

            until(silent, "the old connection lives on")


def test_stateful_groups_let_answers_in_and_stateless_ones_do_not(cloud):
    net = cloud.network()
    stateful, stateless = cloud.group(), cloud.group(stateful=False)
    for group in (stateful, stateless):
        # Nothing may come in by itself.
        assert [r["direction"] for r in group["security_group_rules"]] == ["egress", "egress"]
    open_group = cloud.group(OPEN)
    server = cloud.guest(net, "b", security_groups=[open_group["id"]])
    tracked = cloud.guest(net, "a", security_groups=[stateful["id"]])
    untracked = cloud.guest(net, "a", security_groups=[stateless["id"]])
    with server.serves(PORT):
        until(lambda: tracked.asks(server, PORT), "an answer to a tracked connection is let in")
        assert untracked.asks(server, PORT) is None
        cloud.rule(stateless, protocol="tcp", port_range_min=1024, port_range_max=65535)
        until(lambda: untracked.asks(server, PORT), "its answers are allowed by a rule")


def test_remote_group_and_remote_address_group(cloud):
    net, clients = cloud.network(), cloud.group()
    prefixes = cloud.service.make("address_group", name="e2e", addresses=[])
    server_group = cloud.group({"protocol": "tcp", "remote_group_id": clients["id"]})
    cloud.rule(server_group, protocol="udp", remote_address_group_id=prefixes["id"])
    server = cloud.guest(net, "a", security_groups=[server_group["id"]])
    member = cloud.guest(net, "b", security_groups=[clients["id"]])
    other = cloud.guest(net, "b")
    with server.serves(PORT), server.serves(PORT, udp=True):
        until(lambda: member.asks(server, PORT), "a member of the remote group")
        assert other.asks(server, PORT) is None
        assert other.asks(server, PORT, udp=True) is None
        path = f"address-groups/{prefixes['id']}"
        change = {"addresses": [f"{other.address}/32"]}
        cloud.service.call("PUT", f"{path}/add_addresses", change)
        until(lambda: other.asks(server, PORT, udp=True), "a member of the address group")
        assert member.asks(server, PORT, udp=True) is None
        # Who joins the group gets in, who leaves it stays out.
        for groups, lets_in in (([clients["id"]], True), ([], False)):
            cloud.service.change("port", other.port["id"], security_groups=groups)
            until(lambda want=lets_in: bool(other.asks(server, PORT)) == want, f"{groups}")


def test_rules_by_icmp_type_and_port_range(cloud):
    net = cloud.network()
    group = cloud.group({"protocol": "icmp", "port_range_min": 8, "port_range_max": 0})
    cloud.rule(group, protocol="udp", port_range_min=PORT, port_range_max=PORT + 1)
    server = cloud.guest(net, "a", security_groups=[group["id"]])
    client = cloud.guest(net, "b")
    until(lambda: client.pings(server), "echo requests are allowed")
    for port, lets_in in ((PORT, True), (PORT + 1, True), (PORT + 2, False)):
        with server.serves(port, udp=True):
            assert bool(client.asks(server, port, udp=True)) == lets_in


def test_nobody_speaks_with_a_foreign_address_unless_the_port_allows_it(cloud):
    net, foreign = cloud.network(), "10.1.0.250"
    everything = cloud.group({}, {"ethertype": "IPv6"})["id"]
    server = cloud.guest(net, "b", security_groups=[everything])
    client = cloud.guest(net, "a", security_groups=[everything])
    client.space.ip("addr", "add", f"{foreign}/24", "dev", "eth0")

    def spoofed():
        return client.asks(server, PORT, source=foreign)

    with server.serves(PORT):
        assert until(lambda: client.asks(server, PORT), "its own address")
        quiet(spoofed)
        pair = [{"ip_address": foreign}]
        cloud.service.change("port", client.port["id"], allowed_address_pairs=pair)
        assert until(spoofed, "an allowed address pair")[1] == foreign
        cloud.service.change("port", client.port["id"], allowed_address_pairs=[])
        until(lambda: not spoofed(), "the pair was taken away")
        off = {"port_security_enabled": False, "security_groups": []}
        cloud.service.change("port", client.port["id"], **off)
        assert until(spoofed, "without port security")[1] == foreign


def test_nobody_speaks_with_a_foreign_mac_address(cloud):
    net, mac, shared = cloud.network(), "00:00:5e:00:01:07", "10.1.0.250"  # as VRRP's
    everything = cloud.group({})["id"]
    server = cloud.guest(net, "b", security_groups=[everything])
    client = cloud.guest(net, "a", security_groups=[everything])
    assert client.pings(server)
    client.space.ip("link", "set", "eth0", "down")
    client.space.ip("link", "set", "eth0", "address", mac, "up")
    client.space.ip("addr", "replace", f"{shared}/24", "dev", "eth0")

    def heard():
        return client.asks(server, PORT, source=shared)

    with server.serves(PORT), client.serves(PORT):
        quiet(heard)
        pair = [{"ip_address": shared, "mac_address": mac}]
        cloud.service.change("port", client.port["id"], allowed_address_pairs=pair)
        assert until(heard, "an allowed pair of MAC and IP address")[1] == shared
        assert until(lambda: server.asks(shared, PORT), "and it can be reached")


def test_a_port_that_is_administratively_down_is_silent(cloud):
    net = cloud.network()
    one, two = cloud.guest(net, "a"), cloud.guest(net, "b")
    assert one.pings(two)
    for up in (False, True):
        cloud.service.change("port", two.port["id"], admin_state_up=up)
        until(lambda want=up: one.pings(two, tries=1) == want, f"admin_state_up={up}")


@pytest.mark.parametrize("direction", ["egress", "ingress"])
def test_a_bandwidth_limit_holds(cloud, direction):
    net = cloud.network()
    everything = cloud.group({})["id"]
    sender = cloud.guest(net, "a", security_groups=[everything])
    receiver = cloud.guest(net, "b", security_groups=[everything])
    assert sender.pings(receiver)
    limited = sender if direction == "egress" else receiver
    kbps, seconds = 2000, 3.0

    def sent():
        "Mbit/s that arrive of a UDP stream that offers 16 Mbit/s."
        with receiver.serves(PORT, udp=True) as server:
            sock = sender.space.inside(
                lambda: traffic.socket.socket(traffic.socket.AF_INET, traffic.socket.SOCK_DGRAM)
            )
            with sock:
                begun = time.monotonic()
                while time.monotonic() < begun + seconds:
                    sock.sendto(bytes(1000), (receiver.address, PORT))
                    time.sleep(0.0005)
                took = time.monotonic() - begun
            time.sleep(0.3)  # what is on the way arrives
            return server.received * 8 / took / 1e6

    free = sent()
    assert free > 4, f"the rig carries only {free:.1f} Mbit/s"
    policy = cloud.service.call("POST", "qos/policies", {"policy": {"name": "e2e"}})["policy"]
    rule = {"max_kbps": kbps, "max_burst_kbps": 200, "direction": direction}
    path = f"qos/policies/{policy['id']}"
    cloud.service.call("POST", f"{path}/bandwidth_limit_rules", {"bandwidth_limit_rule": rule})
    try:
        cloud.service.change("port", limited.port["id"], qos_policy_id=policy["id"])
        cloud.settle()
        measured = sent()
        assert measured < 1.4 * kbps / 1000, f"{measured:.1f} Mbit/s of 2"
        assert measured > 0.3 * kbps / 1000, f"{measured:.1f} Mbit/s of 2"
        cloud.service.change("port", limited.port["id"], qos_policy_id=None)
        cloud.settle()
        assert sent() > 4
    finally:
        cloud.service.change("port", limited.port["id"], qos_policy_id=None)
        cloud.service.drop(path)


def test_a_vlan_network_joins_the_hosts_by_its_tag(cloud):
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "public"}
    nets = [cloud.network(**vlan, **{"provider:segmentation_id": tag}) for tag in (101, 102)]
    one, two = cloud.guest(nets[0], "a"), cloud.guest(nets[0], "b")
    other = cloud.guest(nets[1], "b", fixed_ips=[{"ip_address": "10.1.0.99"}])
    assert one.pings(two)
    assert not one.pings(other, tries=2), "the other VLAN is another network"


def test_a_subport_of_a_trunk_is_a_vlan_of_its_parent(cloud):
    outer, inner = cloud.network(), cloud.network("10.2.0.0/24")
    parent = cloud.guest(outer, "a")
    peer = cloud.guest(inner, "b")
    port = cloud.service.make("port", network_id=inner["id"])
    sub = {"port_id": port["id"], "segmentation_type": "vlan", "segmentation_id": 7}
    trunk = cloud.service.make("trunk", port_id=parent.port["id"], sub_ports=[sub])
    try:
        # The kernel here has no VLAN devices: the tag is put on by hand.
        mine = port["fixed_ips"][0]["ip_address"]
        asked = traffic.arp_in_vlan(parent.space, 7, port["mac_address"], mine, peer.address)
        assert until(asked, "nobody answers in the VLAN") == peer.port["mac_address"]
        port = cloud.service.call("GET", f"ports/{port['id']}")["port"]
        assert (port["status"], port["device_owner"]) == ("ACTIVE", "trunk:subport")
    finally:
        cloud.service.drop(f"trunks/{trunk['id']}")
        cloud.service.drop(f"ports/{port['id']}")
