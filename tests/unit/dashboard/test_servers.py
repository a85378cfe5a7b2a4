"Servers: launching, acting on them, their tabs."

import base64
import re

import pytest

from dashboard.panels.servers.console import websocket_url
from dashboard.panels.servers.launch import Wish
from tests.fakes.cloud_api import compute


def body_of_last_create(cloud):
    return next(reversed(cloud.world.servers.values()))


def test_launch_builds_what_the_form_says_and_shows_it(cloud, demo):
    image, net = (
        next(iter(cloud.world.images)),
        next(i for i, n in cloud.world.network["networks"].items() if n["name"] == "private"),
    )
    page = demo.get("/servers/launch")
    assert (
        "debian-12" in page.text
        and "m1.tiny" in page.text
        and "openstack server create" in page.text
    )
    answer = demo.post(
        "/servers/launch",
        303,
        name="web",
        count="1",
        image=image,
        flavor="2",
        networks=net,
        groups="default",
    )
    made = next(s for s in cloud.world.servers.values() if s["name"] == "web")
    assert answer.location == f"/servers/{made['id']}"
    assert made["flavor"]["original_name"] == "m1.small"
    assert "web is being built" in demo.get(answer.location).text


def test_several_at_once_go_to_the_list(cloud, demo):
    demo.get("/servers/launch")
    answer = demo.post("/servers/launch", 303, name="web", count="3", image="i", flavor="1")
    assert answer.location == "/servers"
    assert len(cloud.world.servers) == 3


