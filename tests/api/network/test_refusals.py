"What the API refuses, and with which error, as Neutron's own clients and tests know it."

import pytest

from tests.api.network.test_resources import error, make

OTHER = "e" * 32


def test_nobody_makes_things_for_another_project(admin, demo):
    body = {"network": {"project_id": OTHER}}
    error(demo.post("/v2.0/networks", json=body), 400, "HTTPBadRequest")
    error(
        demo.post("/v2.0/networks", json={"networks": [{}, body["network"]]}), 400, "HTTPBadRequest"
    )
    assert demo.ok("GET", "/v2.0/networks")["networks"] == []
    assert admin.post("/v2.0/networks", json=body).status_code == 201


def test_several_may_each_be_wrapped(demo):
    many = {"security_groups": [{"security_group": {"name": "a"}}, {"name": "b"}]}
    made = demo.ok("POST", "/v2.0/security-groups", json=many)["security_groups"]
    assert [g["name"] for g in made] == ["a", "b"]


@pytest.mark.parametrize(
    ("version", "cidr", "least"), [(4, "10.0.0.0/24", 68), (6, "fd00::/64", 1280)]
)
def test_a_network_carries_what_its_subnets_need(demo, version, cidr, least):
    small = make(demo, "network", mtu=least - 1)
    body = {"subnet": {"network_id": small["id"], "cidr": cidr, "ip_version": version}}
    error(demo.post("/v2.0/subnets", json=body), 409, "NetworkMTUSubnetConflict")
    path = f"/v2.0/networks/{small['id']}"
    demo.ok("PUT", path, json={"network": {"mtu": least}})
    demo.ok("POST", "/v2.0/subnets", json=body)
    error(demo.put(path, json={"network": {"mtu": least - 1}}), 409, "NetworkMTUSubnetConflict")


def test_subnets_of_a_network_are_of_one_pool(admin, demo):
    net = make(demo, "network")
    make(demo, "subnet", network_id=net["id"], cidr="10.0.0.0/24", ip_version=4)
    pool = make(demo, "subnetpool", name="p", prefixes=["10.9.0.0/16"], default_prefixlen=24)
    wish = {"network_id": net["id"], "ip_version": 4}
    named = {"subnet": {**wish, "subnetpool_id": pool["id"]}}
    error(demo.post("/v2.0/subnets", json=named), 400, "HTTPBadRequest")
    admin.ok("PUT", f"/v2.0/subnetpools/{pool['id']}", json={"subnetpool": {"is_default": True}})
    default = {"subnet": {**wish, "use_default_subnetpool": True}}
    answer = demo.post("/v2.0/subnets", json=default)
    error(answer, 400, "HTTPBadRequest")
    assert "same subnet pool" in answer.text


def test_pools_of_a_scope_do_not_overlap(demo):
    scope = make(demo, "address_scope", "address-scopes", name="s", ip_version=4)["id"]
    make(demo, "subnetpool", name="p", prefixes=["10.9.0.0/16"], address_scope_id=scope)
    body = {"subnetpool": {"name": "b", "prefixes": ["10.9.8.0/24"], "address_scope_id": scope}}
    error(demo.post("/v2.0/subnetpools", json=body), 409, "AddressScopePrefixConflict")


@pytest.fixture
def groups(demo):
    def group(stateful):
        return make(demo, "security_group", "security-groups", name="g", stateful=stateful)["id"]

    return group(True), group(False)


def test_a_port_has_groups_of_one_kind_each_once(demo, groups):
    net = make(demo, "network")["id"]
    both = {"port": {"network_id": net, "security_groups": list(groups)}}
    error(demo.post("/v2.0/ports", json=both), 409, "SecurityGroupConflict")
    port = make(demo, "port", network_id=net, security_groups=[groups[0]])
    path = f"/v2.0/ports/{port['id']}"
    error(
        demo.put(path, json={"port": {"security_groups": list(groups)}}),
        409,
        "SecurityGroupConflict",
    )
    twice = {"port": {"security_groups": [groups[0]] * 2}}
    assert demo.put(path, json=twice).status_code == 400


@pytest.mark.parametrize("protocol", [41, 43, 44, 58, 59, 60, "ipv6-icmp"])
def test_a_rule_of_ipv4_has_no_protocol_of_ipv6(demo, groups, protocol):
    rule = {"security_group_id": groups[0], "direction": "ingress", "protocol": protocol}
    answer = demo.post("/v2.0/security-group-rules", json={"security_group_rule": rule})
    error(answer, 400, "SecurityGroupEthertypeConflictWithProtocol")


