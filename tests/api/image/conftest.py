"""The real image app on a database of its own, its stores in a temporary folder."""

import hashlib
import json

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from common import db
from image.app import create_app, make_deps
from image.config import load
from tests.support import Client, authenticator, database_url


class Cloud:
    "One image service and clients of it."

    def __init__(self, folder, services=None, **options):
        url = database_url(folder, "image")
        self.folder = folder
        self.config = load(
            **{"state_dir": str(folder), "database.url": url, "file.durable": False, **options}
        )
        db.upgrade("image", url)
        self.deps = make_deps(self.config, services=services and services(self.config))
        self.app = create_app(self.config, authenticate=authenticator("image"), deps=self.deps)

    def client(self, **who):
        return Client(self.app, **who)

    def create(self, client, **fields):
        body = {"name": "i", "disk_format": "raw", "container_format": "bare", **fields}
        return client.ok("POST", "/v2/images", json=body, status=201)

    def upload(self, client, image_id, data, **headers):
        return client.put(
            f"/v2/images/{image_id}/file",
            data=data,
            headers={"Content-Type": "application/octet-stream", **headers},
        )

    def stream(self, client, path, body, length=None):
        "PUT what `body.read` gives, as a server hands it over: sized, or chunked without a length."
        environ = create_environ(
            path,
            method="PUT",
            headers={**client.headers, "Content-Type": "application/octet-stream"},
        )
        environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
        if length is not None:
            environ["CONTENT_LENGTH"] = str(length)
        else:
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        blocks, status, _ = run_wsgi_app(self.app, environ)
        b"".join(blocks)
        return int(status.split()[0])

    def active(self, client, data=b"some bytes", **fields):
        "An image with data, as the API shows it."
        image = self.create(client, **fields)
        assert self.upload(client, image["id"], data).status_code == 204
        return client.ok("GET", f"/v2/images/{image['id']}")

    def patch(self, client, image_id, *operations):
        return client.patch(
            f"/v2/images/{image_id}",
            data=json.dumps(operations),
            headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        )

    def files(self):
        "Paths of all data in all stores."
        roots = [self.folder / "image/stores", self.folder / "image/staging"]
        return [p for root in roots for p in root.rglob("*") if p.is_file()]


@pytest.fixture
def make_cloud(tmp_path):
    made = []

    def make(**options):
        cloud = Cloud(tmp_path, **options)
        made.append(cloud)
        return cloud

    yield make
    for cloud in made:
        cloud.deps.worker.close()
        cloud.deps.db.dispose()


@pytest.fixture
def cloud(make_cloud):
    return make_cloud()


@pytest.fixture
def member(cloud):
    return cloud.client(project_id="project-1")


@pytest.fixture
def other(cloud):
    return cloud.client(project_id="project-2", user_id="user-2")


@pytest.fixture
def admin(cloud):
    return cloud.client(project_id="admins", user_id="root", roles=("admin",))


def digests(data):
    "What the service must say about `data`."
    return {
        "checksum": hashlib.md5(data).hexdigest(),
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(data).hexdigest(),
        "size": len(data),
    }
