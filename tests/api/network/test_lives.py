"Whole lives of networks, port forwardings, QoS, trunks and the smaller resources."

from tests.fakes.northbound import FakeNorthbound, node


def test_the_life_of_a_network(admin, demo):
    net = demo.ok("POST", "/v2.0/networks", json={"network": {"name": "n"}})["network"]
    sub = demo.ok(
        "POST",
        "/v2.0/subnets",
        json={"subnet": {"network_id": net["id"], "cidr": "10.0.0.0/24", "ip_version": 4}},
    )["subnet"]
    port = demo.ok("POST", "/v2.0/ports", json={"port": {"network_id": net["id"]}})["port"]
    ext = admin.ok(
        "POST",
        "/v2.0/networks",
        json={
            "network": {
                "name": "public",
                "router:external": True,
                "provider:network_type": "flat",
                "provider:physical_network": "public",
            }
        },
    )["network"]
    admin.ok(
        "POST",
        "/v2.0/subnets",
        json={
            "subnet": {
                "network_id": ext["id"],
                "cidr": "172.24.4.0/24",
                "ip_version": 4,
                "enable_dhcp": False,
            }
        },
    )
    r = demo.ok(
        "POST",
        "/v2.0/routers",
        json={"router": {"external_gateway_info": {"network_id": ext["id"]}}},
    )["router"]
    demo.ok("PUT", f"/v2.0/routers/{r['id']}/add_router_interface", json={"subnet_id": sub["id"]})
    f = demo.ok(
        "POST",
        "/v2.0/floatingips",
        json={"floatingip": {"floating_network_id": ext["id"], "port_id": port["id"]}},
    )["floatingip"]
    assert (
        demo.put(
            f"/v2.0/routers/{r['id']}/remove_router_interface", json={"subnet_id": sub["id"]}
        ).status_code
        == 409
    )
    assert demo.delete(f"/v2.0/floatingips/{f['id']}").status_code == 204
    assert (
        demo.put(
            f"/v2.0/routers/{r['id']}/remove_router_interface", json={"subnet_id": sub["id"]}
        ).status_code
        == 200
    )
    assert demo.delete(f"/v2.0/routers/{r['id']}").status_code == 204
    assert demo.delete(f"/v2.0/networks/{net['id']}").status_code == 409
    assert demo.delete(f"/v2.0/ports/{port['id']}").status_code == 204
    assert demo.delete(f"/v2.0/networks/{net['id']}").status_code == 204


