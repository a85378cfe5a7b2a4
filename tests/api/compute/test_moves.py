"Servers that go from host to host: cold and live migration, evacuation, resize over hosts, zones."

import pytest

from tests.api.compute.cloud import Cloud, at


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    made = Cloud(tmp_path_factory.mktemp("two"), hosts=("node-1", "node-2"))
    made.admin.ok(
        "PUT", "/v2.1/os-quota-sets/project-1", json={"quota_set": {"instances": -1, "cores": -1}}
    )
    yield made
    made.close()


def _host(cloud, server_id):
    return cloud.admin.ok("GET", f"/v2.1/servers/{server_id}")["server"]["OS-EXT-SRV-ATTR:host"]


def _used(cloud):
    rows = cloud.admin.ok("GET", "/v2.1/os-hypervisors/detail")["hypervisors"]
    return {r["hypervisor_hostname"]: r["memory_mb_used"] for r in rows}


def _elsewhere(host):
    return "node-2" if host == "node-1" else "node-1"


def test_cold_migration_and_confirm(two):
    server = two.boot()
    source = _host(two, server["id"])
    before = _used(two)
    two.act(server["id"], "migrate", client=two.admin)
    two.wait(server["id"], "VERIFY_RESIZE")
    target = _elsewhere(source)
    assert _host(two, server["id"]) == target
    assert {
        p["binding:host_id"] for p in two.networks.ports.values() if p["device_id"] == server["id"]
    } == {target}
    two.act(server["id"], "confirmResize", status=204)
    two.wait(server["id"])
    after = _used(two)
    assert after[source] == before[source] - 64 and after[target] == before[target] + 64
    assert (
        server["id"] not in two.drivers[source].servers
        and server["id"] in two.drivers[target].servers
    )
    (row,) = two.admin.ok("GET", f"/v2.1/os-migrations?instance_uuid={server['id']}")["migrations"]
    assert (
        row["status"] == "confirmed"
        and row["source_compute"] == source
        and row["dest_compute"] == target
    )


def test_cold_migration_and_revert(two):
    server = two.boot()
    source, before = _host(two, server["id"]), _used(two)
    two.act(server["id"], "migrate", client=two.admin)
    two.wait(server["id"], "VERIFY_RESIZE")
    two.act(server["id"], "revertResize")
    two.wait(server["id"])
    assert _host(two, server["id"]) == source and _used(two) == before


def test_a_cold_migration_that_the_target_cannot_take_goes_back(two):
    server = two.boot()
    source, before = _host(two, server["id"]), _used(two)
    two.drivers[_elsewhere(source)].fail_next("move_in", "There is no room.")
    two.act(server["id"], "migrate", client=two.admin)
    back = two.wait(server["id"], "ACTIVE")
    assert back["OS-EXT-SRV-ATTR:host"] == source and _used(two) == before
    ports = [p for p in two.networks.ports.values() if p["device_id"] == server["id"]]
    assert {p["binding:host_id"] for p in ports} == {source}
    two.until(lambda: server["id"] not in two.drivers[_elsewhere(source)].servers)
    assert server["id"] in two.drivers[source].servers
    (row,) = two.admin.ok("GET", f"/v2.1/os-migrations?instance_uuid={server['id']}")["migrations"]
    assert row["status"] == "error"


def test_live_migration(two):
    server = two.boot()
    source, before = _host(two, server["id"]), _used(two)
    body = {"host": None, "block_migration": "auto"}
    two.act(server["id"], "os-migrateLive", body, status=403, version="2.30")
    two.act(server["id"], "os-migrateLive", body, client=two.admin, version="2.30")
    target = _elsewhere(source)
    two.until(lambda: _host(two, server["id"]) == target)
    two.wait(server["id"])
    assert _used(two) == {source: before[source] - 64, target: before[target] + 64}
    two.until(lambda: server["id"] not in two.drivers[source].servers)


def test_a_live_migration_that_fails_leaves_everything_as_it_was(two):
    server = two.boot()
    source, before = _host(two, server["id"]), _used(two)
    two.drivers[source].fail_next(
        "move_out", "The guest dirties memory faster than it can be sent."
    )
    body = {"host": None, "block_migration": "auto"}
    two.act(server["id"], "os-migrateLive", body, client=two.admin, version="2.30")
    two.until(lambda: two.admin.ok("GET", "/v2.1/os-migrations?status=error")["migrations"])
    two.wait(server["id"])
    assert _host(two, server["id"]) == source and _used(two) == before


