"""glance-download: an image of another region, found in the caller's catalog."""

import json
import os

import pytest
from keystoneauth1.plugin import BaseAuthPlugin

from common.client import Services
from tests.api.image.conftest import digests
from tests.api.image.web import Web
from tests.support import wsgi_session

REMOTE = "5e2c1f64-9d0f-4c57-9d0a-0d8a4f1b7e11"


@pytest.fixture
def web():
    server = Web()
    yield server
    server.close()


@pytest.fixture
def cloud(make_cloud, web):
    def identity(environ, start_response):
        "Only the catalog: a region Two whose image service is the web server."
        assert environ["PATH_INFO"] == "/v3/auth/catalog" and environ["HTTP_X_AUTH_TOKEN"]
        endpoint = {"region_id": "Two", "interface": "public", "url": web.url}
        catalog = {"catalog": [{"type": "image", "endpoints": [endpoint]}]}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(catalog).encode()]

    def services(config):
        return Services(
            config, http=wsgi_session({"http://identity.test": identity}), auth=BaseAuthPlugin()
        )

    return make_cloud(
        services=services,
        # on a network that users cannot have anything fetched from: the operator chose the address
        **{"identity.url": "http://identity.test", "imports.allowed_ports": ["443"]},
    )


def download(cloud, client, region="Two", properties=None, **more):
    image = cloud.create(client, **(properties or {}))
    method = {"name": "glance-download", "glance_region": region, "glance_image_id": REMOTE, **more}
    answer = client.post(f"/v2/images/{image['id']}/import", json={"method": method})
    assert answer.status_code == 202, answer.get_data(as_text=True)
    cloud.deps.jobs.wait()
    path = f"/v2/images/{image['id']}"
    return client.ok("GET", path), client.ok("GET", path + "/tasks")["tasks"][0]


def test_an_image_of_another_region(cloud, web):
    data = os.urandom(300_000)
    about = {
        "status": "active",
        "disk_format": "raw",
        "container_format": "bare",
        "os_distro": "debian",
        "hw_disk_bus": "scsi",
        "secret": "x",
        "owner": "them",
    }
    web.pages[f"/v2/images/{REMOTE}"] = (200, {}, json.dumps(about).encode())
    web.pages[f"/v2/images/{REMOTE}/file"] = (200, {}, data)
    image, task = download(cloud, cloud.client(), properties={"hw_disk_bus": "ide", "own": "1"})
    assert image["status"] == "active", task
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert (image["os_distro"], image["hw_disk_bus"]) == ("debian", "scsi")
    assert "secret" not in image and image["owner"] == "project-1" and image["own"] == "1"
    assert all(headers["X-Auth-Token"] for _, headers in web.seen)


@pytest.mark.parametrize(
    "page",
    [(404, {}, b""), (200, {}, b"not json"), (200, {}, b"[]"), (200, {}, b'{"status": "queued"}')],
)
def test_a_remote_image_that_cannot_be_had(cloud, web, page):
    web.pages[f"/v2/images/{REMOTE}"] = page
    image, task = download(cloud, cloud.client())
    assert (image["status"], task["status"]) == ("queued", "failure") and task["message"]


def test_the_remote_service_cannot_send_us_elsewhere(cloud, web):
    about = {"status": "active", "disk_format": "raw", "container_format": "bare"}
    web.pages[f"/v2/images/{REMOTE}"] = (200, {}, json.dumps(about).encode())
    web.pages[f"/v2/images/{REMOTE}/file"] = (302, {"Location": f"{web.url}/inside"}, b"")
    web.pages["/inside"] = (200, {}, b"secret")
    image, task = download(cloud, cloud.client())
    assert task["status"] == "failure" and image["status"] == "queued"
    assert "/inside" not in {path for path, _ in web.seen}


def test_a_region_nobody_knows(cloud):
    image, task = download(cloud, cloud.client(), region="Nine")
    assert task["status"] == "failure" and "Nine" in task["message"]


def test_an_interface_nobody_has_fails_in_the_task(cloud):
    image, task = download(cloud, cloud.client(), glance_service_interface="nothing")
    assert task["status"] == "failure" and "nothing" in task["message"]
    assert image["status"] == "queued" and image["os_glance_failed_import"] == "local"
