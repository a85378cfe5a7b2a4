"""The steps of the API that change what an order does, each from both of its sides; what only adds
a key or a path is in `test_microversions`. The last test counts that none is forgotten."""

import re
from pathlib import Path

import pytest

from compute.microversions import HISTORY
from tests.api.compute.cloud import Cloud, at


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    made = Cloud(tmp_path_factory.mktemp("steps"), hosts=("node-1", "node-2"))
    quota = {"quota_set": {"instances": -1, "cores": -1}}
    made.admin.ok("PUT", "/v2.1/os-quota-sets/project-1", json=quota)
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(two):
    return two.boot()


def code(cloud, server_id, action, value, version, client=None):
    "What an action answers."
    path = f"/v2.1/servers/{server_id}/action"
    client = client or cloud.admin
    return client.post(path, json={action: value}, headers=at(version)).status_code


def _host(cloud, server_id):
    return cloud.admin.ok("GET", f"/v2.1/servers/{server_id}")["server"]["OS-EXT-SRV-ATTR:host"]


def _service(cloud, host):
    found = cloud.admin.ok("GET", "/v2.1/os-services", headers=at("2.53"))["services"]
    return next(s for s in found if s["host"] == host and s["binary"] == "nova-compute")


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_fixed_ips_were_removed_whatever_2_4_added_to_them(two, version):
    assert two.admin.get("/v2.1/os-fixed-ips/10.0.0.1", headers=at(version)).status_code == 410


def _console(cloud, server, protocol, kind, version):
    path = f"/v2.1/servers/{server['id']}/remote-consoles"
    body = {"remote_console": {"protocol": protocol, "type": kind}}
    return cloud.member.post(path, json=body, headers=at(version))


def test_2_8_knows_mks_consoles(two, server):
    before = _console(two, server, "mks", "webmks", "2.7")
    assert before.status_code == 400 and "'webmks' is not one of" in before.text
    # known, and no console that QEMU has
    now = _console(two, server, "mks", "webmks", "2.8")
    assert now.status_code == 400 and "is not one of" not in now.text


@pytest.mark.parametrize("version", ["2.17", "2.18"])
def test_2_18_takes_urls_without_a_project_and_with_one(two, server, version):
    for path in ("/v2.1/servers", "/v2.1/project-1/servers"):
        found = two.member.ok("GET", path, headers=at(version))["servers"]
        assert server["id"] in {s["id"] for s in found}


def test_2_20_attaches_volumes_to_shelved_servers(two):
    server, volume = two.boot(), two.volumes.add()
    two.act(server["id"], "shelve")
    two.wait(server["id"], "SHELVED_OFFLOADED")
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume}}
    assert two.member.post(path, json=body, headers=at("2.19")).status_code == 409
    assert two.member.post(path, json=body, headers=at("2.20")).status_code == 200
    assert two.member.delete(f"{path}/{volume}", headers=at("2.19")).status_code == 409
    assert two.member.delete(f"{path}/{volume}", headers=at("2.20")).status_code == 202
    two.until(lambda: two.volumes.volumes[volume]["status"] == "available")


def test_2_21_tells_what_was_done_to_a_deleted_server(two):
    server = two.boot()
    two.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    two.gone(server["id"])
    path = f"/v2.1/servers/{server['id']}/os-instance-actions"
    assert two.member.get(path, headers=at("2.20")).status_code == 404
    found = two.member.ok("GET", path, headers=at("2.21"))["instanceActions"]
    assert [a["action"] for a in found] == ["delete", "create"]


def test_live_migration_2_25_2_30_2_68(two, server):
    old = {"host": None, "block_migration": True, "disk_over_commit": False}
    new = {"host": None, "block_migration": "auto"}

    def answer(value, version):
        return code(two, "11111111-2222-3333-4444-555555555555", "os-migrateLive", value, version)

    assert (answer(old, "2.24"), answer(old, "2.25")) == (404, 400)
    assert (answer(new, "2.24"), answer(new, "2.25")) == (400, 404)
    forced = {**new, "host": "node-2", "force": True}
    assert (answer(forced, "2.29"), answer(forced, "2.30")) == (400, 404)
    assert (answer(forced, "2.67"), answer(forced, "2.68")) == (404, 400)


def test_evacuation_2_14_2_29_2_68(two):
    def answer(value, version):
        return code(two, "11111111-2222-3333-4444-555555555555", "evacuate", value, version)

    shared = {"onSharedStorage": False}
    assert (answer(shared, "2.13"), answer(shared, "2.14")) == (404, 400)
    forced = {"host": "node-2", "force": True}
    assert (answer(forced, "2.28"), answer(forced, "2.29")) == (400, 404)
    assert (answer(forced, "2.67"), answer(forced, "2.68")) == (404, 400)


