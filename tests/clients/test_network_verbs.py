"""The `openstack` client and openstacksdk against the network service of a running cloud: each verb
that it has a resource for, as a person or a program says it."""

import openstack
import pytest
from openstack import exceptions

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(300)]


@pytest.fixture
def net(demo, mark, after):
    "A network with a subnet of IPv4."
    demo.json(f"network create {mark}")
    after(demo, f"network delete {mark}")
    demo.json(f"subnet create --network {mark} --subnet-range 10.91.0.0/24 {mark}-4")
    return mark


def names(rows):
    return {row["Name"] for row in rows}


def test_networks_and_subnets(demo, admin, mark, after):
    made = demo.json(f"network create --description first --mtu 1400 --tag red {mark}")
    after(demo, f"network delete {mark} {mark}-new")
    assert (made["mtu"], made["description"], made["tags"]) == (1400, "first", ["red"])
    assert made["status"] == "ACTIVE" and made["shared"] is False
    demo(f"network set --name {mark}-new --description second --tag blue {mark}")
    shown = demo.json(f"network show {mark}-new")
    assert shown["id"] == made["id"] and shown["description"] == "second"
    assert sorted(shown["tags"]) == ["blue", "red"] and shown["revision_number"] > 0
    demo(f"network unset --tag red {mark}-new")
    assert f"{mark}-new" in names(demo.json("network list --tags blue"))
    assert f"{mark}-new" not in names(demo.json("network list --tags red"))
    assert names(demo.json(f"network list --name {mark}-new --long")) == {f"{mark}-new"}

    four = demo.json(
        f"subnet create --network {mark}-new --subnet-range 10.92.0.0/24 --gateway 10.92.0.254 "
        f"--dns-nameserver 9.9.9.9 --allocation-pool start=10.92.0.10,end=10.92.0.99 "
        f"--host-route destination=10.0.0.0/8,gateway=10.92.0.1 {mark}-4"
    )
    assert four["gateway_ip"] == "10.92.0.254" and four["dns_nameservers"] == ["9.9.9.9"]
    assert four["allocation_pools"] == [{"start": "10.92.0.10", "end": "10.92.0.99"}]
    assert four["host_routes"] == [{"destination": "10.0.0.0/8", "nexthop": "10.92.0.1"}]
    six = demo.json(
        f"subnet create --network {mark}-new --ip-version 6 --subnet-range fd00:92::/64 "
        f"--ipv6-ra-mode slaac --ipv6-address-mode slaac {mark}-6"
    )
    assert (six["ipv6_ra_mode"], six["ip_version"]) == ("slaac", 6)
    demo(f"subnet set --no-dhcp --dns-nameserver 1.1.1.1 --name {mark}-four {mark}-4")
    shown = demo.json(f"subnet show {mark}-four")
    assert shown["enable_dhcp"] is False and set(shown["dns_nameservers"]) == {"9.9.9.9", "1.1.1.1"}
    demo(f"subnet unset --dns-nameserver 9.9.9.9 {mark}-four")
    assert demo.json(f"subnet show {mark}-four")["dns_nameservers"] == ["1.1.1.1"]
    assert names(demo.json(f"subnet list --network {mark}-new")) == {f"{mark}-four", f"{mark}-6"}
    assert names(demo.json(f"subnet list --network {mark}-new --ip-version 6")) == {f"{mark}-6"}
    overlap = demo(f"subnet create --network {mark}-new --subnet-range 10.92.0.0/25 x", fails=True)
    assert "10.92.0.0/25" in overlap and "overlap" in overlap

    demo(f"port create --network {mark}-new --fixed-ip subnet={mark}-four {mark}-p")
    in_use = demo(f"subnet delete {mark}-four", fails=True)
    assert "One or more ports have an IP allocation from this subnet" in in_use
    assert "in use" in demo(f"network delete {mark}-new", fails=True)
    demo(f"port delete {mark}-p")
    demo(f"subnet delete {mark}-four {mark}-6")
    demo(f"network delete {mark}-new")
    assert "No Network found" in demo(f"network show {mark}-new", fails=True)

    outside = admin.json(
        f"network create --external --provider-network-type geneve --share {mark}-x"
    )
    after(admin, f"network delete {mark}-x")
    assert outside["router:external"] is True and outside["provider:network_type"] == "geneve"
    assert f"{mark}-x" in names(demo.json("network list --external"))
    seen = demo.json(f"network show {mark}-x")
    assert seen.get("provider:network_type") is None, "how a network is carried is an operator's"


