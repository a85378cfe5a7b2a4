"""Locations: where the data lies, and images made of data that lies somewhere."""

import hashlib

import pytest

from tests.api.image.conftest import digests
from tests.api.image.web import Web

DATA = b"somewhere on the web" * 1000


@pytest.fixture
def web():
    server = Web()
    server.pages["/image"] = (200, {}, DATA)
    yield server
    server.close()


@pytest.fixture
def cloud(make_cloud, web):
    return make_cloud(
        **{
            "imports.allowed_networks": ["127.0.0.0/8"],
            "imports.allowed_ports": [str(web.port)],
            "stores.enabled": ["local:file", "cold:file"],
            "cold.weight": 5,
        }
    )


def sha512(data):
    return {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(data).hexdigest()}


def test_services_see_where_the_data_lies(cloud, member, admin):
    image = cloud.active(member, b"here")
    path = f"/v2/images/{image['id']}"
    body = {"method": {"name": "copy-image"}, "all_stores": True}
    assert admin.post(path + "/import", json=body).status_code == 202
    cloud.deps.jobs.wait()
    service = cloud.client(project_id="services", roles=("service",))
    found = service.ok("GET", path + "/locations")
    assert [e["metadata"] for e in found] == [{"store": "cold"}, {"store": "local"}]
    files = {f.as_uri() for f in cloud.files()}
    assert {e["url"] for e in found} == files
    assert member.get(path + "/locations").status_code == 403
    queued = cloud.create(member)
    assert service.ok("GET", f"/v2/images/{queued['id']}/locations") == []


@pytest.mark.parametrize("validation", [None, {}, sha512(DATA)])
def test_an_image_is_made_of_data_somewhere(cloud, member, web, validation):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}"
    body = {"url": f"{web.url}/image", "validation_data": validation}
    assert member.post(path + "/locations", json=body).status_code == 202
    cloud.deps.jobs.wait()
    shown = member.ok("GET", path)
    assert shown["status"] == "active" and {k: shown[k] for k in digests(DATA)} == digests(DATA)
    # the data is the image's own: what becomes of the page does not matter
    web.pages.clear()
    assert member.get(path + "/file").data == DATA
    assert member.post(path + "/locations", json=body).status_code == 409
    (task,) = member.ok("GET", path + "/tasks")["tasks"]
    assert (task["type"], task["status"]) == ("location_import", "success")


def test_other_data_than_promised_is_not_taken(cloud, member, web):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}"
    body = {"url": f"{web.url}/image", "validation_data": sha512(b"other")}
    assert member.post(path + "/locations", json=body).status_code == 202
    cloud.deps.jobs.wait()
    assert member.ok("GET", path)["status"] == "queued"
    assert "digest" in member.ok("GET", path + "/tasks")["tasks"][0]["message"]
    assert cloud.files() == []


@pytest.mark.parametrize(
    "body, word",
    [
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "file:///etc/passwd"}, "scheme"),
        ({"url": "http://localhost:1/x"}, "port"),
        ({"url": "http://127.0.0.1:{port}/x", "validation_data": 5}, "validation_data"),
        ({"url": "http://127.0.0.1:{port}/x", "validation_data": {"os_hash_algo": "x"}}, "os_hash"),
        (
            {
                "url": "http://127.0.0.1:{port}/x",
                "validation_data": {"os_hash_algo": "sha256", "os_hash_value": "0" * 64},
            },
            "os_hash_algo",
        ),
    ],
)
def test_a_bad_location_is_refused_by_name(cloud, member, web, body, word):
    image = cloud.create(member)
    if "url" in body and isinstance(body["url"], str):
        body = {**body, "url": body["url"].replace("{port}", str(web.port))}
    answer = member.post(f"/v2/images/{image['id']}/locations", json=body)
    assert answer.status_code == 400 and word in answer.get_json()["message"]
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"


def test_only_the_owner_and_services_add(cloud, web):
    owner, other = cloud.client(), cloud.client(project_id="project-2")
    service = cloud.client(project_id="services", roles=("service",))
    body = {"url": f"{web.url}/image"}
    image = cloud.create(owner)
    assert other.post(f"/v2/images/{image['id']}/locations", json=body).status_code == 404
    assert service.post(f"/v2/images/{image['id']}/locations", json=body).status_code == 202
