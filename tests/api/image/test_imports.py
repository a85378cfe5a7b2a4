"""Imports: staged data, the web, other stores; and what they may not reach."""

import os
import subprocess

import pytest

from tests.api.image.conftest import digests
from tests.api.image.web import Web


@pytest.fixture
def web():
    server = Web()
    yield server
    server.close()


@pytest.fixture
def reaching(make_cloud, web):
    "A cloud with two more stores whose imports may read from the web server."
    return make_cloud(
        **{
            "imports.allowed_networks": ["127.0.0.0/8"],
            "imports.allowed_ports": [str(web.port)],
            "stores.enabled": ["local:file", "fast:file", "cold:file"],
        }
    )


def stage(cloud, client, data, **fields):
    image = cloud.create(client, **fields)
    path = f"/v2/images/{image['id']}/stage"
    headers = {"Content-Type": "application/octet-stream"}
    assert client.put(path, data=data, headers=headers).status_code == 204
    return image["id"]


def begin(client, image_id, method, code=202, **more):
    body = {"method": method if isinstance(method, dict) else {"name": method}, **more}
    answer = client.post(f"/v2/images/{image_id}/import", json=body)
    assert answer.status_code == code, answer.get_data(as_text=True)
    return answer.get_json(silent=True)


def outcome(cloud, client, image_id):
    "The image and its newest task, after all jobs."
    cloud.deps.jobs.wait()
    image = client.ok("GET", f"/v2/images/{image_id}")
    return image, client.ok("GET", f"/v2/images/{image_id}/tasks")["tasks"][0]


def test_staged_data_is_imported(cloud, member):
    data = os.urandom(2_500_000)
    image_id = stage(cloud, member, data)
    shown = member.ok("GET", f"/v2/images/{image_id}")
    assert shown["status"] == "uploading" and "stores" not in shown
    begin(member, image_id, "glance-direct")
    image, task = outcome(cloud, member, image_id)
    assert image["status"] == "active" and image["stores"] == "local"
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert (task["status"], task["type"], task["image_id"]) == (
        "success",
        "api_image_import",
        image_id,
    )
    assert image["os_glance_importing_to_stores"] == image["os_glance_failed_import"] == ""
    assert member.get(image["file"]).data == data
    assert len(cloud.files()) == 1


def test_an_image_from_the_web(reaching, web):
    member = reaching.client()
    data = os.urandom(1_500_000)
    web.pages["/disk.img?x=1"] = (200, {}, data)
    web.pages["/moved"] = (302, {"Location": "/disk.img?x=1"}, b"")
    image = reaching.create(member)
    begin(
        member,
        image["id"],
        {"name": "web-download", "uri": f"{web.url}/moved"},
        stores=["cold", "fast"],
    )
    image, task = outcome(reaching, member, image["id"])
    assert image["status"] == "active" and set(image["stores"].split(",")) == {"cold", "fast"}
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert member.get(image["file"]).data == data
    assert web.seen[0][1]["Host"] == f"127.0.0.1:{web.port}"
    assert "X-Auth-Token" not in web.seen[0][1]


@pytest.mark.parametrize(
    "page",
    [
        (404, {}, b""),
        (500, {}, b"x"),
        (302, {"Location": "/loop"}, b""),
        (200, {"Content-Length": "5000"}, b"short"),
    ],
)
def test_a_download_that_fails_leaves_the_image_queued(reaching, web, page):
    member = reaching.client()
    web.pages["/loop"] = page
    image = reaching.create(member)
    begin(member, image["id"], {"name": "web-download", "uri": f"{web.url}/loop"})
    image, task = outcome(reaching, member, image["id"])
    assert image["status"] == "queued" and image["size"] is None
    assert task["status"] == "failure" and task["message"]
    assert reaching.files() == []


def test_redirects_to_the_inside_are_refused(make_cloud, web):
    cloud = make_cloud(
        **{"imports.allowed_networks": ["127.0.0.1/32"], "imports.allowed_ports": [str(web.port)]}
    )
    member = cloud.client()
    inside = [
        f"http://127.0.0.2:{web.port}/",
        f"http://169.254.169.254:{web.port}/",
        f"http://[::1]:{web.port}/",
        f"http://[::ffff:127.0.0.2]:{web.port}/",
        f"http://0.0.0.0:{web.port}/",
        f"http://localhost.:{web.port + 1}/",
        "file:///etc/passwd",
        f"http://10.0.0.1:{web.port}/",
    ]
    for target in inside:
        web.pages["/go"] = (302, {"Location": target}, b"")
        image = cloud.create(member)
        begin(member, image["id"], {"name": "web-download", "uri": f"{web.url}/go"})
        image, task = outcome(cloud, member, image["id"])
        assert task["status"] == "failure" and "may not be imported" in task["message"], target
        assert image["status"] == "queued"
    assert len(web.seen) == len(inside)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "http://192.168.1.1/",
    ],
)
def test_the_inside_is_refused(cloud, member, uri):
    image = cloud.create(member)
    begin(member, image["id"], {"name": "web-download", "uri": uri})
    _, task = outcome(cloud, member, image["id"])
    assert task["status"] == "failure" and "public network" in task["message"]


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://example.com/x",
        "file:///etc/passwd",
        "http://example.com:22/",
        "",
        5,
        "http://",
        "http://user:pw@example.com/",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "nonsense",
    ],
)
def test_a_bad_uri_is_refused_at_once(cloud, member, uri):
    image = cloud.create(member)
    begin(member, image["id"], {"name": "web-download", "uri": uri}, code=400)
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"