def test_ports(demo, admin, net, mark, after):
    made = demo.json(
        f"port create --network {net} --fixed-ip subnet={net}-4,ip-address=10.91.0.50 "
        f"--mac-address fa:16:3e:11:22:33 --description d --tag one --dns-name www "
        f"--allowed-address ip-address=10.91.0.77 --no-security-group {mark}-p"
    )
    after(demo, f"port delete {mark}-p {mark}-q")
    assert made["fixed_ips"][0]["ip_address"] == "10.91.0.50"
    assert made["mac_address"] == "fa:16:3e:11:22:33" and made["security_group_ids"] == []
    assert made["allowed_address_pairs"][0]["ip_address"] == "10.91.0.77"
    assert made["dns_assignment"][0]["hostname"] == "www" and made["status"] == "DOWN"
    demo(f"port set --fixed-ip ip-address=10.91.0.51 --security-group default --disable {mark}-p")
    shown = demo.json(f"port show {mark}-p")
    assert {a["ip_address"] for a in shown["fixed_ips"]} == {"10.91.0.50", "10.91.0.51"}
    assert len(shown["security_group_ids"]) == 1 and shown["admin_state_up"] is False
    demo(f"port unset --fixed-ip ip-address=10.91.0.50,subnet={net}-4 {mark}-p")
    demo(f"port set --no-allowed-address {mark}-p")
    shown = demo.json(f"port show {mark}-p")
    assert [a["ip_address"] for a in shown["fixed_ips"]] == ["10.91.0.51"]
    assert shown["allowed_address_pairs"] == []
    demo(f"port set --no-security-group --disable-port-security {mark}-p")
    assert demo.json(f"port show {mark}-p")["port_security_enabled"] is False
    assert f"{mark}-p" in names(demo.json(f"port list --network {net}"))
    found = demo.json(f"port list --fixed-ip ip-address=10.91.0.51,subnet={net}-4")
    assert names(found) == {f"{mark}-p"}
    assert names(demo.json("port list --mac-address fa:16:3e:11:22:33")) == {f"{mark}-p"}

    twice = demo(
        f"port create --network {net} --fixed-ip ip-address=10.91.0.51 {mark}-q", fails=True
    )
    assert "10.91.0.51" in twice and "already allocated" in twice
    beyond = demo(f"port create --network {net} --fixed-ip ip-address=8.8.8.8 {mark}-q", fails=True)
    assert "8.8.8.8" in beyond
    assert "Policy" in demo(f"port create --network {net} --host somewhere {mark}-q", fails=True)
    bound = admin.json(
        f"port create --network {net} --host nowhere --binding-profile a=b "
        f"--vnic-type normal {mark}-host"
    )
    after(admin, f"port delete {mark}-host")
    assert bound["binding_host_id"] == "nowhere" and bound["binding_profile"] == {"a": "b"}
    admin(f"port unset --binding-profile a --host {mark}-host")
    assert admin.json(f"port show {mark}-host")["binding_host_id"] in ("", None)
    demo(f"port delete {mark}-p")


