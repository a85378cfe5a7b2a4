"Every step of the API that changes an answer or what may be asked, seen from both of its sides."

import pytest

from tests.api.compute.cloud import at


@pytest.fixture(scope="module")
def server(cloud):
    return cloud.boot(metadata={"a": "b"})


def _before(version):
    return f"2.{int(version[2:]) - 1}"


SHOWN = [  # version, key of a server, for administrators only
    ("2.3", "OS-EXT-SRV-ATTR:reservation_id", True),
    ("2.9", "locked", False),
    ("2.16", "host_status", True),
    ("2.19", "description", False),
    ("2.26", "tags", False),
    ("2.63", "trusted_image_certificates", False),
    ("2.71", "server_groups", False),
    ("2.73", "locked_reason", False),
    ("2.90", "OS-EXT-SRV-ATTR:hostname", False),
    ("2.96", "pinned_availability_zone", False),
    ("2.100", "scheduler_hints", False),
]


@pytest.mark.parametrize(("version", "key", "admin"), SHOWN)
def test_a_server_shows_more(cloud, server, version, key, admin):
    client = cloud.admin if admin else cloud.member
    path = f"/v2.1/servers/{server['id']}"
    assert key not in client.ok("GET", path, headers=at(_before(version)))["server"]
    assert key in client.ok("GET", path, headers=at(version))["server"]
    if admin:
        assert key not in cloud.member.ok("GET", path, headers=at(version))["server"]


def test_the_flavor_is_inside_since_2_47_and_the_image_s_properties_since_2_98(cloud, server):
    path = f"/v2.1/servers/{server['id']}"
    assert "id" in cloud.member.ok("GET", path, headers=at("2.46"))["server"]["flavor"]
    assert "original_name" in cloud.member.ok("GET", path, headers=at("2.47"))["server"]["flavor"]
    assert "properties" not in cloud.member.ok("GET", path, headers=at("2.97"))["server"]["image"]
    assert "properties" in cloud.member.ok("GET", path, headers=at("2.98"))["server"]["image"]


FOUND = [  # path that appears with a version
    ("2.6", "POST", "remote-consoles"),
    ("2.22", "POST", "migrations/1/action"),
    ("2.23", "GET", "migrations"),
    ("2.24", "DELETE", "migrations/1"),
    ("2.26", "GET", "tags"),
    ("2.78", "GET", "topology"),
    ("2.97", "GET", "shares"),
]


@pytest.mark.parametrize(("version", "method", "path"), FOUND)
def test_new_resources_are_404_before(cloud, server, version, method, path):
    url = f"/v2.1/servers/{server['id']}/{path}"
    before = cloud.admin.request(method, url, headers=at(_before(version)), json={})
    now = cloud.admin.request(method, url, headers=at(version), json={})
    assert before.status_code == 404
    assert now.status_code != 404 or "Migration 1" in now.text


GONE = [
    ("2.35", "/os-security-groups"),
    ("2.35", "/images"),
    ("2.35", "/images/detail"),
    ("2.35", "/os-networks"),
    ("2.35", "/os-floating-ips"),
    ("2.35", "/os-floating-ip-pools"),
    ("2.35", "/os-volumes"),
    ("2.35", "/os-tenant-networks"),
    ("2.87", "/os-hypervisors/statistics"),
    ("2.52", "/os-hypervisors/node/search"),
    ("2.52", "/os-hypervisors/node/servers"),
]


@pytest.mark.parametrize(("last", "path"), GONE)
def test_proxies_and_old_resources_end(cloud, server, last, path):
    after = f"2.{int(last[2:]) + 1}"
    assert cloud.admin.get(f"/v2.1{path}", headers=at(last)).status_code == 200
    assert cloud.admin.get(f"/v2.1{path}", headers=at(after)).status_code in (400, 404)


ACTIONS = [
    ("trigger_crash_dump", None, "2.17", None),
    ("addFixedIp", {"networkId": "x"}, None, "2.43"),
    ("removeFixedIp", {"address": "10.0.0.99"}, None, "2.43"),
    ("addFloatingIp", {"address": "1.2.3.4"}, None, "2.43"),
    ("os-getVNCConsole", {"type": "xvpvnc"}, None, "2.5"),
    ("os-getSPICEConsole", {"type": "spice-html5"}, None, "2.5"),
]


@pytest.mark.parametrize(("name", "value", "since", "last"), ACTIONS)
def test_actions_come_and_go(cloud, server, name, value, since, last):
    path = f"/v2.1/servers/{server['id']}/action"

    def code(version):
        answer = cloud.member.post(path, json={name: value}, headers=at(version))
        return answer.status_code, answer.text

    if since:
        assert code(_before(since))[0] == 400 and code(since)[0] == 202
        cloud.wait(server["id"])
    else:
        assert code(last)[0] != 404 or "Floating IP" in code(last)[1]
        assert code(f"2.{int(last[2:]) + 1}")[0] == 404