def test_2_34_checks_a_live_migration_after_the_answer(two):
    "Up to 2.33 a place is looked for while the caller waits; from then on the migration fails."
    server = two.boot()
    other = "node-1" if _host(two, server["id"]) == "node-2" else "node-2"
    path = f"/v2.1/os-services/{_service(two, other)['id']}"
    wish = {"host": None, "block_migration": "auto"}
    two.admin.ok("PUT", path, json={"status": "disabled"}, headers=at("2.53"))
    try:
        assert code(two, server["id"], "os-migrateLive", wish, "2.33") == 400
        assert code(two, server["id"], "os-migrateLive", wish, "2.34") == 202
        query = f"/v2.1/os-migrations?instance_uuid={server['id']}&status=error"
        two.until(lambda: two.admin.ok("GET", query)["migrations"])
    finally:
        two.admin.ok("PUT", path, json={"status": "enabled"}, headers=at("2.53"))
    assert two.wait(server["id"])["status"] == "ACTIVE"


def test_2_32_2_42_2_49_tags_of_devices(two, server):
    network = next(iter(two.networks.networks))

    def create(version):
        body = two.body(networks=[{"uuid": network, "tag": "x y"}])
        return two.member.post("/v2.1/servers", json=body, headers=at(version))

    # a tag that is none shows whether tags are known, without a server being made
    assert "Additional properties" in create("2.31").text
    assert "Additional properties" not in create("2.42").text
    for version, known in (
        ("2.31", False),
        ("2.32", True),
        ("2.33", False),
        ("2.41", False),
        ("2.42", True),
    ):
        device = {
            "boot_index": 0,
            "uuid": next(iter(two.images.images)),
            "source_type": "image",
            "destination_type": "local",
            "tag": "root",
        }
        body = two.body(block_device_mapping_v2=[device], name="" if known else "one")
        refused = two.member.post("/v2.1/servers", json=body, headers=at(version))
        assert refused.status_code == 400
        assert ("tag" in refused.text) is not known, (version, refused.text)

    path = f"/v2.1/servers/{server['id']}/os-interface"
    tagged = {"interfaceAttachment": {"net_id": network, "tag": "second"}}
    assert two.member.post(path, json=tagged, headers=at("2.48")).status_code == 400
    made = two.member.ok("POST", path, json=tagged, headers=at("2.49"))["interfaceAttachment"]
    assert "tag" not in made
    shown = f"{path}/{made['port_id']}"
    before = two.member.ok("GET", shown, headers=at("2.69"))["interfaceAttachment"]
    now = two.member.ok("GET", shown, headers=at("2.70"))["interfaceAttachment"]
    assert "tag" not in before and now["tag"] == "second"
    two.member.ok("DELETE", shown, status=202)


def test_2_70_2_79_volumes_show_their_tag_and_fate(two):
    server, volume = two.boot(), two.volumes.add()
    path = f"/v2.1/servers/{server['id']}/os-volume_attachments"
    wish = {"volumeAttachment": {"volumeId": volume, "delete_on_termination": True}}
    assert two.member.post(path, json=wish, headers=at("2.78")).status_code == 400
    wish["volumeAttachment"]["tag"] = "data"
    two.member.ok("POST", path, json=wish, headers=at("2.79"))
    two.until(lambda: two.volumes.volumes[volume]["status"] == "in-use")

    def shown(version):
        return two.member.ok("GET", f"{path}/{volume}", headers=at(version))["volumeAttachment"]

    assert "tag" not in shown("2.69") and shown("2.70")["tag"] == "data"
    assert "delete_on_termination" not in shown("2.78")
    assert shown("2.79")["delete_on_termination"] is True
    two.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    two.until(lambda: volume not in two.volumes.volumes)


def test_2_33_pages_of_hypervisors(two):
    path = "/v2.1/os-hypervisors?limit=1"
    assert two.admin.get(path, headers=at("2.32")).status_code == 400 or (
        len(two.admin.ok("GET", path, headers=at("2.32"))["hypervisors"]) == 2
    )
    page = two.admin.ok("GET", path, headers=at("2.33"))
    assert len(page["hypervisors"]) == 1
    assert "marker=" in page["hypervisors_links"][0]["href"]