def test_routers_floating_ips_and_forwardings(demo, net, mark, after):
    router = demo.json(f"router create --description way {mark}-r")
    after(demo, f"router delete {mark}-r")
    assert router["status"] == "ACTIVE"
    demo(f"router add subnet {mark}-r {net}-4")
    after(demo, f"router remove subnet {mark}-r {net}-4")
    demo(f"router set --external-gateway public {mark}-r")
    after(demo, f"router unset --external-gateway {mark}-r")
    shown = demo.json(f"router show {mark}-r")
    assert shown["external_gateway_info"]["enable_snat"] is True
    assert shown["interfaces_info"][0]["ip_address"] == "10.91.0.1"
    demo(f"router add route --route destination=10.99.0.0/24,gateway=10.91.0.9 {mark}-r")
    route = [{"destination": "10.99.0.0/24", "nexthop": "10.91.0.9"}]
    assert demo.json(f"router show {mark}-r")["routes"] == route
    demo(f"router remove route --route destination=10.99.0.0/24,gateway=10.91.0.9 {mark}-r")
    assert demo.json(f"router show {mark}-r")["routes"] == []
    assert f"{mark}-r" in names(demo.json("router list"))

    port = demo.json(f"port create --network {net} {mark}-p")
    after(demo, f"port delete {mark}-p")
    own = port["fixed_ips"][0]["ip_address"]
    floating = demo.json(f"floating ip create --port {mark}-p --description f public")
    address = floating["floating_ip_address"]
    after(demo, f"floating ip delete {address}")
    assert (floating["fixed_ip_address"], floating["port_id"]) == (own, port["id"])
    demo(f"floating ip unset --port {address}")
    assert demo.json(f"floating ip show {address}")["port_id"] is None
    demo(f"floating ip set --port {mark}-p {address}")
    listed = demo.json(f"floating ip list --port {mark}-p")
    assert [f["Floating IP Address"] for f in listed] == [address]
    demo(f"floating ip unset --port {address}")

    rule = demo.json(
        f"floating ip port forwarding create --internal-ip-address {own} --port {mark}-p "
        f"--internal-protocol-port 80 --external-protocol-port 8080 --protocol tcp {address}"
    )
    assert (rule["internal_port"], rule["external_port"]) == (80, 8080)
    demo(f"floating ip port forwarding set --external-protocol-port 8081 {address} {rule['id']}")
    shown = demo.json(f"floating ip port forwarding show {address} {rule['id']}")
    assert shown["external_port"] == 8081
    assert len(demo.json(f"floating ip port forwarding list {address}")) == 1
    demo(f"floating ip port forwarding delete {address} {rule['id']}")
    assert demo.json(f"floating ip port forwarding list {address}") == []
    demo(f"floating ip delete {address}")
    demo(f"router unset --external-gateway {mark}-r")
    assert "still has ports" in demo(f"router delete {mark}-r", fails=True)
    demo(f"router remove subnet {mark}-r {net}-4")
    demo(f"router add port {mark}-r {mark}-p")
    assert demo.json(f"port show {mark}-p")["device_owner"] == "network:router_interface"
    demo(f"router remove port {mark}-r {mark}-p")
    demo(f"router delete {mark}-r")


def test_security_groups_and_what_they_name(demo, admin, mark, after):
    group = demo.json(f"security group create --description web --stateful {mark}-g")
    after(demo, f"security group delete {mark}-g")
    assert len(group["rules"]) == 2, "what goes out is allowed, IPv4 and IPv6"
    demo(f"security group set --name {mark}-g --description www {mark}-g")
    hosts = demo.json(f"address group create --address 10.1.0.0/24 {mark}-a")
    after(demo, f"address group delete {mark}-a")
    demo(f"address group set --address 10.2.0.0/24 {mark}-a")
    assert sorted(demo.json(f"address group show {mark}-a")["addresses"]) == [
        "10.1.0.0/24",
        "10.2.0.0/24",
    ]
    demo(f"address group unset --address 10.1.0.0/24 {mark}-a")
    made = [
        demo.json(f"security group rule create {words} {mark}-g")
        for words in (
            "--protocol tcp --dst-port 22:23 --remote-ip 10.0.0.0/8",
            f"--protocol udp --dst-port 53 --remote-group {mark}-g --egress",
            f"--protocol tcp --dst-port 443 --remote-address-group {mark}-a",
            "--protocol icmp --icmp-type 8",
            "--ethertype IPv6 --protocol ipv6-icmp",
            "--protocol 112",
        )
    ]
    assert (made[0]["port_range_min"], made[0]["port_range_max"]) == (22, 23)
    assert made[1]["remote_group_id"] == group["id"] and made[1]["direction"] == "egress"
    assert made[2]["remote_address_group_id"] == hosts["id"]
    assert made[4]["ether_type"] == "IPv6"
    again = demo(
        "security group rule create --protocol tcp --dst-port 22:23 --remote-ip 10.0.0.0/8",
        f"{mark}-g",
        fails=True,
    )
    assert "already exists" in again
    listed = demo.json(f"security group rule list --protocol tcp {mark}-g")
    assert {r["ID"] for r in listed} == {made[0]["id"], made[2]["id"]}
    assert demo.json(f"security group rule show {made[3]['id']}")["protocol"] == "icmp"
    demo(f"security group rule delete {' '.join(r['id'] for r in made)}")
    assert len(demo.json(f"security group rule list {mark}-g")) == 2
    assert f"{mark}-g" in names(demo.json("security group list"))
    preset = admin.json("default security group rule create --protocol tcp --dst-port 65001")
    after(admin, f"default security group rule delete {preset['id']}")
    assert preset["id"] in {r["ID"] for r in admin.json("default security group rule list")}
    admin.json(f"default security group rule show {preset['id']}")


