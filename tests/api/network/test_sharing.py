"""RBAC policies: what a project that needs an object keeps from being taken away, for every kind of
object; who may share what. Network API reference, RBAC Policies."""

import pytest

from tests.api.network.test_resources import error, make

DEMO, OTHER = "d" * 32, "e" * 32
POLICIES = "rbac-policies"


def _address_scope(admin, other):
    scope = make(admin, "address_scope", "address-scopes", name="s", ip_version=4)
    wish = {"name": "p", "prefixes": ["10.0.0.0/16"], "address_scope_id": scope["id"]}
    return scope, lambda: ("subnetpools", make(other, "subnetpool", **wish))


def _subnetpool(admin, other):
    pool = make(admin, "subnetpool", name="p", prefixes=["10.0.0.0/16"], default_prefixlen=24)
    net = make(other, "network")
    wish = {"network_id": net["id"], "ip_version": 4, "subnetpool_id": pool["id"]}
    return pool, lambda: ("subnets", make(other, "subnet", **wish))


def _security_group(admin, other):
    group = make(admin, "security_group", "security-groups", name="web")
    net = make(other, "network")
    wish = {"network_id": net["id"], "security_groups": [group["id"]]}
    return group, lambda: ("ports", make(other, "port", **wish))


def _address_group(admin, other):
    group = make(admin, "address_group", "address-groups", addresses=["10.1.0.0/16"])
    own = make(other, "security_group", "security-groups", name="mine")
    wish = {"security_group_id": own["id"], "remote_address_group_id": group["id"]}
    wish |= {"direction": "ingress", "protocol": "tcp"}
    return group, lambda: (
        "security-group-rules",
        make(other, "security_group_rule", "security-group-rules", **wish),
    )


def _qos_policy(admin, other):
    policy = make(admin, "policy", "qos/policies", name="slow")
    wish = {"qos_policy_id": policy["id"]}
    return policy, lambda: ("networks", make(other, "network", **wish))


def _network(admin, other):
    net = make(admin, "network")
    return net, lambda: ("ports", make(other, "port", network_id=net["id"]))


def _external(admin, other):
    net = make(admin, "network")
    cidr = "172.24.4.0/24"
    make(admin, "subnet", network_id=net["id"], cidr=cidr, ip_version=4, enable_dhcp=False)
    wish = {"external_gateway_info": {"network_id": net["id"]}}
    return net, lambda: ("routers", make(other, "router", **wish))