def test_2_40_pages_of_usage(two, server):
    two.boot()
    path = "/v2.1/os-simple-tenant-usage/project-1?limit=1"
    old = two.admin.ok("GET", path, headers=at("2.39"))
    page = two.admin.ok("GET", path, headers=at("2.40"))
    assert len(old["tenant_usage"]["server_usages"]) > 1
    assert "tenant_usage_links" not in old
    assert len(page["tenant_usage"]["server_usages"]) == 1
    assert "marker=" in page["tenant_usage_links"][0]["href"]


def test_2_41_aggregates_have_a_uuid(two):
    made = two.admin.ok(
        "POST", "/v2.1/os-aggregates", json={"aggregate": {"name": "steps"}}, headers=at("2.40")
    )["aggregate"]
    path = f"/v2.1/os-aggregates/{made['id']}"
    assert "uuid" not in made
    assert "uuid" in two.admin.ok("GET", path, headers=at("2.41"))["aggregate"]
    two.admin.ok("DELETE", path)


def test_2_59_2_80_migrations(two):
    for _ in range(2):
        server = two.boot()
        two.act(server["id"], "migrate", client=two.admin)
        two.wait(server["id"], "VERIFY_RESIZE")
        two.act(server["id"], "confirmResize", status=204)
        two.wait(server["id"])
    path = "/v2.1/os-migrations"
    old = two.admin.ok("GET", path, headers=at("2.58"))
    page = two.admin.ok("GET", f"{path}?limit=1", headers=at("2.59"))
    assert "uuid" not in old["migrations"][0] and len(old["migrations"]) >= 2
    assert "uuid" in page["migrations"][0] and "marker=" in page["migrations_links"][0]["href"]
    assert two.admin.get(f"{path}?limit=1", headers=at("2.58")).status_code in (200, 400)
    before = two.admin.ok("GET", path, headers=at("2.79"))["migrations"][0]
    now = two.admin.ok("GET", path, headers=at("2.80"))["migrations"][0]
    assert "user_id" not in before and now["project_id"] == "admin-project"
    mine = f"{path}?user_id=nobody"
    assert two.admin.ok("GET", mine, headers=at("2.80"))["migrations"] == []


def test_2_65_aborts_what_has_not_begun(fresh):
    cloud = fresh(hosts=("node-1", "node-2"))
    server = cloud.boot()
    source = _host(cloud, server["id"])
    cloud.nodes[source]._server.stop()  # the order waits: nobody takes it
    cloud.conductor.stop()
    wish = {"host": None, "block_migration": "auto"}
    cloud.act(server["id"], "os-migrateLive", wish, client=cloud.admin, version="2.34")
    listed = cloud.admin.ok("GET", "/v2.1/os-migrations", headers=at("2.59"))["migrations"]
    path = f"/v2.1/servers/{server['id']}/migrations/{listed[0]['id']}"
    assert listed[0]["status"] in ("queued", "preparing")
    assert cloud.admin.delete(path, headers=at("2.64")).status_code == 400
    assert cloud.admin.delete(path, headers=at("2.65")).status_code == 202
    (row,) = cloud.admin.ok("GET", "/v2.1/os-migrations", headers=at("2.59"))["migrations"]
    assert row["status"] == "cancelled"
    assert _host(cloud, server["id"]) == source


def test_2_67_the_type_of_a_new_volume(two):
    device = {
        "boot_index": 0,
        "uuid": next(iter(two.images.images)),
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": 1,
        "volume_type": "fast",
    }
    body = two.body(block_device_mapping_v2=[device], imageRef="")
    assert two.member.post("/v2.1/servers", json=body, headers=at("2.66")).status_code == 400
    server = two.member.ok("POST", "/v2.1/servers", json=body, status=202, headers=at("2.67"))
    made = two.wait(server["server"]["id"])
    (attached,) = two.member.ok("GET", f"/v2.1/servers/{made['id']}/os-volume_attachments")[
        "volumeAttachments"
    ]
    assert two.volumes.volumes[attached["volumeId"]]["volume_type"] == "fast"


@pytest.mark.parametrize("version", ["2.68", "2.69"])
def test_2_69_no_cell_is_ever_down(two, server, version):
    "One database holds all servers, so that none is UNKNOWN with half of its keys."
    found = two.member.ok("GET", "/v2.1/servers/detail", headers=at(version))["servers"]
    assert {s["status"] for s in found} <= {"ACTIVE", "BUILD", "SHELVED_OFFLOADED"}
    assert all(s["flavor"] for s in found)