def test_qos_and_what_carries_it(demo, admin, net, mark, after):
    admin.json(f"network qos policy create --share {mark}-q")
    after(admin, f"network qos policy delete {mark}-q")
    limit = admin.json(
        "network qos rule create --type bandwidth-limit --max-kbps 3000 --max-burst-kbits 300 "
        f"--egress {mark}-q"
    )
    mark_rule = admin.json(f"network qos rule create --type dscp-marking --dscp-mark 26 {mark}-q")
    floor = admin.json(
        f"network qos rule create --type minimum-bandwidth --min-kbps 100 --egress {mark}-q"
    )
    admin(f"network qos rule set --max-kbps 4000 {mark}-q {limit['id']}")
    assert admin.json(f"network qos rule show {mark}-q {limit['id']}")["max_kbps"] == 4000
    rules = admin.json(f"network qos rule list {mark}-q")
    assert {r["ID"] for r in rules} == {limit["id"], mark_rule["id"], floor["id"]}
    types = {t["Type"] for t in admin.json("network qos rule type list")}
    assert {"bandwidth_limit", "dscp_marking", "minimum_bandwidth"} <= types
    admin.json("network qos rule type show bandwidth_limit")
    admin(f"network set --qos-policy {mark}-q {net}")
    shown = demo.json(f"network show {net}")
    assert shown["qos_policy_id"]
    assert "is used by network" in admin(f"network qos policy delete {mark}-q", fails=True)
    admin(f"network set --no-qos-policy {net}")
    admin(f"network qos rule delete {mark}-q {mark_rule['id']}")
    admin(f"network qos policy set --no-share --description slow {mark}-q")
    assert admin.json(f"network qos policy show {mark}-q")["description"] == "slow"
    assert f"{mark}-q" in names(admin.json("network qos policy list"))


def test_pools_and_scopes(demo, mark, after):
    demo.json(f"address scope create --ip-version 4 {mark}-s")
    after(demo, f"address scope delete {mark}-s2 {mark}-s")
    demo(f"address scope set --name {mark}-s2 {mark}-s")
    assert demo.json(f"address scope show {mark}-s2")["ip_version"] == 4
    assert f"{mark}-s2" in names(demo.json("address scope list"))
    pool = demo.json(
        f"subnet pool create --pool-prefix 10.93.0.0/16 --default-prefix-length 26 "
        f"--address-scope {mark}-s2 {mark}-pool"
    )
    after(demo, f"subnet pool delete {mark}-pool")
    assert pool["prefixes"] == ["10.93.0.0/16"] and pool["default_prefixlen"] == 26
    demo(f"subnet pool set --pool-prefix 10.94.0.0/16 --description more {mark}-pool")
    shown = demo.json(f"subnet pool show {mark}-pool")
    # the two lie side by side, so that they are one
    assert sorted(shown["prefixes"]) in (["10.93.0.0/16", "10.94.0.0/16"],)
    demo.json(f"network create {mark}-n")
    after(demo, f"network delete {mark}-n")
    taken = demo.json(f"subnet create --network {mark}-n --subnet-pool {mark}-pool {mark}-sub")
    assert taken["cidr"] == "10.93.0.0/26" and taken["subnetpool_id"] == pool["id"]
    asked = demo.json(
        f"subnet create --network {mark}-n --subnet-pool {mark}-pool --prefix-length 28 {mark}-two"
    )
    assert asked["cidr"] == "10.93.0.64/28"
    assert f"{mark}-pool" in names(demo.json("subnet pool list"))
    demo(f"subnet delete {mark}-sub {mark}-two")


def test_trunks(demo, net, mark, after):
    demo.json(f"network create {mark}-two")
    after(demo, f"network delete {mark}-two")
    for name, where in (("parent", net), ("a", f"{mark}-two"), ("b", f"{mark}-two")):
        demo.json(f"port create --network {where} {mark}-{name}")
        after(demo, f"port delete {mark}-{name}")
    made = demo.json(
        f"network trunk create --parent-port {mark}-parent "
        f"--subport port={mark}-a,segmentation-type=vlan,segmentation-id=100 {mark}-t"
    )
    after(demo, f"network trunk delete {mark}-t")
    assert made["sub_ports"][0]["segmentation_id"] == 100
    demo(
        f"network trunk subport add --segmentation-type vlan --segmentation-id 200 "
        f"{mark}-t {mark}-b"
    )
    listed = demo.json(f"network trunk subport list {mark}-t")
    assert {s["Segmentation ID"] for s in listed} == {100, 200}
    demo(f"network trunk subport remove {mark}-t {mark}-a")
    demo(f"network trunk set --description trunk --disable {mark}-t")
    shown = demo.json(f"network trunk show {mark}-t")
    assert [s["segmentation_id"] for s in shown["sub_ports"]] == [200]
    assert shown["is_admin_state_up"] is False
    assert f"{mark}-t" in names(demo.json("network trunk list"))


