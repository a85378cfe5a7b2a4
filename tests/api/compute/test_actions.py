"""Actions on servers: states before, during and after, on the real conductor and agent with the
fake driver."""

import pytest

from tests.api.compute.cloud import at


@pytest.fixture
def server(cloud):
    made = cloud.boot()
    yield made
    cloud.member.delete(f"/v2.1/servers/{made['id']}")
    cloud.gone(made["id"])


@pytest.mark.parametrize(
    ("there", "status", "back"),
    [
        ("os-stop", "SHUTOFF", "os-start"),
        ("pause", "PAUSED", "unpause"),
        ("suspend", "SUSPENDED", "resume"),
    ],
)
def test_power(cloud, server, there, status, back):
    cloud.act(server["id"], there)
    cloud.wait(server["id"], status)
    cloud.act(server["id"], there, status=409)
    cloud.act(server["id"], back)
    cloud.wait(server["id"], "ACTIVE")


@pytest.mark.parametrize("kind", ["HARD", "SOFT"])
def test_reboot(cloud, server, kind):
    cloud.act(server["id"], "reboot", {"type": kind})
    cloud.wait(server["id"], "ACTIVE")
    assert ("hard_reboot" if kind == "HARD" else "soft_reboot") in str(cloud.drivers["node-1"].log)


def test_rebuild_takes_the_new_image_and_name(cloud, server):
    image = cloud.images.add("other")
    answer = cloud.act(server["id"], "rebuild", {"imageRef": image, "name": "new name"})
    assert answer["server"]["adminPass"] and answer["server"]["name"] == "new name"
    assert cloud.wait(server["id"])["image"]["id"] == image


def test_resize_holds_both_places_until_it_is_confirmed(cloud, server):
    big = cloud.flavor(ram=256, vcpus=2)
    used = _used(cloud)
    cloud.act(server["id"], "resize", {"flavorRef": big})
    assert cloud.wait(server["id"], "VERIFY_RESIZE")["flavor"]["id"] == big
    assert _used(cloud) == used + 256
    cloud.act(server["id"], "confirmResize", status=204)
    cloud.wait(server["id"], "ACTIVE")
    assert _used(cloud) == used + 256 - 64


def test_resize_is_reverted(cloud, server):
    big = cloud.flavor(ram=256)
    used = _used(cloud)
    cloud.act(server["id"], "resize", {"flavorRef": big})
    cloud.wait(server["id"], "VERIFY_RESIZE")
    cloud.act(server["id"], "revertResize")
    back = cloud.wait(server["id"], "ACTIVE")
    assert back["flavor"]["id"] == server["flavor"]["id"] and _used(cloud) == used


def _used(cloud):
    rows = cloud.admin.ok("GET", "/v2.1/os-hypervisors/detail")["hypervisors"]
    return sum(r["memory_mb_used"] for r in rows)


def test_a_failed_resize_leaves_the_server_as_it_was(cloud, server):
    used = _used(cloud)
    cloud.drivers["node-1"].fail_next("resize", "The disk is full.")
    cloud.act(server["id"], "resize", {"flavorRef": cloud.flavor(ram=128)})
    back = cloud.wait(server["id"], "ACTIVE")
    assert back["flavor"]["id"] == server["flavor"]["id"] and _used(cloud) == used
    actions = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}/os-instance-actions")
    assert actions["instanceActions"][0]["message"] == "The disk is full."


def test_a_resize_that_cannot_be_noted_is_taken_back_on_the_host(cloud, server, monkeypatch):
    def finish(self, work):
        raise RuntimeError("a defect")

    monkeypatch.setattr("compute.conductor.flows.resize.Resize.finish", finish)
    cloud.act(server["id"], "resize", {"flavorRef": cloud.flavor(ram=128)})
    cloud.wait(server["id"], "ACTIVE")
    actions = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}/os-instance-actions")
    assert "a defect" in actions["instanceActions"][0]["message"]
    assert cloud.drivers["node-1"].servers[server["id"]].memory_mib == 64


