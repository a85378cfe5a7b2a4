"""The resources of the Network API: what may be done, what is refused and with which of
Neutron's errors."""

import threading
from collections import Counter

import pytest
from sqlalchemy import event


def make(client, noun, path=None, **values):
    plural = path or f"{noun}s".replace("_", "-")
    return client.ok("POST", f"/v2.0/{plural}", json={noun: values}, status=201)[noun]


@pytest.fixture
def net(demo):
    return make(demo, "network", name="n")


@pytest.fixture
def subnet(demo, net):
    return make(demo, "subnet", network_id=net["id"], cidr="10.0.0.0/26", ip_version=4)


def error(response, status, kind):
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.get_json()["NeutronError"]["type"] == kind


def test_others_see_nothing_of_a_private_network_and_all_of_a_shared_one(admin, demo, other, net):
    path = f"/v2.0/networks/{net['id']}"
    error(other.get(path), 404, "NetworkNotFound")
    error(other.delete(path), 404, "NetworkNotFound")
    admin.ok("PUT", path, json={"network": {"shared": True}})
    assert other.ok("GET", path)["network"]["shared"] is True
    assert other.put(path, json={"network": {"name": "mine"}}).status_code == 403


def test_a_project_shares_with_one_other(demo, other, admin, net):
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    made = make(demo, "rbac_policy", "rbac-policies", target_tenant="e" * 32, **wish)
    port = make(other, "port", network_id=net["id"])
    path = f"/v2.0/rbac-policies/{made['id']}"
    error(demo.delete(path), 409, "RbacPolicyInUse")
    other.ok("DELETE", f"/v2.0/ports/{port['id']}")
    assert demo.delete(path).status_code == 204
    wish |= {"target_tenant": "*"}
    assert demo.post("/v2.0/rbac-policies", json={"rbac_policy": wish}).status_code == 403


def test_provider_attributes_are_for_administrators(admin, demo, net):
    assert "provider:network_type" not in demo.ok("GET", f"/v2.0/networks/{net['id']}")["network"]
    shown = admin.ok("GET", f"/v2.0/networks/{net['id']}")["network"]
    assert shown["provider:network_type"] == "geneve" and shown["provider:segmentation_id"] > 0
    wish = {"provider:network_type": "vlan", "provider:physical_network": "p"}
    assert demo.post("/v2.0/networks", json={"network": wish}).status_code == 403
    wish["provider:segmentation_id"] = 7
    make(admin, "network", **wish)
    error(admin.post("/v2.0/networks", json={"network": wish}), 409, "VlanIdInUse")


def test_a_reader_changes_nothing(reader, net):
    assert reader.get(f"/v2.0/networks/{net['id']}").status_code == 200
    assert reader.delete(f"/v2.0/networks/{net['id']}").status_code == 403
    assert reader.post("/v2.0/networks", json={"network": {}}).status_code == 403


@pytest.mark.parametrize(
    "body, field",
    [
        ({"network": {"name": 5}}, "name"),
        ({"network": {"admin_state_up": "perhaps"}}, "admin_state_up"),
        ({"network": {"colour": "blue"}}, "colour"),
        ({"nets": {}}, "network"),
        ([], "object"),
    ],
)
def test_bad_bodies_are_named(demo, body, field):
    answer = demo.post("/v2.0/networks", json=body)
    assert answer.status_code == 400
    assert field in answer.get_json()["NeutronError"]["message"]


def test_no_json_is_a_400(demo):
    assert demo.post("/v2.0/networks", data=b"{").status_code == 400


def test_unknown_filters_and_sort_keys_are_refused(demo):
    assert demo.get("/v2.0/networks?colour=blue").status_code == 400
    assert demo.get("/v2.0/networks?sort_key=colour").status_code == 400
    assert demo.get("/v2.0/networks?limit=many").status_code == 400
    assert demo.get("/v2.0/networks?marker=nowhere").status_code == 400


def test_pages_follow_each_other_both_ways(demo):
    made = [make(demo, "network", name=f"n{i}")["name"] for i in range(5)]
    seen, path = [], "/v2.0/networks?limit=2&sort_key=name&sort_dir=asc"
    while path:
        page = demo.ok("GET", path)
        seen += [n["name"] for n in page["networks"]]
        links = {x["rel"]: x["href"] for x in page.get("networks_links", [])}
        path = links.get("next")
    assert seen == made
    last = demo.ok("GET", "/v2.0/networks?name=n4")["networks"][0]["id"]
    back = f"/v2.0/networks?limit=2&sort_key=name&marker={last}&page_reverse=True"
    assert [n["name"] for n in demo.ok("GET", back)["networks"]] == ["n2", "n3"]