def test_a_host_that_is_down_is_evacuated(two):
    server = two.boot()
    source = _host(two, server["id"])
    answer = two.admin.post(
        f"/v2.1/servers/{server['id']}/action", json={"evacuate": {}}, headers=at("2.29")
    )
    assert answer.status_code == 400 and "still in use" in answer.text
    service = next(
        s
        for s in two.admin.ok("GET", "/v2.1/os-services", headers=at("2.53"))["services"]
        if s["host"] == source and s["binary"] == "nova-compute"
    )
    path = f"/v2.1/os-services/{service['id']}"
    two.admin.ok("PUT", path, json={"forced_down": True}, headers=at("2.53"))
    two.act(server["id"], "evacuate", {}, client=two.admin, version="2.29", status=200)
    two.until(lambda: _host(two, server["id"]) == _elsewhere(source))
    two.wait(server["id"])
    two.admin.ok("PUT", path, json={"forced_down": False}, headers=at("2.53"))
    two.nodes[source].loop.wake()
    two.until(lambda: server["id"] not in two.drivers[source].servers)


def test_zones_aggregates_and_a_disabled_host(two):
    made = two.admin.ok(
        "POST",
        "/v2.1/os-aggregates",
        json={"aggregate": {"name": "east", "availability_zone": "east"}},
    )
    ident = made["aggregate"]["id"]
    busy = two.admin.post(
        f"/v2.1/os-aggregates/{ident}/action", json={"add_host": {"host": "node-2"}}
    )
    hosts = {
        _host(two, s["id"]) for s in two.admin.ok("GET", "/v2.1/servers?all_tenants=1")["servers"]
    }
    assert busy.status_code == (409 if "node-2" in hosts else 200)
    for server in two.admin.ok("GET", "/v2.1/servers?all_tenants=1")["servers"]:
        two.admin.delete(f"/v2.1/servers/{server['id']}")
        two.gone(server["id"])
    if busy.status_code == 409:
        two.admin.ok(
            "POST", f"/v2.1/os-aggregates/{ident}/action", json={"add_host": {"host": "node-2"}}
        )
    zones = {
        z["zoneName"]
        for z in two.member.ok("GET", "/v2.1/os-availability-zone")["availabilityZoneInfo"]
    }
    assert zones == {"nova", "east"}
    server = two.boot(availability_zone="east")
    assert _host(two, server["id"]) == "node-2" and server["OS-EXT-AZ:availability_zone"] == "east"
    two.admin.ok(
        "PUT", "/v2.1/os-services/disable", json={"host": "node-2", "binary": "nova-compute"}
    )
    failed = two.boot(availability_zone="east", wait="ERROR")
    assert "the host is disabled" in failed["fault"]["message"]
    forced = two.boot(client=two.admin, availability_zone="nova:node-1")
    assert _host(two, forced["id"]) == "node-1"


def test_anti_affinity_and_hints(fresh):
    cloud = fresh(hosts=("node-1", "node-2"))
    group = cloud.member.ok(
        "POST",
        "/v2.1/os-server-groups",
        headers=at("2.64"),
        json={"server_group": {"name": "g", "policy": "anti-affinity"}},
    )["server_group"]["id"]
    first = cloud.boot(hints={"group": group})
    second = cloud.boot(hints={"group": group})
    assert _host(cloud, first["id"]) != _host(cloud, second["id"])
    third = cloud.boot(hints={"group": group}, wait="ERROR")
    assert "anti-affinity" in third["fault"]["message"]
    near = cloud.boot(hints={"same_host": first["id"]})
    assert _host(cloud, near["id"]) == _host(cloud, first["id"])
    chosen = cloud.boot(hints={"query": '["=", "$host", "node-2"]'})
    assert _host(cloud, chosen["id"]) == "node-2"
    body = cloud.body() | {"os:scheduler_hints": {"query": ["=", "$nonsense", 1]}}
    refused = cloud.member.post("/v2.1/servers", json=body)
    assert refused.status_code == 400 and "$nonsense" in refused.text