@pytest.mark.parametrize(
    "given, says",
    [
        ({"name": ""}, "Give the server a name"),
        ({"image": ""}, "Choose an image"),
        ({"flavor": ""}, "Choose a flavor"),
        ({"count": "0"}, "between 1 and 100"),
        ({"count": "many"}, "between 1 and 100"),
        ({"user_data": "x" * 50000}, "48 KiB"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(cloud, demo, given, says):
    demo.get("/servers/launch")
    answer = demo.post(
        "/servers/launch",
        400,
        **{"name": "keep-me", "count": "1", "image": "i", "flavor": "1", **given},
    )
    assert says in answer.text
    if "name" not in given:
        assert "keep-me" in answer.text
    assert cloud.world.servers == {}


def test_a_refusal_of_the_api_is_shown_on_the_form(cloud, demo):
    demo.get("/servers/launch")
    answer = demo.post("/servers/launch", 400, name="web", image="i", flavor="nope", count="1")
    assert "Invalid flavorRef provided." in answer.text and 'value="web"' in answer.text


def test_the_preview_counts_against_the_quota(cloud, demo):
    demo.get("/servers/launch")
    fits = demo.post("/servers/launch/preview", 200, name="web", image="i", flavor="1", count="2")
    assert "Within the quota" in fits.text and "--min 2 --max 2" in fits.text
    too_many = demo.post(
        "/servers/launch/preview", 200, name="web", image="i", flavor="3", count="9"
    )
    assert "More than the quota" in too_many.text


def test_the_body_of_every_option():
    from werkzeug.datastructures import MultiDict

    wish = Wish.of(
        MultiDict(
            [
                ("name", " a b "),
                ("count", "2"),
                ("image", "img"),
                ("flavor", "f"),
                ("networks", "n1"),
                ("networks", "n2"),
                ("groups", "g"),
                ("key", "k"),
                ("zone", "z"),
                ("user_data", "#!/bin/sh\r\ntrue"),
                ("config_drive", "1"),
                ("boot", "volume"),
                ("volume_gib", "5"),
            ]
        )
    )
    server = wish.body()["server"]
    assert (
        server["networks"] == [{"uuid": "n1"}, {"uuid": "n2"}]
        and server["min_count"] == server["max_count"] == 2
    )
    assert base64.b64decode(server["user_data"]) == b"#!/bin/sh\ntrue"
    assert server["block_device_mapping_v2"][0]["volume_size"] == 5 and "imageRef" not in server
    assert (
        server["config_drive"] is True
        and server["key_name"] == "k"
        and server["availability_zone"] == "z"
    )
    command = wish.command()
    for part in (
        "--image img",
        "--boot-from-volume 5",
        "--network n2",
        "--security-group g",
        "--key-name k",
        "--availability-zone z",
        "--wait 'a b'",
    ):
        assert part in command


def test_a_command_to_copy_cannot_run_anything_else():
    from werkzeug.datastructures import MultiDict

    command = Wish.of(
        MultiDict([("name", "x; rm -rf /"), ("image", "$(reboot)"), ("flavor", "`id`")])
    ).command()
    assert "'x; rm -rf /'" in command and "'$(reboot)'" in command and "'`id`'" in command


@pytest.mark.parametrize(
    "verb, before, after",
    [
        ("stop", "ACTIVE", "SHUTOFF"),
        ("start", "SHUTOFF", "ACTIVE"),
        ("pause", "ACTIVE", "PAUSED"),
        ("unpause", "PAUSED", "ACTIVE"),
        ("suspend", "ACTIVE", "SUSPENDED"),
        ("resume", "SUSPENDED", "ACTIVE"),
        ("shelve", "ACTIVE", "SHELVED_OFFLOADED"),
        ("confirm-resize", "VERIFY_RESIZE", "ACTIVE"),
        ("rescue", "ACTIVE", "RESCUE"),
    ],
)
def test_a_verb_is_offered_in_its_state_and_does_it(cloud, demo, verb, before, after):
    server = cloud.world.add_server("web", status=before)
    assert f"/do/{verb}" in demo.get(f"/servers/{server['id']}").text
    answer = demo.post(f"/servers/{server['id']}/do/{verb}", 204, htmx=True)
    assert server["status"] == after and "toast" in answer.headers["HX-Trigger"]
    assert f'/do/{verb}"' not in demo.get(f"/servers/{server['id']}").text


def test_a_locked_server_says_why_it_refuses(cloud, demo):
    server = cloud.world.add_server("web", locked=True)
    answer = demo.post(f"/servers/{server['id']}/do/stop", 409, htmx=True)
    assert "is locked" in answer.text and "is locked" in answer.headers["HX-Trigger"]


def test_bulk_does_all_and_tells_what_failed(cloud, demo):
    servers = [cloud.world.add_server(f"web{i}") for i in range(3)]
    servers[1]["locked"] = True
    answer = demo.post("/servers/do/stop", 409, htmx=True, ids=[s["id"] for s in servers])
    assert "2 done, 1 refused" in answer.text
    assert [s["status"] for s in servers] == ["SHUTOFF", "ACTIVE", "SHUTOFF"]
    demo.post("/servers/do/delete", 204, htmx=True, ids=[servers[0]["id"]])
    assert servers[0]["id"] not in cloud.world.servers
    assert "No server was chosen" in demo.post("/servers/do/stop", 400, htmx=True).text
    demo.post("/servers/do/explode", 404, ids=["x"])


def test_every_tab(cloud, demo):
    server = cloud.world.add_server("web")
    page = demo.get(f"/servers/{server['id']}")
    assert server["addresses"]["private"][0]["addr"] in page.text and "m1.tiny" in page.text
    assert "not bold" in demo.get(f"/servers/{server['id']}?tab=log").text
    assert "private" in demo.get(f"/servers/{server['id']}?tab=interfaces").text
    assert "create" in demo.get(f"/servers/{server['id']}?tab=actions").text
    assert "<iframe" in demo.get(f"/servers/{server['id']}?tab=vnc").text
    assert "data-chart" in demo.get(f"/servers/{server['id']}?tab=charts").text
    cloud.world.add_image("snap", status="active", instance_uuid=server["id"])
    assert "snap" in demo.get(f"/servers/{server['id']}?tab=snapshots").text


def test_snapshot_resize_rebuild_migrate_and_interfaces(cloud, demo, admin):
    server = cloud.world.add_server("web")
    where = f"/servers/{server['id']}"
    demo.get(f"{where}/snapshot")
    demo.post(f"{where}/snapshot", 303, name="snap")
    assert any(i["name"] == "snap" for i in cloud.world.images.values())
    demo.post(f"{where}/resize", 303, flavor="2")
    assert server["status"] == "VERIFY_RESIZE"
    demo.post(f"{where}/rebuild", 303, image=next(iter(cloud.world.images)))
    admin.get(f"{where}/migrate")
    admin.post(f"{where}/migrate", 303, host="node2")
    assert cloud.world.actions[server["id"]][0]["action"] == "migratelive"
    demo.get(f"{where}/migrate", 403)
    demo.get(f"{where}/interfaces/attach")


def test_the_console_frame_names_the_proxy(cloud, demo, viewer):
    server = cloud.world.add_server("web")
    cloud.world.console_url = "ws://127.0.0.1:6083/?token=abc"
    page = demo.get(f"/servers/{server['id']}/console/serial")
    assert 'data-url="ws://127.0.0.1:6083/?token=abc"' in page.text
    assert "ws://127.0.0.1:6083" in page.headers["Content-Security-Policy"]
    viewer.get(f"/servers/{server['id']}/console/vnc", 403)
    demo.get(f"/servers/{server['id']}/console/spice", 404)
    assert "tab=vnc" not in viewer.get(f"/servers/{server['id']}").text


@pytest.mark.parametrize(
    "url, socket",
    [
        ("http://h:6080/vnc_lite.html?path=%3Ftoken%3Dabc", "ws://h:6080/?token=abc"),
        ("https://h/vnc_auto.html?token=abc", "wss://h/?token=abc"),
        ("ws://h:6083/?token=abc", "ws://h:6083/?token=abc"),
    ],
)
def test_the_websocket_behind_a_console_url(url, socket):
    assert websocket_url(url) == socket


def test_charts_use_what_nodes_report_and_fall_back_to_diagnostics(cloud, demo, admin, app):
    server = cloud.world.add_server("web")
    demo.get(f"/servers/{server['id']}/usage", 403)
    assert admin.get(f"/servers/{server['id']}/usage").json["samples"][0]["cpu_ns"] == 10**9
    feed = app.extensions["dashboard"].feed
    for at, cpu in ((100.0, 0), (110.0, 5 * 10**9)):
        feed.received(
            "compute.usage",
            {
                "at": at,
                "servers": {
                    server["id"]: {
                        "vcpus": 1,
                        "cpu_ns": cpu,
                        "memory_kib": 1000,
                        "memory_used_kib": 250,
                    }
                },
            },
        )
    assert [s["at"] for s in demo.get(f"/servers/{server['id']}/usage").json["samples"]] == [
        100.0,
        110.0,
    ]
    feed.received(
        "compute.usage",
        {
            "at": 120.0,
            "servers": {
                server["id"]: {
                    "vcpus": 1,
                    "cpu_ns": 6 * 10**9,
                    "memory_kib": 1000,
                    "memory_used_kib": 250,
                }
            },
        },
    )
    assert re.search(r'class="spark"[^>]*aria-label="now 10"', demo.get("/servers").text)


def test_a_server_is_seen_active_after_its_build(cloud, demo, monkeypatch):
    demo.get("/servers/launch")
    demo.post("/servers/launch", 303, name="web", count="1", image="i", flavor="1")
    page = demo.get("/servers")
    assert "BUILD" in page.text and "every 4s" in page.text
    assert compute.BUILD_S < 5
    next(iter(cloud.world.servers.values())).update(
        {"status": "ACTIVE", "OS-EXT-STS:task_state": None}
    )
    assert "every 4s" not in demo.get("/servers").text