def test_no_two_templates_are_for_the_same_groups(admin):
    path = "/v2.0/default-security-group-rules"
    rule = {"direction": "ingress", "protocol": "tcp", "port_range_min": 99, "port_range_max": 99}
    used = {"used_in_default_sg": True, "used_in_non_default_sg": True}
    admin.ok("POST", path, json={"default_security_group_rule": {**rule, **used}})
    for name in used:
        body = {"default_security_group_rule": {**rule, **used, name: False}}
        assert admin.post(path, json=body).status_code == 409


def test_an_address_group_is_of_prefixes(demo):
    body = {"address_group": {"name": "g", "addresses": ["10.20.30.40"]}}
    error(demo.post("/v2.0/address-groups", json=body), 400, "HTTPBadRequest")


def test_a_trunk_that_is_off_stays_as_it_is(demo):
    net = make(demo, "network")["id"]
    parent, inner = (make(demo, "port", network_id=net)["id"] for _ in range(2))
    trunk = make(demo, "trunk", port_id=parent, admin_state_up=False)
    path = f"/v2.0/trunks/{trunk['id']}"
    sub = {"port_id": inner, "segmentation_type": "vlan", "segmentation_id": 2}
    error(demo.put(f"{path}/add_subports", json={"sub_ports": [sub]}), 409, "TrunkDisabled")
    error(demo.delete(path), 409, "TrunkDisabled")
    demo.ok("PUT", path, json={"trunk": {"admin_state_up": True}})
    twice = {"sub_ports": [sub, {**sub, "port_id": parent}]}
    error(demo.put(f"{path}/add_subports", json=twice), 400, "HTTPBadRequest")
    untyped = {"sub_ports": [{k: v for k, v in sub.items() if k != "segmentation_type"}]}
    error(demo.put(f"{path}/add_subports", json=untyped), 400, "HTTPBadRequest")
    demo.ok("PUT", f"{path}/add_subports", json={"sub_ports": [sub]})
    assert demo.delete(path).status_code == 204


def test_a_limit_below_what_is_used_wants_force(admin, demo):
    for _ in range(3):
        make(demo, "network")
    path = "/v2.0/quotas/" + "d" * 32
    low = {"network": 1}
    error(admin.put(path, json={"quota": low}), 400, "QuotaBelowUse")
    forced = admin.ok("PUT", path, json={"quota": {**low, "force": True}})["quota"]
    assert forced["network"] == 1
    assert admin.ok("PUT", path, json={"quota": {"network": -1}})["quota"]["network"] == -1


def test_an_interface_is_added_once(demo):
    net = make(demo, "network")["id"]
    make(demo, "subnet", network_id=net, cidr="10.0.0.0/24", ip_version=4)
    port, router = make(demo, "port", network_id=net)["id"], make(demo, "router")["id"]
    path = f"/v2.0/routers/{router}/add_router_interface"
    demo.ok("PUT", path, json={"port_id": port})
    error(demo.put(path, json={"port_id": port}), 409, "PortInUse")


def test_rules_of_qos_are_for_those_who_may_make_them(admin, demo):
    policy = make(admin, "policy", "qos/policies", name="theirs")
    path = f"/v2.0/qos/policies/{policy['id']}/bandwidth_limit_rules"
    body = {"bandwidth_limit_rule": {"max_kbps": 1}}
    assert demo.post(path, json=body).status_code == 403


def test_a_new_network_has_the_projects_default_policy(admin, demo):
    wish = {"name": "slow", "is_default": True, "project_id": "d" * 32}
    policy = make(admin, "policy", "qos/policies", **wish)
    assert make(demo, "network")["qos_policy_id"] == policy["id"]
    other = make(admin, "policy", "qos/policies", name="fast", project_id="d" * 32)
    assert make(demo, "network", qos_policy_id=other["id"])["qos_policy_id"] == other["id"]
    assert make(admin, "network")["qos_policy_id"] is None


def test_an_administrator_who_asks_makes_a_projects_default_group(admin):
    found = admin.ok("GET", "/v2.0/security-groups?project_id=" + "9" * 32)["security_groups"]
    assert [g["name"] for g in found] == ["default"]


def test_links_ask_for_all_that_was_asked_for(demo):
    ids = [make(demo, "network")["id"] for _ in range(3)]
    asked = "fields=id&fields=name&" + "&".join(f"id={key}" for key in ids)
    page = demo.ok("GET", f"/v2.0/networks?limit=2&{asked}")
    (following,) = page["networks_links"]
    (last,) = demo.ok("GET", following["href"])["networks"]
    assert set(last) == {"id", "name"}
    assert {last["id"], *(n["id"] for n in page["networks"])} == set(ids)