def test_a_resize_that_cannot_be_taken_back_is_an_error_with_both_reasons(cloud, server):
    for reason in ("The disk is full.", "The disk is gone."):
        cloud.drivers["node-1"].fail_next("resize", reason)
    cloud.act(server["id"], "resize", {"flavorRef": cloud.flavor(ram=128)})
    fault = cloud.wait(server["id"], "ERROR")["fault"]["message"]
    assert "The disk is full." in fault and "The disk is gone." in fault


def test_an_image_of_a_server(cloud, server):
    made = cloud.act(server["id"], "createImage", {"name": "snap"}, version="2.45")
    cloud.until(lambda: cloud.images.images[made["image_id"]]["status"] == "active")
    cloud.wait(server["id"])
    answer = cloud.member.post(
        f"/v2.1/servers/{server['id']}/action", json={"createImage": {"name": "snap"}}
    )
    assert answer.status_code == 202 and "/images/" in answer.headers["Location"]
    assert cloud.images.images[made["image_id"]]["instance_uuid"] == server["id"]
    cloud.wait(server["id"])


def test_backups_rotate(cloud, server):
    for number in range(3):
        body = {"name": f"b{number}", "backup_type": "daily", "rotation": 2}
        cloud.act(server["id"], "createBackup", body)
        cloud.wait(server["id"])
    cloud.until(lambda: len(_backups(cloud, server)) == 2)


def _backups(cloud, server):
    return [
        i
        for i in cloud.images.images.values()
        if i.get("image_type") == "backup" and i["instance_uuid"] == server["id"]
    ]


def test_rescue(cloud, server):
    assert cloud.act(server["id"], "rescue", {"adminPass": "secret"}, status=200) == {
        "adminPass": "secret"
    }
    cloud.wait(server["id"], "RESCUE")
    cloud.act(server["id"], "unrescue")
    cloud.wait(server["id"], "ACTIVE")


def test_shelve_leaves_the_host_and_unshelve_comes_back(cloud, server):
    cloud.act(server["id"], "shelve")
    away = cloud.wait(server["id"], "SHELVED_OFFLOADED")
    assert away["OS-EXT-SRV-ATTR:host"] is None
    assert server["id"] not in cloud.drivers["node-1"].servers
    shelved = [i for i in cloud.images.images.values() if i["name"] == "one-shelved"]
    assert len(shelved) == 1
    cloud.act(server["id"], "unshelve")
    back = cloud.wait(server["id"], "ACTIVE")
    assert back["addresses"] == server["addresses"]
    cloud.until(lambda: shelved[0]["id"] not in cloud.images.images)


def test_the_image_of_a_shelved_server_goes_with_it(cloud):
    server = cloud.boot(name="gone")
    cloud.act(server["id"], "shelve")
    cloud.wait(server["id"], "SHELVED_OFFLOADED")
    assert any(i["name"] == "gone-shelved" for i in cloud.images.images.values())
    _delete(cloud, server)
    assert not any(i["name"] == "gone-shelved" for i in cloud.images.images.values())


@pytest.mark.parametrize("action", ["createImage", "createBackup"])
def test_an_image_that_was_being_made_of_a_deleted_server_goes_with_it(cloud, server, action):
    whole = cloud.act(server["id"], "createImage", {"name": "whole"}, version="2.45")["image_id"]
    cloud.wait(server["id"])
    more = {"backup_type": "daily", "rotation": 1} if action == "createBackup" else {}
    cloud.drivers["node-1"].delays_s["snapshot"] = 60
    try:
        cloud.act(server["id"], action, {"name": "half", **more})
        _delete(cloud, server)
    finally:
        cloud.drivers["node-1"].delays_s.clear()
    assert not any(i["name"] == "half" for i in cloud.images.images.values())
    assert cloud.images.images[whole]["status"] == "active"


def _delete(cloud, server):
    path = f"/v2.1/servers/{server['id']}"
    assert cloud.member.delete(path).status_code == 204
    cloud.until(lambda: cloud.member.get(path).status_code == 404)


