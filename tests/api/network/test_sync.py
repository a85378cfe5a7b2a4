"What the API is told reaches OVN, through the outbox, and what OVN says comes back."

import pytest

from network.core.plan.settings import Settings
from network.core.sync import Sync
from network.store import outbox
from tests.fakes.northbound import FakeNorthbound, node


@pytest.fixture
def ovn(deps):
    deps.northbound = FakeNorthbound([node("n1", {"public": "br-ex"}), node("n2")])
    return deps.northbound


@pytest.fixture
def sync(deps, ovn):
    made = Sync(deps, Settings(dns_servers=("9.9.9.9",)))
    ovn.watch(made.on_port, made.on_doubt)
    made.step()
    return made


@pytest.fixture
def cloud(admin, demo, sync):
    "A network behind a router with a port that has a floating IP."
    net = demo.ok("POST", "/v2.0/networks", json={"network": {"name": "n"}})["network"]
    body = {"network_id": net["id"], "cidr": "10.0.0.0/24", "ip_version": 4}
    sub = demo.ok("POST", "/v2.0/subnets", json={"subnet": body})["subnet"]
    body = {
        "network_id": net["id"],
        "project_id": "d" * 32,
        "binding:host_id": "host-n1",
        "device_id": "vm",
    }
    port = admin.ok("POST", "/v2.0/ports", json={"port": body})["port"]
    wish = {"name": "public", "router:external": True, "provider:network_type": "flat"}
    wish["provider:physical_network"] = "public"
    ext = admin.ok("POST", "/v2.0/networks", json={"network": wish})["network"]
    body = {"network_id": ext["id"], "cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
    admin.ok("POST", "/v2.0/subnets", json={"subnet": body})
    wish = {"external_gateway_info": {"network_id": ext["id"]}}
    router = demo.ok("POST", "/v2.0/routers", json={"router": wish})["router"]
    demo.ok(
        "PUT", f"/v2.0/routers/{router['id']}/add_router_interface", json={"subnet_id": sub["id"]}
    )
    wish = {"floating_network_id": ext["id"], "port_id": port["id"]}
    fip = demo.ok("POST", "/v2.0/floatingips", json={"floatingip": wish})["floatingip"]
    sync.step()
    return {"net": net, "subnet": sub, "port": port, "ext": ext, "router": router, "fip": fip}


def test_the_fast_path_makes_what_a_full_comparison_wants(cloud, sync):
    assert [str(c) for c in sync.difference()] == []


def test_a_port_becomes_a_switch_port_with_dhcp_and_spoof_protection(cloud, ovn):
    row = ovn.table("Logical_Switch_Port")[cloud["port"]["id"]]
    pair = f"{cloud['port']['mac_address']} {cloud['port']['fixed_ips'][0]['ip_address']}"
    assert row.columns["addresses"] == [pair] and row.columns["port_security"] == [pair]
    assert row.columns["options"] == {"requested-chassis": "host-n1"}
    assert row.refs["dhcpv4_options"] == ("DHCP_Options", f"subnet:{cloud['subnet']['id']}")
    options = ovn.table("DHCP_Options")[f"subnet:{cloud['subnet']['id']}"].columns["options"]
    assert options["router"] == "10.0.0.1" and options["mtu"] == "1442"
    assert (
        options["dns_server"] == "{9.9.9.9}"
        and "169.254.169.254/32" in options["classless_static_route"]
    )


def test_a_gateway_gets_source_nat_and_a_node_that_reaches_the_network(cloud, ovn):
    kinds = {(r.columns["type"], r.columns["logical_ip"]) for r in ovn.table("NAT").values()}
    fixed = cloud["port"]["fixed_ips"][0]["ip_address"]
    assert kinds == {("snat", "10.0.0.0/24"), ("dnat_and_snat", fixed)}
    assert [r.columns["chassis_name"] for r in ovn.table("Gateway_Chassis").values()] == ["n1"]


def test_a_gateway_stays_where_it_was_while_its_node_is_away(cloud, sync, ovn):
    ovn.nodes = []
    assert [str(c) for c in sync.difference() if c.row.table == "Gateway_Chassis"] == []


def test_rules_of_security_groups_become_acls(cloud, demo, sync, ovn):
    group = cloud["port"]["security_groups"][0]
    rule = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
    rule |= {"port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "10.9.1.7/16"}
    made = demo.ok("POST", "/v2.0/security-group-rules", json={"security_group_rule": rule})
    sync.step()
    row = ovn.table("ACL")[f"rule:{made['security_group_rule']['id']}"]
    name = "pg_" + group.replace("-", "_")
    assert (
        row.columns["match"]
        == f"outport == @{name} && ip4 && ip4.src == 10.9.0.0/16 && tcp && tcp.dst == 22"
    )
    assert row.parents == (("Port_Group", name, "acls"),)


def test_everything_that_is_deleted_leaves_ovn(cloud, admin, demo, sync, ovn):
    demo.ok("DELETE", f"/v2.0/floatingips/{cloud['fip']['id']}")
    demo.ok("DELETE", f"/v2.0/ports/{cloud['port']['id']}")
    path = f"/v2.0/routers/{cloud['router']['id']}"
    demo.ok("PUT", f"{path}/remove_router_interface", json={"subnet_id": cloud["subnet"]["id"]})
    for where in (path, f"/v2.0/networks/{cloud['net']['id']}"):
        demo.ok("DELETE", where)
    admin.ok("DELETE", f"/v2.0/networks/{cloud['ext']['id']}")
    sync.step()
    left = {
        r.table for r in ovn.rows.values() if r.scope != "global" and not r.scope.startswith("sg:")
    }
    assert left == set()
    assert sync.difference() == []


def test_what_ovn_lost_or_never_had_is_repaired(cloud, sync, ovn, deps):
    for key in [k for k in ovn.rows if k[0] in ("NAT", "Logical_Switch_Port")]:
        del ovn.rows[key]
    assert sync.difference()
    sync.full()
    assert sync.difference() == []


def test_changes_wait_while_ovn_is_away(cloud, demo, sync, ovn, deps):
    ovn.away = True
    demo.ok("PUT", f"/v2.0/networks/{cloud['net']['id']}", json={"network": {"name": "renamed"}})
    sync.step()
    with deps.db.read() as session:
        assert outbox.pending(session)[1] == {f"network:{cloud['net']['id']}"}
    ovn.away = False
    sync.step()
    switch = ovn.table("Logical_Switch")[f"neutron-{cloud['net']['id']}"]
    assert switch.columns["external_ids"]["neutron:network_name"] == "renamed"


def test_a_port_turns_active_when_it_is_bound_and_everybody_hears(cloud, demo, sync, ovn, deps):
    heard = []

    class Ear:
        def publish(self, topic, payload):
            heard.append((topic, payload))

    deps.events = Ear()
    for up, status in ((True, "ACTIVE"), (False, "DOWN")):
        ovn.bind(cloud["port"]["id"], up)
        sync.step()
        assert demo.ok("GET", f"/v2.0/ports/{cloud['port']['id']}")["port"]["status"] == status
    port = {"port_id": cloud["port"]["id"], "device_id": "vm", "host": "host-n1"}
    assert heard == [("network.port", {**port, "status": s}) for s in ("ACTIVE", "DOWN")]


def test_a_process_without_the_lock_leaves_ovn_alone(cloud, demo, sync, ovn):
    ovn.writer, before = False, ovn.transactions
    demo.ok("PUT", f"/v2.0/networks/{cloud['net']['id']}", json={"network": {"name": "other"}})
    sync.step()
    assert ovn.transactions == before


def test_a_bound_port_says_how_to_plug_it_in(cloud, admin):
    details = admin.ok("GET", f"/v2.0/ports/{cloud['port']['id']}")["port"]["binding:vif_details"]
    assert details["datapath_type"] == "netdev" and details["bridge_name"] == "br-int"


def test_a_server_hears_of_its_floating_address(cloud, demo, deps):
    heard = []

    class Ear:
        def publish(self, topic, payload):
            heard.append((topic, payload["device_id"], payload.get("change")))

    deps.events = Ear()
    url = f"/v2.0/floatingips/{cloud['fip']['id']}"
    demo.ok("PUT", url, json={"floatingip": {"description": "it leads where it led"}})
    assert heard == []
    demo.ok("PUT", url, json={"floatingip": {"port_id": None}})
    demo.ok("PUT", url, json={"floatingip": {"port_id": cloud["port"]["id"]}})
    demo.ok("DELETE", url)
    body = {"floating_network_id": cloud["ext"]["id"], "port_id": cloud["port"]["id"]}
    demo.ok("POST", "/v2.0/floatingips", json={"floatingip": body})
    assert heard == [("network.port", "vm", "addresses")] * 4
