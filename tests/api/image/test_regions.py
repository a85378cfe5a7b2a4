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
        **{
            "identity.url": "http://identity.test",
            "imports.allowed_networks": ["127.0.0.0/8"],
            "imports.allowed_ports": [str(web.port)],
        },
    )


def download(cloud, client, region="Two", **more):
    image = cloud.create(client)
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
    image, task = download(cloud, cloud.client())
    assert image["status"] == "active", task
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert (image["os_distro"], image["hw_disk_bus"]) == ("debian", "scsi")
    assert "secret" not in image and image["owner"] == "project-1"
    assert all(headers["X-Auth-Token"] for _, headers in web.seen)


@pytest.mark.parametrize(
    "page",
    [(404, {}, b""), (200, {}, b"not json"), (200, {}, b"[]"), (200, {}, b'{"status": "queued"}')],
)
def test_a_remote_image_that_cannot_be_had(cloud, web, page):
    web.pages[f"/v2/images/{REMOTE}"] = page
    image, task = download(cloud, cloud.client())
    assert (image["status"], task["status"]) == ("queued", "failure") and task["message"]


def test_a_region_nobody_knows(cloud):
    image, task = download(cloud, cloud.client(), region="Nine")
    assert task["status"] == "failure" and "Nine" in task["message"]