def test_past_the_last_page_leads_a_way_back(demo):
    ids = sorted(make(demo, "network")["id"] for _ in range(3))
    url, seen = "/v2.0/networks?limit=2&sort_key=id&sort_dir=asc", []
    while url:
        page = demo.ok("GET", url)
        seen += [n["id"] for n in page["networks"]]
        links = {x["rel"]: x["href"] for x in page.get("networks_links", [])}
        url = links.get("next")
    assert seen == ids
    back, last = [], links["previous"]
    while last:
        page = demo.ok("GET", last)
        back = [n["id"] for n in page["networks"]] + back
        links = {x["rel"]: x["href"] for x in page.get("networks_links", [])}
        last = links.get("previous")
    assert back == ids[: len(back)] and back


def test_a_revision_may_be_older_than_the_first(demo):
    net = make(demo, "network")
    stale = {"If-Match": f"revision_number={net['revision_number'] - 1}"}
    answer = demo.put(f"/v2.0/networks/{net['id']}", json={"network": {"name": "n"}}, headers=stale)
    error(answer, 412, "RevisionNumberConstraintFailed")


@pytest.fixture
def way_out(demo, outside):
    "A port of demo's behind a router, and the external network that the router leads to."
    ext = outside["id"]
    net = make(demo, "network")["id"]
    subnet = make(demo, "subnet", network_id=net, cidr="10.0.0.0/24", ip_version=4)["id"]
    router = make(demo, "router", external_gateway_info={"network_id": ext})["id"]
    demo.ok("PUT", f"/v2.0/routers/{router}/add_router_interface", json={"subnet_id": subnet})
    return ext, net, make(demo, "port", network_id=net)


def test_a_floating_ip_leads_to_its_own_project(admin, demo, way_out):
    ext, net, _ = way_out
    foreign = make(admin, "port", network_id=net, project_id=OTHER)["id"]
    floating = make(demo, "floatingip", floating_network_id=ext)["id"]
    body = {"floatingip": {"port_id": foreign}}
    error(demo.put(f"/v2.0/floatingips/{floating}", json=body), 400, "HTTPBadRequest")


def test_an_update_that_says_nothing_ends_an_association(demo, way_out):
    ext, _, port = way_out
    floating = make(demo, "floatingip", floating_network_id=ext, port_id=port["id"])
    path = f"/v2.0/floatingips/{floating['id']}"
    kept = demo.ok("PUT", path, json={"floatingip": {"description": "mine"}})["floatingip"]
    assert kept["port_id"] == port["id"]
    assert demo.ok("PUT", path, json={"floatingip": {}})["floatingip"]["port_id"] is None


def test_an_address_has_a_floating_ip_or_forwarded_ports(demo, way_out):
    ext, _, port = way_out
    first, second = (make(demo, "floatingip", floating_network_id=ext)["id"] for _ in range(2))
    lead = {"floatingip": {"port_id": port["id"]}}
    demo.ok("PUT", f"/v2.0/floatingips/{first}", json=lead)
    wish = {"internal_port_id": port["id"], "internal_port": 22, "external_port": 2222}
    wish |= {"internal_ip_address": port["fixed_ips"][0]["ip_address"], "protocol": "tcp"}
    path, body = f"/v2.0/floatingips/{second}/port_forwardings", {"port_forwarding": wish}
    error(demo.post(path, json=body), 409, "PortHasBindingFloatingIP")
    demo.ok("DELETE", f"/v2.0/floatingips/{first}")
    made = demo.ok("POST", path, json=body)["port_forwarding"]
    third = make(demo, "floatingip", floating_network_id=ext)["id"]
    error(demo.put(f"/v2.0/floatingips/{third}", json=lead), 409, "PortHasPortForwarding")
    (inside,) = demo.ok("GET", f"/v2.0/floatingips/{second}")["floatingip"]["port_forwardings"]
    assert inside == {**wish, "id": made["id"]}


def test_what_would_be_anyway_may_be_said_by_anybody(demo):
    made = make(demo, "network", shared=False, **{"router:external": False})
    make(demo, "address_scope", "address-scopes", name="s", ip_version=4, shared=False)
    wish = {"name": "p", "prefixes": ["10.0.0.0/16"], "shared": "False", "is_default": False}
    make(demo, "subnetpool", **wish)
    body = {"network": {"shared": True}}
    assert demo.post("/v2.0/networks", json=body).status_code == 403
    off = {"network": {"shared": False}}
    assert demo.put(f"/v2.0/networks/{made['id']}", json=off).status_code == 403
