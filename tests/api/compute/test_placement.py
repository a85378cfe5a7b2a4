"The Placement API over the accounting that servers are claimed from."

import pytest

LATEST = {"OpenStack-API-Version": "placement 1.39"}


def v(number):
    return {"OpenStack-API-Version": f"placement {number}"}


@pytest.fixture
def api(cloud):
    def call(method, path, json=None, status=None, version="1.39"):
        return cloud.admin.ok(
            method, f"/placement{path}", json=json, status=status, headers=v(version)
        )

    return call


@pytest.fixture
def provider(api, request):
    made = api("POST", "/resource_providers", {"name": request.node.name[:200]})
    return made["uuid"]


def _inventory(api, uuid, generation=0, **classes):
    body = {
        "resource_provider_generation": generation,
        "inventories": {rc: {"total": n} for rc, n in classes.items()},
    }
    return api("PUT", f"/resource_providers/{uuid}/inventories", body)


def _put(cloud, consumer, allocations, generation=None):
    body = {
        "allocations": {p: {"resources": r} for p, r in allocations.items()},
        "project_id": "p",
        "user_id": "u",
        "consumer_generation": generation,
        "consumer_type": "INSTANCE",
    }
    return cloud.admin.put(f"/placement/allocations/{consumer}", json=body, headers=LATEST)


CONSUMER = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("path", ["/placement", "/placement/"])
def test_the_version_document_needs_no_token(cloud, path):
    answer = cloud.client(roles=()).get(path)
    assert answer.json["versions"][0]["max_version"] == "1.39"


def test_members_may_not(cloud):
    assert cloud.member.get("/placement/resource_providers").status_code == 403


def test_a_server_is_an_allocation(cloud, api):
    server = cloud.boot()
    held = api("GET", f"/allocations/{server['id']}")
    (resources,) = (a["resources"] for a in held["allocations"].values())
    assert resources == {"VCPU": 1, "MEMORY_MB": 64, "DISK_GB": 1}
    assert held["consumer_type"] == "INSTANCE" and held["project_id"] == "project-1"
    node = next(iter(held["allocations"]))
    usages = api("GET", f"/resource_providers/{node}/usages")["usages"]
    cloud.member.delete(f"/v2.1/servers/{server['id']}")
    cloud.gone(server["id"])
    left = api("GET", f"/resource_providers/{node}/usages")["usages"]
    assert left["MEMORY_MB"] == usages["MEMORY_MB"] - 64
    assert api("GET", f"/allocations/{server['id']}")["allocations"] == {}


def test_allocations_never_exceed_the_inventory(cloud, api, provider):
    _inventory(api, provider, VCPU=4)
    assert _put(cloud, CONSUMER, {provider: {"VCPU": 3}}).status_code == 204
    other = CONSUMER.replace("1", "2")
    refused = _put(cloud, other, {provider: {"VCPU": 2}})
    assert refused.status_code == 409 and refused.json["errors"][0]["status"] == 409
    assert _put(cloud, other, {provider: {"VCPU": 1}}).status_code == 204
    assert api("GET", f"/resource_providers/{provider}/usages")["usages"] == {"VCPU": 4}
    stale = _put(cloud, other, {provider: {"VCPU": 1}})
    assert stale.status_code == 409
    assert stale.json["errors"][0]["code"] == "placement.concurrent_update"
    for consumer in (CONSUMER, other):
        api("DELETE", f"/allocations/{consumer}", status=204)
    api("DELETE", f"/resource_providers/{provider}", status=204)


def test_inventory_in_use_stays_and_generations_are_kept(cloud, api, provider):
    _inventory(api, provider, VCPU=4)
    assert _put(cloud, CONSUMER, {provider: {"VCPU": 1}}).status_code == 204
    path = f"/placement/resource_providers/{provider}/inventories"
    old = {"resource_provider_generation": 0, "inventories": {}}
    assert cloud.admin.put(path, json=old, headers=LATEST).status_code == 409
    now = api("GET", f"/resource_providers/{provider}")["generation"]
    used = cloud.admin.put(
        path, headers=LATEST, json={"resource_provider_generation": now, "inventories": {}}
    )
    assert used.json["errors"][0]["code"] == "placement.inventory.inuse"
    assert (
        cloud.admin.delete(f"/placement/resource_providers/{provider}", headers=LATEST).status_code
        == 409
    )
    api("DELETE", f"/allocations/{CONSUMER}", status=204)