KINDS = {
    "address_scope": _address_scope,
    "subnetpool": _subnetpool,
    "security_group": _security_group,
    "address_group": _address_group,
    "qos_policy": _qos_policy,
    "network": _network,
    "external": _external,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_needs_stays_shared_with_them(admin, other, kind):
    thing, use = KINDS[kind](admin, other)
    wish = {
        "object_type": "network" if kind == "external" else kind,
        "object_id": thing["id"],
        "action": "access_as_external" if kind == "external" else "access_as_shared",
    }
    theirs = make(admin, "rbac_policy", POLICIES, target_tenant=OTHER, **wish)
    plural, used = use()

    def gone(policy):
        return admin.delete(f"/v2.0/rbac-policies/{policy['id']}")

    def moved(policy, target):
        body = {"rbac_policy": {"target_tenant": target}}
        return admin.put(f"/v2.0/rbac-policies/{policy['id']}", json=body)

    error(gone(theirs), 409, "RbacPolicyInUse")
    error(moved(theirs, DEMO), 409, "RbacPolicyInUse")
    everybody = make(admin, "rbac_policy", POLICIES, target_tenant="*", **wish)
    assert gone(theirs).status_code == 204
    error(gone(everybody), 409, "RbacPolicyInUse")
    error(moved(everybody, DEMO), 409, "RbacPolicyInUse")
    assert moved(everybody, OTHER).status_code == 200
    assert other.delete(f"/v2.0/{plural}/{used['id']}").status_code == 204
    assert gone(everybody).status_code == 204


def test_an_owner_needs_no_policy(demo):
    net = make(demo, "network")
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    mine = make(demo, "rbac_policy", POLICIES, target_tenant=DEMO, **wish)
    make(demo, "port", network_id=net["id"])
    assert demo.delete(f"/v2.0/rbac-policies/{mine['id']}").status_code == 204


def test_only_the_owner_and_administrators_share(admin, demo):
    net = make(admin, "network", shared=True)
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    body = {"rbac_policy": {**wish, "target_tenant": OTHER}}
    error(demo.post("/v2.0/rbac-policies", json=body), 400, "HTTPBadRequest")


def test_a_network_external_for_nobody_is_external_no_longer(admin):
    net = make(admin, "network")
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_external"}
    first = make(admin, "rbac_policy", POLICIES, target_tenant=OTHER, **wish)
    second = make(admin, "rbac_policy", POLICIES, target_tenant="*", **wish)

    def external():
        return admin.ok("GET", f"/v2.0/networks/{net['id']}")["network"]["router:external"]

    for policy, after in ((first, True), (second, False)):
        assert external()
        admin.ok("DELETE", f"/v2.0/rbac-policies/{policy['id']}")
        assert external() is after


def test_the_default_external_network_stays_everybodys(admin):
    net = make(admin, "network", **{"router:external": True, "is_default": True})
    path = f"/v2.0/rbac-policies?object_id={net['id']}"
    (policy,) = admin.ok("GET", path)["rbac_policies"]
    error(admin.delete(f"/v2.0/rbac-policies/{policy['id']}"), 409, "RbacPolicyInUse")
    admin.ok("PUT", f"/v2.0/networks/{net['id']}", json={"network": {"is_default": False}})
    assert admin.delete(f"/v2.0/rbac-policies/{policy['id']}").status_code == 204


def test_sharing_is_a_change(admin):
    net = make(admin, "network")
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    seen = [net["revision_number"]]

    def again():
        shown = admin.ok("GET", f"/v2.0/networks/{net['id']}")["network"]["revision_number"]
        assert shown > seen[-1]
        seen.append(shown)

    policy = make(admin, "rbac_policy", POLICIES, target_tenant="*", **wish)
    again()
    admin.ok("DELETE", f"/v2.0/rbac-policies/{policy['id']}")
    again()


def test_a_qos_policy_that_others_use_stays_shared(admin, other):
    policy = make(admin, "policy", "qos/policies", name="slow", shared=True)
    net = make(other, "network", qos_policy_id=policy["id"])
    path, off = f"/v2.0/qos/policies/{policy['id']}", {"policy": {"shared": False}}
    error(admin.put(path, json=off), 409, "RbacPolicyInUse")
    other.ok("DELETE", f"/v2.0/networks/{net['id']}")
    assert admin.ok("PUT", path, json=off)["policy"]["shared"] is False


def test_a_pool_is_shared_with_those_who_have_its_scope(admin, demo):
    scope = make(admin, "address_scope", "address-scopes", name="s", ip_version=4)
    wish = {"object_id": scope["id"], "object_type": "address_scope", "action": "access_as_shared"}
    make(admin, "rbac_policy", POLICIES, target_tenant=DEMO, **wish)
    pool = make(
        demo, "subnetpool", name="p", prefixes=["10.0.0.0/16"], address_scope_id=scope["id"]
    )
    share = {"object_id": pool["id"], "object_type": "subnetpool", "action": "access_as_shared"}
    body = {"rbac_policy": {**share, "target_tenant": OTHER}}
    error(demo.post("/v2.0/rbac-policies", json=body), 400, "HTTPBadRequest")
    make(admin, "rbac_policy", POLICIES, target_tenant=OTHER, **wish)
    assert demo.post("/v2.0/rbac-policies", json=body).status_code == 201
