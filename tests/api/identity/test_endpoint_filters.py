"Which endpoints a project sees (OS-EP-FILTER), and the policies of endpoints (OS-ENDPOINT-POLICY)."

import pytest

EPF = "/v3/OS-EP-FILTER"


@pytest.fixture
def place(cloud):
    "A service with endpoints in two regions, one below the other."
    admin = cloud.admin
    for region, parent in (("world", None), ("town", "world")):
        body = {"region": {"id": region, "parent_region_id": parent}}
        admin.ok("POST", "/v3/regions", json=body)
    service = admin.ok("POST", "/v3/services", json={"service": {"type": "maps", "name": "m"}})
    service_id = service["service"]["id"]
    found = {"service": service_id}
    for region in ("world", "town"):
        endpoint = {
            "interface": "public",
            "service_id": service_id,
            "region_id": region,
            "url": f"http://{region}/",
        }
        made = admin.ok("POST", "/v3/endpoints", json={"endpoint": endpoint})
        found[region] = made["endpoint"]["id"]
    return found


def seen(cloud):
    "The ids of the endpoints in demo's catalog."
    token = cloud.log_in("demo", "demopw", project="demo").body
    return {e["id"] for service in token["catalog"] for e in service["endpoints"]}


def ids(answer, name):
    return {row["id"] for row in answer[name]}


def test_a_project_sees_the_endpoints_that_it_was_given(cloud, place):
    admin, demo = cloud.admin, cloud.id_of("projects", "demo")
    everything = seen(cloud)
    assert {place["world"], place["town"]} < everything
    path = f"{EPF}/projects/{demo}/endpoints/{place['town']}"
    assert admin.get(path).status_code == 404
    assert admin.put(path).status_code == 204 and admin.put(path).status_code == 409
    assert admin.get(path).status_code == admin.head(path).status_code == 204
    assert seen(cloud) == {place["town"]}
    listed = admin.ok("GET", f"{EPF}/projects/{demo}/endpoints")
    assert ids(listed, "endpoints") == {place["town"]}
    listed = admin.ok("GET", f"{EPF}/endpoints/{place['town']}/projects")
    assert ids(listed, "projects") == {demo}
    assert admin.delete(path).status_code == 204 and admin.delete(path).status_code == 404
    assert seen(cloud) == everything
    for wrong in (f"{EPF}/projects/none/endpoints/{place['town']}", path[:-1] + "x"):
        assert admin.put(wrong).status_code == 404


def test_endpoint_groups(cloud, place):
    admin, demo = cloud.admin, cloud.id_of("projects", "demo")
    everything = seen(cloud)
    wanted = {"name": "maps", "filters": {"service_id": place["service"], "interface": "public"}}
    made = admin.ok("POST", f"{EPF}/endpoint_groups", json={"endpoint_group": wanted})
    group = made["endpoint_group"]
    assert group["filters"] == wanted["filters"] and group["description"] is None
    path = f"{EPF}/endpoint_groups/{group['id']}"
    assert admin.head(path).status_code == 200
    listed = admin.ok("GET", f"{EPF}/endpoint_groups?name=maps")
    assert ids(listed, "endpoint_groups") == {group["id"]}
    assert admin.ok("GET", f"{EPF}/endpoint_groups?name=x")["endpoint_groups"] == []
    listed = admin.ok("GET", f"{path}/endpoints")
    assert ids(listed, "endpoints") == {place["world"], place["town"]}
    assert admin.put(f"{path}/projects/{demo}").status_code == 204
    assert seen(cloud) == {place["world"], place["town"]}
    body = {"endpoint_group": {"filters": {"region_id": "town"}}}
    admin.ok("PATCH", path, json=body)
    assert seen(cloud) == {place["town"]}
    assert ids(admin.ok("GET", f"{path}/projects"), "projects") == {demo}
    listed = admin.ok("GET", f"{EPF}/projects/{demo}/endpoint_groups")
    assert ids(listed, "endpoint_groups") == {group["id"]}
    listed = admin.ok("GET", f"{EPF}/projects/{demo}/endpoints")
    assert ids(listed, "endpoints") == {place["town"]}
    given = admin.ok("GET", f"{path}/projects/{demo}")["project_endpoint_group"]
    assert given["project_id"] == demo and given["endpoint_group_id"] == group["id"]
    assert admin.delete(f"{path}/projects/{demo}").status_code == 204
    assert admin.put(f"{path}/projects/{demo}").status_code == 204
    assert admin.delete(path).status_code == 204
    assert seen(cloud) == everything
    bad = {"endpoint_group": {"name": "x", "filters": {"colour": "red"}}}
    assert admin.post(f"{EPF}/endpoint_groups", json=bad).status_code == 400


def test_policies(cloud):
    admin = cloud.admin
    body = {"policy": {"type": "application/json", "blob": "{'a': 'role:b'}", "more": "1"}}
    policy = admin.ok("POST", "/v3/policies", json=body)["policy"]
    assert policy["blob"] == body["policy"]["blob"] and policy["more"] == "1"
    path = f"/v3/policies/{policy['id']}"
    changed = admin.ok("PATCH", path, json={"policy": {"blob": {"a": "b"}}})["policy"]
    assert changed["blob"] == {"a": "b"} and changed["type"] == "application/json"
    listed = admin.ok("GET", "/v3/policies?type=application/json")
    assert ids(listed, "policies") == {policy["id"]}
    assert admin.ok("GET", "/v3/policies?type=x")["policies"] == []
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert demo.get(path).status_code == demo.delete(path).status_code == 403
    assert admin.delete(path).status_code == 204 and admin.get(path).status_code == 404


def test_the_policy_of_an_endpoint_is_the_nearest(cloud, place):
    admin, policies = cloud.admin, {}
    for name in ("service", "region", "endpoint"):
        body = {"policy": {"type": "text", "blob": name}}
        policies[name] = admin.ok("POST", "/v3/policies", json=body)["policy"]["id"]

    def path(name):
        return f"/v3/policies/{policies[name]}/OS-ENDPOINT-POLICY"

    def policy_of(region):
        return admin.get(f"/v3/endpoints/{place[region]}/OS-ENDPOINT-POLICY/policy")

    assert policy_of("town").status_code == 404
    steps = (
        ("service", f"services/{place['service']}"),
        ("region", f"services/{place['service']}/regions/world"),
        ("endpoint", f"endpoints/{place['town']}"),
    )
    for name, where in steps:
        assert admin.get(f"{path(name)}/{where}").status_code == 404
        assert admin.put(f"{path(name)}/{where}").status_code == 204
        assert admin.get(f"{path(name)}/{where}").status_code == 204
        assert policy_of("town").json["policy"]["blob"] == name
    assert policy_of("world").json["policy"]["blob"] == "region"
    listed = admin.ok("GET", f"{path('endpoint')}/endpoints")
    assert ids(listed, "endpoints") == {place["town"]}
    assert admin.ok("GET", f"{path('service')}/endpoints")["endpoints"] == []
    for name, where in reversed(steps):
        assert admin.delete(f"{path(name)}/{where}").status_code == 204
        assert admin.delete(f"{path(name)}/{where}").status_code == 404
    # another policy takes the place; a policy's end is that of its associations
    admin.put(f"{path('service')}/endpoints/{place['town']}")
    admin.put(f"{path('region')}/endpoints/{place['town']}")
    assert policy_of("town").json["policy"]["id"] == policies["region"]
    assert admin.delete(f"/v3/policies/{policies['region']}").status_code == 204
    assert policy_of("town").status_code == 404