def test_hosts_can_be_listed(make_cloud):
    cloud = make_cloud(**{"imports.allowed_hosts": ["good.example"]})
    member = cloud.client()
    image = cloud.create(member)
    answer = begin(member, image["id"], {"name": "web-download", "uri": "http://bad.example/"}, 400)
    assert "bad.example" in answer["message"]


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, 400),
        ({"method": "x"}, 400),
        ({"method": {}}, 400),
        ({"method": {"name": "magic"}}, 400),
        ({"method": {"name": "glance-direct"}}, 409),
        ({"method": {"name": "copy-image"}}, 403),
        ({"method": {"name": "web-download"}}, 400),
        (
            {"method": {"name": "web-download", "uri": "http://example.com/"}, "stores": ["moon"]},
            400,
        ),
        ({"method": {"name": "web-download", "uri": "http://example.com/"}, "stores": "x"}, 400),
        (
            {
                "method": {"name": "web-download", "uri": "http://example.com/"},
                "stores": ["local"],
                "all_stores": True,
            },
            400,
        ),
        ({"method": {"name": "glance-download"}}, 400),
        ({"method": {"name": "glance-download", "glance_image_id": "x"}}, 400),
    ],
)
def test_a_bad_import_is_refused(cloud, member, body, code):
    image = cloud.create(member)
    answer = member.post(f"/v2/images/{image['id']}/import", json=body)
    assert answer.status_code == code
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"


def test_a_copy_to_all_stores_that_have_it_is_done_at_once(cloud, member):
    admin = cloud.client(roles=("admin",))
    image = cloud.active(member, b"data")
    begin(admin, image["id"], "copy-image", all_stores=True)
    shown, task = outcome(cloud, member, image["id"])
    assert task["status"] == "success"
    assert shown["os_glance_importing_to_stores"] == shown["os_glance_failed_import"] == ""


def test_copy_to_more_stores_and_out_of_one(reaching):
    member, admin = reaching.client(), reaching.client(roles=("admin",))
    data = os.urandom(100_000)
    image = reaching.active(member, data)
    begin(admin, image["id"], "copy-image", stores=["fast", "cold"])
    shown, task = outcome(reaching, member, image["id"])
    assert task["status"] == "success"
    assert set(shown["stores"].split(",")) == {"local", "fast", "cold"}
    begin(admin, image["id"], "copy-image", stores=["fast"], code=400)
    begin(admin, image["id"], "copy-image", all_stores=True)
    shown, task = outcome(reaching, member, image["id"])
    assert task["status"] == "success" and task["message"] == "All stores have it."
    assert shown["os_glance_importing_to_stores"] == "", "that is how clients know that it is done"
    path = f"/v2/stores/{{}}/{image['id']}"
    assert member.delete(path.format("local")).status_code == 403
    assert admin.delete(path.format("moon")).status_code == 404
    assert admin.delete(path.format("local")).status_code == 204
    assert admin.delete(path.format("local")).status_code == 404
    assert member.get(image["file"]).data == data
    assert admin.delete(path.format("fast")).status_code == 204
    assert admin.delete(path.format("cold")).status_code == 403
    assert member.get(image["file"]).data == data
    assert len(reaching.files()) == 1


def test_two_copies_into_one_store_leave_one(reaching, monkeypatch):
    "Both are asked for while there is none: the second finds the first's and takes its own back."
    admin, jobs = reaching.client(roles=("admin",)), []
    image = reaching.active(admin, b"only once more")
    with monkeypatch.context() as held:
        held.setattr(reaching.deps.jobs, "put", jobs.append)
        begin(admin, image["id"], "copy-image", stores=["cold"])
        begin(admin, image["id"], "copy-image", stores=["cold", "fast"])
    for job in jobs:
        job()
    shown, _ = outcome(reaching, admin, image["id"])
    tasks = admin.ok("GET", f"/v2/images/{image['id']}/tasks")["tasks"]
    assert [t["status"] for t in tasks] == ["success", "success"]
    assert sorted(shown["stores"].split(",")) == ["cold", "fast", "local"]
    assert not shown.get("os_glance_importing_to_stores")
    assert len(reaching.files()) == 3