def test_2_72_takes_ports_with_a_resource_request(two):
    network = next(iter(two.networks.networks))
    port = two.networks.add_port(
        network, resource_request={"resources": {"NET_BW_EGR_KILOBIT_PER_SEC": 1000}}
    )
    body = two.body(networks=[{"port": port}])
    refused = two.member.post("/v2.1/servers", json=body, headers=at("2.71"))
    assert refused.status_code == 400 and "2.72" in refused.text
    assert two.member.post("/v2.1/servers", json=body, headers=at("2.72")).status_code == 202


def _tell(cloud, server_id, name, tag, version):
    event = {"server_uuid": server_id, "name": name, "tag": tag, "status": "completed"}
    return cloud.admin.post(
        "/v2.1/os-server-external-events", json={"events": [event]}, headers=at(version)
    ).status_code


def test_2_76_a_bare_metal_service_tells_of_power(two, server):
    assert _tell(two, server["id"], "power-update", "POWER_OFF", "2.75") == 400
    assert _tell(two, server["id"], "power-update", "POWER_ON", "2.76") in (200, 207)


def test_2_77_2_91_where_a_server_is_unshelved(two):
    server = two.boot()
    two.act(server["id"], "shelve")
    two.wait(server["id"], "SHELVED_OFFLOADED")
    zone = {"availability_zone": "nowhere"}
    assert code(two, server["id"], "unshelve", zone, "2.77") == 400
    host = {"host": "node-2"}
    assert code(two, server["id"], "unshelve", host, "2.90") == 400
    assert code(two, server["id"], "unshelve", host, "2.91", two.member) == 403
    for wanted in ("node-2", "node-1", "node-2"):
        assert code(two, server["id"], "unshelve", {"host": wanted}, "2.91") == 202
        two.wait(server["id"])
        assert _host(two, server["id"]) == wanted
        two.act(server["id"], "shelve")
        two.wait(server["id"], "SHELVED_OFFLOADED")
    # before 2.77 what was said beside the action was not looked at
    assert code(two, server["id"], "unshelve", zone, "2.76") == 202
    two.wait(server["id"])


def test_2_84_an_event_says_what_went_wrong(two):
    two.drivers["node-1"].fail_next("pause", "The monitor is deaf.")
    two.drivers["node-2"].fail_next("pause", "The monitor is deaf.")
    server = two.boot()
    two.act(server["id"], "pause")
    base = f"/v2.1/servers/{server['id']}/os-instance-actions"

    def failed():
        newest = two.admin.ok("GET", base)["instanceActions"][0]
        path = f"{base}/{newest['request_id']}"
        (event,) = two.admin.ok("GET", path, headers=at("2.84"))["instanceAction"]["events"][:1]
        return (path, event) if event["result"] == "Error" else None

    path, event = two.until(failed)
    assert "The monitor is deaf." in event["details"]
    old = two.admin.ok("GET", path, headers=at("2.83"))["instanceAction"]["events"][0]
    assert "details" not in old


def test_2_93_rebuilds_a_server_whose_root_is_a_volume(two):
    device = {
        "boot_index": 0,
        "uuid": two.volumes.add(bootable="true", volume_image_metadata={"image_id": "x"}),
        "source_type": "volume",
        "destination_type": "volume",
    }
    server = two.boot(block_device_mapping_v2=[device], imageRef="")
    other = two.images.add()
    assert code(two, server["id"], "rebuild", {"imageRef": other}, "2.92", two.member) == 400
    assert code(two, server["id"], "rebuild", {"imageRef": other}, "2.93", two.member) == 202


def test_2_94_host_names_may_have_dots(two):
    body = two.body(hostname="web.example.org")
    assert two.member.post("/v2.1/servers", json=body, headers=at("2.93")).status_code == 400
    made = two.member.ok("POST", "/v2.1/servers", json=body, status=202, headers=at("2.94"))
    path = f"/v2.1/servers/{made['server']['id']}"
    shown = two.member.ok("GET", path, headers=at("2.94"))["server"]
    assert shown["OS-EXT-SRV-ATTR:hostname"] == "web.example.org"


@pytest.mark.parametrize(("version", "after"), [("2.94", "ACTIVE"), ("2.95", "SHUTOFF")])
def test_2_95_an_evacuated_server_stays_stopped(two, version, after):
    server = two.boot()
    source = _host(two, server["id"])
    path = f"/v2.1/os-services/{_service(two, source)['id']}"
    two.admin.ok("PUT", path, json={"forced_down": True}, headers=at("2.53"))
    try:
        two.act(server["id"], "evacuate", {}, client=two.admin, version=version, status=200)
        two.until(lambda: _host(two, server["id"]) != source)
        two.wait(server["id"], after)
    finally:
        two.admin.ok("PUT", path, json={"forced_down": False}, headers=at("2.53"))
        two.nodes[source].loop.wake()
    two.until(lambda: server["id"] not in two.drivers[source].servers)