def test_a_change_of_an_old_revision_is_refused(demo, net):
    path, change = f"/v2.0/networks/{net['id']}", {"network": {"name": "x"}}
    stale = {"If-Match": f"revision_number={net['revision_number']}"}
    demo.ok("PUT", path, json=change, headers=stale)
    error(demo.put(path, json=change, headers=stale), 412, "RevisionNumberConstraintFailed")


def test_addresses_of_one_network_are_its_own(demo, net, subnet):
    first = make(demo, "port", network_id=net["id"], fixed_ips=[{"ip_address": "10.0.0.9"}])
    wish = {"network_id": net["id"], "fixed_ips": [{"ip_address": "10.0.0.9"}]}
    error(demo.post("/v2.0/ports", json={"port": wish}), 409, "IpAddressAlreadyAllocated")
    wish["fixed_ips"] = [{"subnet_id": subnet["id"], "ip_address": "10.9.9.9"}]
    error(demo.post("/v2.0/ports", json={"port": wish}), 400, "InvalidIpForSubnet")
    found = demo.ok("GET", "/v2.0/ports?fixed_ips=ip_address%3D10.0.0.9")["ports"]
    assert [p["id"] for p in found] == [first["id"]]
    error(demo.delete(f"/v2.0/subnets/{subnet['id']}"), 409, "SubnetInUse")
    error(demo.delete(f"/v2.0/networks/{net['id']}"), 409, "NetworkInUse")


def test_32_at_once_get_every_address_once_and_then_the_right_error(app, admin, demo, net, subnet):
    free = 61 - 1  # 62 hosts, less the gateway and the network's metadata port
    admin.ok("PUT", "/v2.0/quotas/" + "d" * 32, json={"quota": {"port": -1}})
    answers, lock, jobs = [], threading.Lock(), list(range(free + 4))

    def work():
        from tests.support import client

        mine = client(app, project_id="d" * 32, roles=["member"])
        while True:
            with lock:
                if not jobs:
                    return
                jobs.pop()
            answer = mine.post("/v2.0/ports", json={"port": {"network_id": net["id"]}})
            with lock:
                answers.append((answer.status_code, answer.get_json()))

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _ in answers) == {201: free, 409: 4}
    given = [b["port"]["fixed_ips"][0]["ip_address"] for status, b in answers if status == 201]
    assert len(set(given)) == free
    refused = {b["NeutronError"]["type"] for status, b in answers if status == 409}
    assert refused == {"IpAddressGenerationFailure"}