def test_the_last_real_copy_stays(reaching):
    "A row alone does not make a copy: the store is asked."
    member, admin = reaching.client(), reaching.client(roles=("admin",))
    image = reaching.active(member, b"precious")
    begin(admin, image["id"], "copy-image", stores=["fast"])
    outcome(reaching, member, image["id"])
    for path in reaching.files():
        if "fast" in path.parts:
            path.unlink()
    assert admin.delete(f"/v2/stores/local/{image['id']}").status_code == 403
    assert member.get(image["file"]).data == b"precious"


def test_a_lost_copy_is_read_from_another_store(reaching):
    member, admin = reaching.client(), reaching.client(roles=("admin",))
    image = reaching.active(member, b"twice")
    begin(admin, image["id"], "copy-image", stores=["fast"])
    outcome(reaching, member, image["id"])
    for path in reaching.files():
        if "local" in path.parts:
            path.unlink()
    assert member.get(image["file"]).data == b"twice"
    for path in reaching.files():
        path.unlink()
    assert member.get(image["file"]).status_code == 404


def test_one_bad_store_fails_all_or_only_itself(reaching):
    member = reaching.client()
    cold = reaching.folder / "image/stores/cold"
    cold.rmdir()
    cold.write_text("not a directory")
    image_id = stage(reaching, member, b"data")
    begin(member, image_id, "glance-direct", stores=["fast", "cold"])
    image, task = outcome(reaching, member, image_id)
    assert (image["status"], task["status"]) == ("uploading", "failure")
    begin(member, image_id, "glance-direct", stores=["fast", "cold"], all_stores_must_succeed=False)
    image, task = outcome(reaching, member, image_id)
    assert (image["status"], task["status"], image["stores"]) == ("active", "success", "fast")
    assert image["os_glance_failed_import"] == "cold"


def test_deleting_a_staged_image_removes_its_data(cloud, member):
    image_id = stage(cloud, member, b"x" * 1000)
    assert len(cloud.files()) == 1
    assert member.delete(f"/v2/images/{image_id}").status_code == 204
    assert cloud.files() == []


def test_imports_are_converted(make_cloud, tmp_path):
    cloud = make_cloud(**{"formats.convert_to": "raw"})
    member = cloud.client()
    raw, qcow2 = tmp_path / "r.img", tmp_path / "q.img"
    raw.write_bytes(os.urandom(300_032) + bytes(211_968))
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2], check=True, timeout=60
    )
    image_id = stage(cloud, member, qcow2.read_bytes(), disk_format="qcow2")
    begin(member, image_id, "glance-direct")
    image, task = outcome(cloud, member, image_id)
    assert (image["status"], image["disk_format"]) == ("active", "raw"), task
    assert member.get(image["file"]).data == raw.read_bytes()
    assert len(cloud.files()) == 1


def test_the_tasks_api_is_for_administrators(reaching, web):
    member, admin = reaching.client(), reaching.client(roles=("admin",))
    web.pages["/i"] = (200, {}, b"content")
    body = {
        "type": "import",
        "input": {
            "import_from": f"{web.url}/i",
            "import_from_format": "raw",
            "image_properties": {"name": "t", "disk_format": "raw", "container_format": "bare"},
        },
    }
    assert member.post("/v2/tasks", json=body).status_code == 403
    task = admin.ok("POST", "/v2/tasks", json=body, status=201)
    assert task["status"] in ("pending", "processing")
    reaching.deps.jobs.wait()
    done = admin.ok("GET", f"/v2/tasks/{task['id']}")
    assert done["status"] == "success" and done["expires_at"] > done["updated_at"]
    image = admin.ok("GET", f"/v2/images/{done['result']['image_id']}")
    assert image["name"] == "t" and admin.get(image["file"]).data == b"content"
    listed = admin.ok("GET", "/v2/tasks?status=success")["tasks"]
    assert [t["id"] for t in listed] == [task["id"]] and "input" not in listed[0]
    assert admin.ok("GET", "/v2/tasks?status=failure")["tasks"] == []
    assert admin.get("/v2/tasks?status=x").status_code == 400
    assert admin.get("/v2/tasks?marker=x").status_code == 400
    assert admin.get("/v2/tasks/x").status_code == 404
    assert admin.post("/v2/tasks", json={"type": "export", "input": {}}).status_code == 400
    assert member.get("/v2/tasks").status_code == 403


def test_stores_and_methods_are_shown(reaching):
    member, admin = reaching.client(), reaching.client(roles=("admin",))
    stores = member.ok("GET", "/v2/info/stores")["stores"]
    assert stores == [{"id": "local", "default": "true"}, {"id": "fast"}, {"id": "cold"}]
    assert member.get("/v2/info/stores/detail").status_code == 403
    detail = admin.ok("GET", "/v2/info/stores/detail")["stores"]
    assert detail[1]["type"] == "file" and "data_dir" in detail[1]["properties"]
    methods = member.ok("GET", "/v2/info/import")["import-methods"]["value"]
    assert methods == ["glance-direct", "web-download", "copy-image", "glance-download"]