def test_2_99_knows_direct_spice(two, server):
    before = _console(two, server, "spice", "spice-direct", "2.98")
    assert before.status_code == 400 and "'spice-direct' is not one of" in before.text
    assert "is not one of" not in _console(two, server, "spice", "spice-direct", "2.99").text


def test_2_101_attaches_volumes_without_a_word(two):
    server, path = two.boot(), "/os-volume_attachments"
    path = f"/v2.1/servers/{server['id']}{path}"
    for version, code in (("2.100", 200), ("2.101", 202)):
        volume = two.volumes.add()
        body = {"volumeAttachment": {"volumeId": volume}}
        answer = two.member.post(path, json=body, headers=at(version))
        assert (answer.status_code, bool(answer.get_data())) == (code, code == 200)
        two.until(lambda v=volume: two.volumes.volumes[v]["status"] == "in-use")
    names = [v["device"] for v in two.member.ok("GET", path)["volumeAttachments"]]
    page = two.member.ok("GET", f"{path}?limit=1&offset=1")["volumeAttachments"]
    assert [v["device"] for v in page] == names[1:2]
    assert two.member.get(f"{path}?offset=x").status_code == 400


def test_2_102_flavors_are_found_by_name_and_have_no_rxtx_factor(two):
    name = "big.one"
    flavor, other = two.flavor(name), two.flavor("small.one")
    gone = {"rxtx_factor", "OS-FLV-DISABLED:disabled"}
    for version, there in (("2.101", gone), ("2.102", set())):
        shown = two.member.ok("GET", f"/v2.1/flavors/{flavor}", headers=at(version))["flavor"]
        assert gone & set(shown) == there
        found = two.member.get("/v2.1/flavors?name=^big", headers=at(version))
        if there:
            assert found.status_code == 400
        else:
            assert [f["id"] for f in found.get_json()["flavors"]] == [flavor]
        by_factor = two.member.get("/v2.1/flavors?sort_key=rxtx_factor", headers=at(version))
        assert by_factor.status_code == (200 if there else 400)
        wish = {"name": f"f{version}", "ram": 64, "vcpus": 1, "disk": 1, "rxtx_factor": 2.0}
        made = two.admin.post("/v2.1/flavors", json={"flavor": wish}, headers=at(version))
        assert made.status_code == (200 if there else 400)
    assert two.member.get("/v2.1/flavors?name=(", headers=at("2.102")).status_code == 400
    assert other


@pytest.mark.parametrize("path", ["", "/metadata", "/ips", "/os-interface", "/topology"])
def test_2_102_minds_every_query(two, server, path):
    path = f"/v2.1/servers/{server['id']}{path}?no-such-thing=1"
    assert two.member.get(path, headers=at("2.101")).status_code == 200
    refused = two.member.get(path, headers=at("2.102"))
    assert refused.status_code == 400 and "no-such-thing" in refused.text


def test_2_103_has_no_os_volumes_boot(two, server):
    path = f"/v2.1/os-volumes_boot/{server['id']}"
    assert two.member.get(path, headers=at("2.102")).status_code == 200
    assert two.member.get(path, headers=at("2.103")).status_code == 404


def test_2_104_pins_a_server_where_it_is_and_unpins_it(two):
    server = two.boot(availability_zone="nova")
    path = f"/v2.1/servers/{server['id']}"

    def pin(zone, status=200, version="2.104"):
        body = {"server": {"pinned_availability_zone": zone}}
        answer = two.member.put(path, json=body, headers=at(version))
        assert answer.status_code == status, answer.text
        shown = two.member.ok("GET", path, headers=at("2.104"))["server"]
        return shown["pinned_availability_zone"]

    assert pin("nova", 400, "2.103") == "nova"
    assert pin("nova") == "nova"
    assert pin("elsewhere", 409) == "nova"
    assert pin(None) is None
    assert pin(None) is None
    assert pin("elsewhere", 409) is None
    assert pin("nova") == "nova"


def test_no_step_is_without_a_test():
    "Every microversion is named by a test: asked for itself, or as the last before or the next."
    texts = "".join(p.read_text() for p in Path(__file__).parent.glob("test_*.py"))
    named = set(re.findall(r'"(2\.\d+)"', texts))
    beside = {f"2.{int(v[2:]) + 1}" for v in named}
    assert [v for v in HISTORY if v not in named and v not in beside and v != "2.1"] == []