def test_lock_keeps_the_owner_out_when_an_admin_locked(cloud, server):
    cloud.act(server["id"], "lock", {"locked_reason": "mine"}, client=cloud.admin, version="2.73")
    shown = cloud.member.ok("GET", f"/v2.1/servers/{server['id']}", headers=at("2.73"))["server"]
    assert shown["locked"] and shown["locked_reason"] == "mine"
    cloud.act(server["id"], "os-stop", status=409)
    cloud.act(server["id"], "unlock", status=403)
    cloud.act(server["id"], "unlock", client=cloud.admin)
    cloud.act(server["id"], "os-stop")
    cloud.wait(server["id"], "SHUTOFF")


def test_console_output_and_diagnostics(cloud, server):
    out = cloud.act(server["id"], "os-getConsoleOutput", {"length": 5}, status=200)
    assert isinstance(out["output"], str)
    path = f"/v2.1/servers/{server['id']}/diagnostics"
    found = cloud.admin.ok("GET", path, headers=at("2.48"))
    assert found["state"] == "running" and found["config_drive"] is False and found["uptime"] >= 0
    assert cloud.member.get(path).status_code == 403


def test_a_console_opens_once(cloud, server):
    url = cloud.member.ok(
        "POST",
        f"/v2.1/servers/{server['id']}/remote-consoles",
        headers=at("2.6"),
        json={"remote_console": {"protocol": "serial", "type": "serial"}},
    )["remote_console"]["url"]
    token = url.rpartition("token=")[2]
    shown = cloud.admin.ok("GET", f"/v2.1/os-console-auth-tokens/{token}", headers=at("2.31"))
    assert shown["console"]["instance_uuid"] == server["id"]
    assert cloud.conductor.reports.redeem(token)["server_id"] == server["id"]
    path = f"/v2.1/os-console-auth-tokens/{token}"
    assert cloud.admin.get(path, headers=at("2.31")).status_code == 404


def test_reset_state_is_for_admins(cloud, server):
    cloud.act(server["id"], "os-resetState", {"state": "error"}, status=403)
    cloud.act(server["id"], "os-resetState", {"state": "error"}, client=cloud.admin)
    cloud.wait(server["id"], "ERROR")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"no-such-thing": None}, 400),
        ({}, 400),
        ({"reboot": {"type": "FIRM"}}, 400),
        ({"reboot": {}}, 400),
        ({"rebuild": {}}, 400),
        ({"resize": {"flavorRef": "nope"}}, 400),
        ({"resize": {}}, 400),
        ({"createImage": {"name": ""}}, 400),
        ([], 400),
        ({"os-stop": None, "os-start": None}, 400),
        ({"trigger_crash_dump": None}, 400),
        ({"confirmResize": None}, 409),
        ({"unshelve": None}, 409),
        ({"restore": None}, 409),
    ],
)
def test_bad_actions(cloud, server, body, code):
    answer = cloud.member.post(f"/v2.1/servers/{server['id']}/action", json=body)
    assert answer.status_code == code, answer.text
    assert "message" in next(iter(answer.json.values()))


def test_actions_on_nothing(cloud):
    for action in ({"os-stop": None}, {"reboot": {"type": "HARD"}}, {"resize": {"flavorRef": "1"}}):
        answer = cloud.member.post("/v2.1/servers/nothing/action", json=action)
        assert answer.status_code == 404


def test_soft_delete_and_restore(fresh):
    cloud = fresh(**{"compute.reclaim_after_s": 3600})
    server = cloud.boot()
    cloud.member.ok("DELETE", f"/v2.1/servers/{server['id']}", status=204)
    cloud.wait(server["id"], "SOFT_DELETED")
    cloud.act(server["id"], "restore")
    cloud.wait(server["id"], "ACTIVE")
    cloud.act(server["id"], "forceDelete")
    cloud.gone(server["id"])
    assert not cloud.networks.ports