def test_a_list_takes_as_many_statements_for_many_rows_as_for_few(demo, deps, net, subnet):
    def statements():
        seen = []
        event.listen(deps.db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        demo.ok("GET", "/v2.0/ports")
        return seen

    make(demo, "port", network_id=net["id"])
    few = len(statements())
    demo.ok("POST", "/v2.0/ports", json={"ports": [{"network_id": net["id"]}] * 20}, status=201)
    assert len(statements()) == few < 8


def test_ports_made_together_are_made_all_or_none(demo, net, subnet):
    wish = [
        {"network_id": net["id"]},
        {"network_id": net["id"], "fixed_ips": [{"ip_address": "1.2.3.4"}]},
    ]
    assert demo.post("/v2.0/ports", json={"ports": wish}).status_code == 400
    owners = [p["device_owner"] for p in demo.ok("GET", "/v2.0/ports")["ports"]]
    assert owners == ["network:distributed"]


def test_quotas_hold(admin, demo):
    admin.ok("PUT", "/v2.0/quotas/" + "d" * 32, json={"quota": {"network": 1}})
    make(demo, "network")
    error(demo.post("/v2.0/networks", json={"network": {}}), 409, "OverQuota")
    details = demo.ok("GET", "/v2.0/quotas/" + "d" * 32 + "/details.json")["quota"]["network"]
    assert details == {"limit": 1, "used": 1, "reserved": 0}
    assert demo.put("/v2.0/quotas/" + "d" * 32, json={"quota": {"network": 9}}).status_code == 403


def test_every_project_has_one_default_group(demo):
    (group,) = demo.ok("GET", "/v2.0/security-groups")["security_groups"]
    assert (group["name"], len(group["security_group_rules"])) == ("default", 4)
    path = "/v2.0/security-groups"
    error(
        demo.post(path, json={"security_group": {"name": "default"}}),
        409,
        "SecurityGroupDefaultAlreadyExists",
    )
    error(demo.delete(f"{path}/{group['id']}"), 409, "SecurityGroupCannotRemoveDefault")


def test_floating_ips_need_a_way_and_hold_what_they_use(demo, net, subnet, outside):
    port = make(demo, "port", network_id=net["id"])
    wish = {"floating_network_id": outside["id"], "port_id": port["id"]}
    answer = demo.post("/v2.0/floatingips", json={"floatingip": wish})
    error(answer, 404, "ExternalGatewayForFloatingIPNotFound")
    router = make(demo, "router", external_gateway_info={"network_id": outside["id"]})
    path = f"/v2.0/routers/{router['id']}"
    demo.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": subnet["id"]})
    floating = make(demo, "floatingip", **wish)
    gone = demo.put(f"{path}/remove_router_interface", json={"subnet_id": subnet["id"]})
    error(gone, 409, "RouterInterfaceInUseByFloatingIP")
    error(demo.delete(path), 409, "RouterInUse")
    demo.ok("DELETE", f"/v2.0/ports/{port['id']}")
    left = demo.ok("GET", f"/v2.0/floatingips/{floating['id']}")["floatingip"]
    assert (left["port_id"], left["router_id"], left["status"]) == (None, None, "DOWN")


def test_floating_ips_that_lead_nowhere_go_with_their_network(admin, demo, outside):
    def give():
        return make(demo, "floatingip", floating_network_id=outside["id"])["id"]

    idle, used = give(), give()
    inner = make(demo, "network", name="inner")
    behind = make(demo, "subnet", network_id=inner["id"], cidr="10.7.0.0/24", ip_version=4)
    router = make(demo, "router", external_gateway_info={"network_id": outside["id"]})
    path = f"/v2.0/routers/{router['id']}"
    demo.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": behind["id"]})
    port = make(demo, "port", network_id=inner["id"])
    demo.ok("PUT", f"/v2.0/floatingips/{used}", json={"floatingip": {"port_id": port["id"]}})
    error(admin.delete(f"/v2.0/networks/{outside['id']}"), 409, "NetworkInUse")
    assert len(demo.ok("GET", "/v2.0/floatingips")["floatingips"]) == 2
    demo.ok("PUT", f"/v2.0/floatingips/{used}", json={"floatingip": {"port_id": None}})
    demo.ok("PUT", path, json={"router": {"external_gateway_info": None}})
    assert admin.delete(f"/v2.0/networks/{outside['id']}").status_code == 204
    assert demo.ok("GET", "/v2.0/floatingips")["floatingips"] == []
    error(demo.get(f"/v2.0/floatingips/{idle}"), 404, "FloatingIPNotFound")


def test_what_one_may_not_see_is_not_there(admin, demo):
    assert demo.ok("GET", "/v2.0/agents") == {"agents": []}
    assert demo.get("/v2.0/agents/n1").status_code == 404
    assert demo.ok("GET", "/v2.0/segments") == {"segments": []}
    away = demo.ok("GET", "/v2.0/network-ip-availabilities")
    assert away == {"network_ip_availabilities": []}
    router = make(demo, "router")
    shown = demo.ok("GET", f"/v2.0/routers/{router['id']}")["router"]
    for answer in (router, shown):
        assert not {"distributed", "ha"} & set(answer)
    assert {"distributed", "ha"} <= set(admin.ok("GET", f"/v2.0/routers/{router['id']}")["router"])


def test_a_prefix_is_kept_as_sent_and_means_its_network(demo):
    group = make(demo, "security_group", "security-groups", name="web")
    path = "/v2.0/security-group-rules"
    rule = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}

    def add(prefix):
        body = {"security_group_rule": {**rule, "remote_ip_prefix": prefix}}
        return demo.post(path, json=body)

    made = add("10.2.3.124/24").get_json()["security_group_rule"]
    assert made["remote_ip_prefix"] == "10.2.3.124/24"
    assert made["normalized_cidr"] == "10.2.3.0/24"
    error(add("10.2.3.0/24"), 409, "SecurityGroupRuleExists")
    assert add("10.2.3.4").get_json()["security_group_rule"]["remote_ip_prefix"] == "10.2.3.4/32"


def test_no_group_is_renamed_default(demo):
    group = make(demo, "security_group", "security-groups", name="web")
    wish = {"security_group": {"name": "default"}}
    path = f"/v2.0/security-groups/{group['id']}"
    error(demo.put(path, json=wish), 409, "SecurityGroupDefaultAlreadyExists")


def test_the_root_names_what_there_is(admin):
    for entry in admin.ok("GET", "/v2.0/")["resources"]:
        assert admin.get(f"/v2.0/{entry['collection']}").status_code == 200, entry
        assert entry["links"][0]["href"].endswith(entry["collection"])


def test_nobody_provides_a_vpn(demo):
    def found(query):
        return demo.ok("GET", f"/v2.0/service-providers{query}")["service_providers"]

    assert found("?service_type=VPN") == found("?name=ha") == found("?default=False") == []
    assert found("?service_type=L3_ROUTER_NAT&default=true") == found("") != []


def test_the_extension_list_is_of_what_there_is(demo):
    aliases = {e["alias"] for e in demo.ok("GET", "/v2.0/extensions")["extensions"]}
    assert {
        "router",
        "external-net",
        "extraroute",
        "security-group",
        "subnet_allocation",
    } <= aliases
    assert demo.get("/v2.0/extensions/no-such").status_code == 404