def test_the_life_of_what_goes_with_it(admin, demo):
    net = demo.ok("POST", "/v2.0/networks", json={"network": {"name": "n"}})["network"]
    sub = demo.ok(
        "POST",
        "/v2.0/subnets",
        json={"subnet": {"network_id": net["id"], "cidr": "10.0.0.0/24", "ip_version": 4}},
    )["subnet"]
    port = demo.ok("POST", "/v2.0/ports", json={"port": {"network_id": net["id"]}})["port"]
    p2 = demo.ok("POST", "/v2.0/ports", json={"port": {"network_id": net["id"]}})["port"]
    ext = admin.ok(
        "POST", "/v2.0/networks", json={"network": {"name": "public", "router:external": True}}
    )["network"]
    admin.ok(
        "POST",
        "/v2.0/subnets",
        json={
            "subnet": {
                "network_id": ext["id"],
                "cidr": "172.24.4.0/24",
                "ip_version": 4,
                "enable_dhcp": False,
            }
        },
    )
    r = demo.ok(
        "POST",
        "/v2.0/routers",
        json={"router": {"external_gateway_info": {"network_id": ext["id"]}}},
    )["router"]
    demo.ok("PUT", f"/v2.0/routers/{r['id']}/add_router_interface", json={"subnet_id": sub["id"]})
    f = demo.ok(
        "POST", "/v2.0/floatingips", json={"floatingip": {"floating_network_id": ext["id"]}}
    )["floatingip"]
    pf = demo.ok(
        "POST",
        f"/v2.0/floatingips/{f['id']}/port_forwardings",
        json={
            "port_forwarding": {
                "internal_port_id": port["id"],
                "internal_port": 22,
                "external_port": 2222,
                "protocol": "tcp",
            }
        },
    )["port_forwarding"]
    assert demo.ok("GET", f"/v2.0/floatingips/{f['id']}")["floatingip"]["port_forwardings"]
    demo.ok(
        "PUT",
        f"/v2.0/floatingips/{f['id']}/port_forwardings/{pf['id']}",
        json={"port_forwarding": {"external_port": 2223}},
    )
    assert demo.delete(f"/v2.0/floatingips/{f['id']}").status_code == 409
    assert (
        demo.delete(f"/v2.0/floatingips/{f['id']}/port_forwardings/{pf['id']}").status_code == 204
    )
    demo.ok("PUT", f"/v2.0/networks/{net['id']}/tags/blue")
    assert len(demo.ok("GET", "/v2.0/networks?tags=blue")["networks"]) == 1
    assert demo.ok("GET", "/v2.0/networks?tags=green")["networks"] == []
    q = admin.ok("POST", "/v2.0/qos/policies", json={"policy": {"name": "q", "shared": True}})[
        "policy"
    ]
    b = admin.ok(
        "POST",
        f"/v2.0/qos/policies/{q['id']}/bandwidth_limit_rules",
        json={"bandwidth_limit_rule": {"max_kbps": 100}},
    )["bandwidth_limit_rule"]
    admin.ok(
        "PUT",
        f"/v2.0/qos/policies/{q['id']}/bandwidth_limit_rules/{b['id']}",
        json={"bandwidth_limit_rule": {"max_kbps": 200}},
    )
    demo.ok(
        "PUT", f"/v2.0/ports/{port['id']}", json={"port": {"qos_policy_id": q["id"], "name": "x"}}
    )
    assert admin.delete(f"/v2.0/qos/policies/{q['id']}").status_code == 409
    t = demo.ok(
        "POST",
        "/v2.0/trunks",
        json={
            "trunk": {
                "port_id": port["id"],
                "sub_ports": [
                    {"port_id": p2["id"], "segmentation_type": "vlan", "segmentation_id": 5}
                ],
            }
        },
    )["trunk"]
    assert demo.delete(f"/v2.0/ports/{p2['id']}").status_code == 409
    assert demo.delete(f"/v2.0/trunks/{t['id']}").status_code == 204
    g = demo.ok(
        "POST",
        "/v2.0/address-groups",
        json={"address_group": {"name": "g", "addresses": ["10.1.0.0/16"]}},
    )["address_group"]
    demo.ok(
        "PUT", f"/v2.0/address-groups/{g['id']}/add_addresses", json={"addresses": ["10.3.0.0/16"]}
    )
    rb = demo.ok(
        "POST",
        "/v2.0/rbac-policies",
        json={
            "rbac_policy": {
                "object_type": "network",
                "object_id": net["id"],
                "action": "access_as_shared",
                "target_tenant": "e" * 32,
            }
        },
    )["rbac_policy"]
    assert demo.delete(f"/v2.0/rbac-policies/{rb['id']}").status_code == 204
    admin.ok("GET", "/v2.0/network-ip-availabilities")
    label = admin.ok(
        "POST", "/v2.0/metering/metering-labels", json={"metering_label": {"name": "m"}}
    )["metering_label"]
    counted = admin.ok(
        "POST",
        "/v2.0/metering/metering-label-rules",
        json={
            "metering_label_rule": {
                "metering_label_id": label["id"],
                "remote_ip_prefix": "10.0.0.0/8",
            }
        },
    )["metering_label_rule"]
    assert counted["direction"] == "ingress" and counted["remote_ip_prefix"] == "10.0.0.0/8"
    admin.ok("GET", "/v2.0/default-security-group-rules")
    assert demo.ok("GET", "/v2.0/quotas/" + "d" * 32 + "/details.json")


def test_agents_are_described_and_the_dead_are_forgotten(admin, demo, deps):
    deps.northbound = FakeNorthbound([node("n1"), node("n2", alive=False)])
    assert {a["id"]: a["alive"] for a in admin.ok("GET", "/v2.0/agents")["agents"]} == {
        "n1": True,
        "n2": False,
    }
    said = {"agent": {"description": "rack 7"}}
    assert admin.ok("PUT", "/v2.0/agents/n1", json=said)["agent"]["description"] == "rack 7"
    assert admin.ok("GET", "/v2.0/agents/n1")["agent"]["description"] == "rack 7"
    off = admin.put("/v2.0/agents/n1", json={"agent": {"admin_state_up": False}})
    assert off.status_code == 400 and "stop ovn-controller" in off.text
    assert demo.put("/v2.0/agents/n1", json=said).status_code == 403
    assert demo.delete("/v2.0/agents/n2").status_code == 403
    alive = admin.delete("/v2.0/agents/n1")
    assert alive.status_code == 409 and "is alive" in alive.text
    assert admin.delete("/v2.0/agents/n2").status_code == 204
    assert admin.delete("/v2.0/agents/n2").status_code == 404
    assert [a["id"] for a in admin.ok("GET", "/v2.0/agents")["agents"]] == ["n1"]


def test_types_of_qos_rules_say_what_they_take(admin, demo):
    kind = admin.ok("GET", "/v2.0/qos/rule-types/bandwidth_limit")["rule_type"]
    parameters = {p["parameter_name"]: p for p in kind["drivers"][0]["supported_parameters"]}
    assert parameters["max_kbps"]["parameter_values"] == {"start": 0, "end": 2147483647}
    assert parameters["direction"]["parameter_values"] == ["ingress", "egress"]
    marks = admin.ok("GET", "/v2.0/qos/rule-types/dscp_marking")["rule_type"]["drivers"][0]
    assert 46 in marks["supported_parameters"][0]["parameter_values"]
    for listed in admin.ok("GET", "/v2.0/qos/rule-types")["rule_types"]:
        admin.ok("GET", f"/v2.0/qos/rule-types/{listed['type']}")
    assert admin.get("/v2.0/qos/rule-types/nothing").status_code == 404
    assert demo.get("/v2.0/qos/rule-types/bandwidth_limit").status_code == 403