BODIES = [  # version from which a field of POST /servers is known
    ("2.19", {"description": "x"}),
    ("2.42", {"networks": [{"uuid": None, "tag": "t"}]}),
    ("2.52", {"tags": ["a"]}),
    ("2.74", {"host": "node-1"}),
    ("2.90", {"hostname": "h"}),
]


@pytest.mark.parametrize(("version", "fields"), BODIES)
def test_new_fields_of_a_create_are_refused_before(cloud, version, fields):
    if "networks" in fields:
        fields = {"networks": [{"uuid": next(iter(cloud.networks.networks)), "tag": "t"}]}
    body = cloud.body(**fields)
    before = cloud.admin.post("/v2.1/servers", json=body, headers=at(_before(version)))
    assert (
        before.status_code == 400
        and "Additional properties" in before.json["badRequest"]["message"]
    )
    now = cloud.admin.post("/v2.1/servers", json=body, headers=at(version))
    assert now.status_code == 202, now.text


def test_personality_ends_with_2_57_and_networks_are_needed_from_2_37(cloud):
    files = [{"path": "/etc/x", "contents": "eA=="}]
    body = cloud.body(personality=files)
    assert cloud.member.post("/v2.1/servers", json=body, headers=at("2.56")).status_code == 202
    assert cloud.member.post("/v2.1/servers", json=body, headers=at("2.57")).status_code == 400
    body = cloud.body(networks=...)
    assert cloud.member.post("/v2.1/servers", json=body, headers=at("2.36")).status_code == 202
    assert cloud.member.post("/v2.1/servers", json=body, headers=at("2.37")).status_code == 400
    for choice in ("auto", "none"):
        body = cloud.body(networks=choice)
        assert cloud.member.post("/v2.1/servers", json=body, headers=at("2.37")).status_code == 202


QUERIES = [
    ("2.66", "/servers", "changes-before=2030-01-01T00:00:00Z", None),
    ("2.75", "/servers", "what=ever", 400),
    ("2.75", "/flavors", "what=ever", 400),
    ("2.38", "/servers", "status=nope", 400),
]


@pytest.mark.parametrize(("version", "path", "query", "after"), QUERIES)
def test_queries(cloud, server, version, path, query, after):
    before = cloud.member.get(f"/v2.1{path}?{query}", headers=at(_before(version)))
    now = cloud.member.get(f"/v2.1{path}?{query}", headers=at(version))
    assert before.status_code == 200 and now.status_code == (after or 200)


def test_users_may_filter_by_more_from_2_83(cloud, server):
    path = "/v2.1/servers?vm_state=paused"
    assert cloud.member.ok("GET", path, headers=at("2.82"))["servers"]
    assert cloud.member.ok("GET", path, headers=at("2.83"))["servers"] == []


def test_keypairs(cloud):
    def make(name, version, **more):
        return cloud.member.post(
            "/v2.1/os-keypairs", headers=at(version), json={"keypair": {"name": name, **more}}
        )

    assert make("a", "2.1").status_code == 200 and make("b", "2.2").status_code == 201
    assert make("c", "2.92").status_code == 400
    assert cloud.member.delete("/v2.1/os-keypairs/a").status_code == 202
    assert cloud.member.delete("/v2.1/os-keypairs/b", headers=at("2.2")).status_code == 204
    other = cloud.member.get("/v2.1/os-keypairs?user_id=user-2", headers=at("2.10"))
    assert other.status_code == 403
    assert (
        cloud.admin.get("/v2.1/os-keypairs?user_id=user-2", headers=at("2.10")).status_code == 200
    )


def test_flavors(cloud):
    path = "/v2.1/flavors/" + cloud.shared_flavor()
    assert "description" not in cloud.member.ok("GET", path, headers=at("2.54"))["flavor"]
    assert "description" in cloud.member.ok("GET", path, headers=at("2.55"))["flavor"]
    assert "extra_specs" not in cloud.member.ok("GET", path, headers=at("2.60"))["flavor"]
    assert cloud.member.ok("GET", path, headers=at("2.61"))["flavor"]["extra_specs"] == {}
    assert cloud.member.ok("GET", path, headers=at("2.74"))["flavor"]["swap"] == ""
    assert cloud.member.ok("GET", path, headers=at("2.75"))["flavor"]["swap"] == 0
    body = {"flavor": {"description": "new"}}
    assert cloud.admin.put(path, json=body, headers=at("2.54")).status_code in (404, 405)
    assert cloud.admin.put(path, json=body, headers=at("2.55")).status_code == 200
    wrong = {"extra_specs": {"hw:cpu_policy": "sometimes"}}
    other = "/v2.1/flavors/" + cloud.flavor()
    assert (
        cloud.admin.post(f"{other}/os-extra_specs", json=wrong, headers=at("2.85")).status_code
        == 200
    )
    assert (
        cloud.admin.post(f"{other}/os-extra_specs", json=wrong, headers=at("2.86")).status_code
        == 400
    )
    access = {"addTenantAccess": {"tenant": "p"}}
    assert cloud.admin.post(f"{other}/action", json=access, headers=at("2.7")).status_code == 409