def test_sharing_segments_quotas_and_agents(demo, admin, net, mark, after):
    shared = admin.json(
        f"network rbac create --type network --action access_as_shared --target-project admin {net}"
    )
    after(admin, f"network rbac delete {shared['id']}")
    assert shared["object_type"] == "network"
    assert shared["id"] in {r["ID"] for r in admin.json("network rbac list")}
    admin(f"network rbac set --target-project alt_demo {shared['id']}")
    admin.json(f"network rbac show {shared['id']}")
    admin(f"network rbac delete {shared['id']}")

    segment = admin.json(f"network segment list --network {net}")[0]
    assert admin.json(f"network segment show {segment['ID']}")["network_type"] == "geneve"

    limits = {row["Resource"]: row["Limit"] for row in demo.json("quota show --network")}
    assert limits["networks"] > 0 and limits["ports"] > 0
    agents = admin.json("network agent list")
    assert agents and all(a["Alive"] for a in agents)
    admin.json(f"network agent show {agents[0]['ID']}")
    admin(f"network agent set --description rack-7 {agents[0]['ID']}")
    assert admin.json(f"network agent show {agents[0]['ID']}")["description"] == "rack-7"
    admin(f"network agent set --description= {agents[0]['ID']}")
    alive = admin(f"network agent delete {agents[0]['ID']}", fails=True)
    assert "is alive" in alive
    assert "Policy" in demo(f"network agent delete {agents[0]['ID']}", fails=True)
    known = {e["Alias"] for e in demo.json("extension list --network")}
    assert {"router", "security-group", "qos", "trunk", "port-security"} <= known
    assert demo.json("availability zone list --network")

    admin.json(f"network meter create {mark}-m")
    after(admin, f"network meter delete {mark}-m")
    rule = admin.json(f"network meter rule create --remote-ip-prefix 10.0.0.0/8 {mark}-m")
    admin.json(f"network meter rule show {rule['id']}")
    assert rule["id"] in {r["ID"] for r in admin.json("network meter rule list")}
    admin(f"network meter rule delete {rule['id']}")
    assert f"{mark}-m" in names(admin.json("network meter list"))
    admin.json(f"network meter show {mark}-m")


def test_the_sdk_sees_the_same(config, mark):
    "openstacksdk's own names for things, pages of lists, revisions, several ports at once."
    network = openstack.connect(cloud="devstack").network
    net = network.create_network(name=f"{mark}-sdk", description="d")
    try:
        subnet = network.create_subnet(
            network_id=net.id, ip_version=4, cidr="10.95.0.0/24", name=f"{mark}-sdk"
        )
        many = network.create_ports(
            [{"network_id": net.id, "name": f"{mark}-{n}"} for n in range(5)]
        )
        made = list(many)
        assert len(made) == 5
        listed = list(network.ports(network_id=net.id, limit=2, sort_key="name"))
        assert {p.id for p in made} <= {p.id for p in listed}
        found = network.find_port(f"{mark}-3", ignore_missing=False)
        assert found.fixed_ips[0]["subnet_id"] == subnet.id
        stale = network.get_port(found.id)
        network.update_port(found.id, description="new")
        with pytest.raises(exceptions.HttpException) as refused:
            network.update_port(found.id, if_revision=stale.revision_number, description="newer")
        assert refused.value.status_code == 412
        network.set_tags(found, ["x", "y"])
        assert sorted(network.get_port(found.id).tags) == ["x", "y"]
        admin = openstack.connect(cloud="devstack-admin").network
        used = admin.get_network_ip_availability(net.id)
        assert used.used_ips >= 5 and used.total_ips == 253
        for port in listed:
            if not port.device_owner.startswith("network:"):
                network.delete_port(port)
        with pytest.raises(exceptions.NotFoundException):
            network.get_port(found.id)
        network.delete_subnet(subnet)
        assert network.find_subnet(subnet.id) is None
    finally:
        network.delete_network(net)