def test_traits_and_aggregates(cloud, api, provider):
    api("PUT", "/traits/CUSTOM_FAST", status=201)
    api("PUT", "/traits/CUSTOM_FAST", status=204)
    body = {"resource_provider_generation": 0, "traits": ["CUSTOM_FAST", "HW_CPU_X86_AVX"]}
    assert api("PUT", f"/resource_providers/{provider}/traits", body)["traits"] == body["traits"]
    found = api("GET", "/resource_providers?required=CUSTOM_FAST,!HW_CPU_X86_VMX")
    assert [p["uuid"] for p in found["resource_providers"]] == [provider]
    api(
        "PUT",
        f"/resource_providers/{provider}/aggregates",
        {"resource_provider_generation": 1, "aggregates": [CONSUMER]},
    )
    found = api("GET", f"/resource_providers?member_of=in:{CONSUMER}")["resource_providers"]
    assert [p["uuid"] for p in found] == [provider]
    assert cloud.admin.delete("/placement/traits/CUSTOM_FAST", headers=LATEST).status_code == 409


def test_candidates_of_a_tree(cloud, api, provider):
    child = api(
        "POST",
        "/resource_providers",
        {"name": f"child of {provider}", "parent_provider_uuid": provider},
    )["uuid"]
    api("PUT", "/resource_classes/CUSTOM_GPU")
    _inventory(api, provider, IPV4_ADDRESS=8)
    _inventory(api, child, CUSTOM_GPU=2)
    found = api("GET", "/allocation_candidates?resources=IPV4_ADDRESS:1&resources_G=CUSTOM_GPU:1")
    (one,) = found["allocation_requests"]
    assert one["mappings"] == {"": [provider], "_G": [child]}
    assert set(found["provider_summaries"]) == {provider, child}
    assert found["provider_summaries"][child]["root_provider_uuid"] == provider
    none = api("GET", "/allocation_candidates?resources=IPV4_ADDRESS:9")
    assert none["allocation_requests"] == []


def test_reshaper_moves_inventory_and_allocation_at_once(cloud, api, provider):
    _inventory(api, provider, VCPU=4)
    assert _put(cloud, CONSUMER, {provider: {"VCPU": 2}}).status_code == 204
    child = api(
        "POST",
        "/resource_providers",
        {"name": f"numa of {provider}", "parent_provider_uuid": provider},
    )["uuid"]
    now = api("GET", f"/resource_providers/{provider}")["generation"]
    body = {
        "inventories": {
            provider: {"resource_provider_generation": now, "inventories": {}},
            child: {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4}}},
        },
        "allocations": {
            CONSUMER: {
                "allocations": {child: {"resources": {"VCPU": 2}}},
                "project_id": "p",
                "user_id": "u",
                "consumer_generation": 1,
                "consumer_type": "INSTANCE",
            }
        },
    }
    api("POST", "/reshaper", body, status=204)
    assert api("GET", f"/resource_providers/{child}/usages")["usages"] == {"VCPU": 2}
    assert api("GET", f"/resource_providers/{provider}/inventories")["inventories"] == {}
    api("DELETE", f"/allocations/{CONSUMER}", status=204)


@pytest.mark.parametrize(
    ("version", "path", "status"),
    [
        ("1.0", "/traits", 404),
        ("1.6", "/traits", 200),
        ("1.1", "/resource_classes", 404),
        ("1.2", "/resource_classes", 200),
        ("1.9", "/allocation_candidates?resources=VCPU:1", 404),
        ("1.10", "/allocation_candidates?resources=VCPU:1", 200),
        ("1.8", "/usages?project_id=p", 404),
        ("1.9", "/usages?project_id=p", 200),
        ("1.40", "/traits", 406),
    ],
)
def test_versions(cloud, version, path, status):
    assert cloud.admin.get(f"/placement{path}", headers=v(version)).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/resource_providers", {"name": 1}),
        ("POST", "/resource_providers", {}),
        ("PUT", f"/allocations/{CONSUMER}", {"allocations": {}}),
        ("GET", "/allocation_candidates?resources=VCPU", None),
        ("GET", "/allocation_candidates", None),
        ("GET", "/resource_providers?required=nope", None),
        ("PUT", "/traits/custom", {}),
    ],
)
def test_bad_input_is_a_400(cloud, method, path, body):
    answer = getattr(cloud.admin, method.lower())(f"/placement{path}", json=body, headers=LATEST)
    assert answer.status_code == 400, answer.text
    assert answer.json["errors"][0]["title"] == "Bad Request"