def test_limits_and_quotas_lose_what_belongs_elsewhere(cloud):
    def names(version):
        limits = cloud.member.ok("GET", "/v2.1/limits", headers=at(version))["limits"]["absolute"]
        quotas = cloud.member.ok("GET", "/v2.1/os-quota-sets/project-1", headers=at(version))[
            "quota_set"
        ]
        return set(limits), set(quotas)

    for version, limit, quota in (
        ("2.36", "maxSecurityGroups", "floating_ips"),
        ("2.57", "maxPersonality", "injected_files"),
    ):
        old, new = names(_before(version)), names(version)
        assert limit in old[0] and quota in old[1] and limit not in new[0] and quota not in new[1]
    assert "maxImageMeta" in names("2.38")[0] and "maxImageMeta" not in names("2.39")[0]


def test_server_groups(cloud):
    def make(version, **body):
        return cloud.member.post(
            "/v2.1/os-server-groups",
            headers=at(version),
            json={"server_group": {"name": "g", **body}},
        )

    assert make("2.14", policies=["soft-affinity"]).status_code == 400
    assert make("2.15", policies=["soft-affinity"]).status_code == 200
    assert "project_id" not in make("2.12", policies=["affinity"]).json["server_group"]
    assert "project_id" in make("2.13", policies=["affinity"]).json["server_group"]
    assert make("2.63", policy="affinity").status_code == 400
    rules = {"max_server_per_host": 2}
    assert make("2.64", policy="anti-affinity", rules=rules).json["server_group"]["rules"] == rules


def test_services_and_hypervisors_have_uuids_from_2_53_and_slim_down_in_2_88(cloud):
    old = cloud.admin.ok("GET", "/v2.1/os-services", headers=at("2.52"))["services"][0]
    new = cloud.admin.ok("GET", "/v2.1/os-services", headers=at("2.53"))["services"][0]
    assert isinstance(old["id"], int) and isinstance(new["id"], str)
    assert (
        "forced_down"
        not in cloud.admin.ok("GET", "/v2.1/os-services", headers=at("2.10"))["services"][0]
    )
    detail = "/v2.1/os-hypervisors/detail"
    assert isinstance(
        cloud.admin.ok("GET", detail, headers=at("2.27"))["hypervisors"][0]["cpu_info"], str
    )
    assert isinstance(
        cloud.admin.ok("GET", detail, headers=at("2.28"))["hypervisors"][0]["cpu_info"], dict
    )
    assert "vcpus" in cloud.admin.ok("GET", detail, headers=at("2.87"))["hypervisors"][0]
    slim = cloud.admin.ok("GET", detail, headers=at("2.88"))["hypervisors"][0]
    assert "vcpus" not in slim and "load average" in slim["uptime"]


def test_the_image_of_createImage_is_named_in_the_body_from_2_45(cloud, server):
    body = {"createImage": {"name": "i"}}
    path = f"/v2.1/servers/{server['id']}/action"
    old = cloud.member.post(path, json=body, headers=at("2.44"))
    assert old.data == b"" and "Location" in old.headers
    cloud.wait(server["id"])
    new = cloud.member.post(path, json=body, headers=at("2.45"))
    assert new.json["image_id"] and "Location" not in new.headers
    cloud.wait(server["id"])


def test_actions_tell_users_more(cloud, server):
    base = f"/v2.1/servers/{server['id']}/os-instance-actions"
    first = cloud.member.ok("GET", base)["instanceActions"][-1]["request_id"]

    def event(version):
        return cloud.member.ok("GET", f"{base}/{first}", headers=at(version))["instanceAction"]

    assert "events" not in event("2.50") and "events" in event("2.51")
    assert "hostId" not in event("2.61")["events"][0] and "hostId" in event("2.62")["events"][0]
    assert "updated_at" not in event("2.57") and "updated_at" in event("2.58")
    assert (
        len(cloud.member.ok("GET", f"{base}?limit=1", headers=at("2.58"))["instanceActions"]) == 1
    )


@pytest.mark.parametrize(
    ("value", "code"), [("2.0", 406), ("2.105", 406), ("3.1", 406), ("x", 400), ("latest", 200)]
)
def test_versions_that_are_not(cloud, value, code):
    assert cloud.member.get("/v2.1/servers", headers=at(value)).status_code == code


def test_answers_say_the_version(cloud):
    answer = cloud.member.get("/v2.1/servers", headers=at("2.27"))
    assert answer.headers["OpenStack-API-Version"] == "compute 2.27"
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.27"
    assert "OpenStack-API-Version" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/os-agents", "/os-cells", "/os-cloudpipe", "/os-fping", "/os-certificates"]
)
def test_what_was_removed_is_gone(cloud, path):
    assert cloud.member.get(f"/v2.1{path}").status_code == 410
