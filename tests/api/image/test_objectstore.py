"""Images in the object store: the real one, in the same process."""

import io
import os

import pytest
from keystoneauth1.plugin import BaseAuthPlugin

from common import db
from common.client import Services
from image.core import sweep
from objectstore import app as swift_app
from objectstore import config as swift_config
from tests.api.image.conftest import digests
from tests.support import authenticator, database_url, token, wsgi_session

MIB = 1024 * 1024


class ServiceUser(BaseAuthPlugin):
    "The image service's own user."

    def get_token(self, session, **kwargs):
        return token(user_id="image", project_id="service", roles=("admin",))

    def get_project_id(self, session, **kwargs):
        return "service"


@pytest.fixture
def swift(tmp_path):
    "An object store of its own."
    folder = tmp_path / "swift"
    folder.mkdir()
    url = database_url(folder, "objectstore")
    db.upgrade("objectstore", url)
    conf = swift_config.load(**{"state_dir": str(folder), "database.url": url})
    app = swift_app.create_app(conf, authenticator("object-store"))
    yield app
    app.extensions["deps"].engine.close()
    app.extensions["deps"].db.dispose()


@pytest.fixture
def remote(make_cloud, swift):
    "An image service whose default store is the object store, with segments of 1 MiB and a cache."

    def services(config):
        session = wsgi_session({"http://swift.test": swift})
        return Services(config, http=session, auth=ServiceUser())

    return make_cloud(
        services=services,
        **{
            "stores.enabled": ["swift:objectstore", "local:file"],
            "swift.segment_mib": 1,
            "endpoints.object_store": "http://swift.test",
            "cache.limit_mib": 4,
        },
    )


@pytest.mark.parametrize("size", [1, 100_000, MIB, 3 * MIB + 5])
@pytest.mark.parametrize("sized", [True, False])
def test_data_goes_there_and_back(remote, size, sized):
    member, data = remote.client(), os.urandom(size)
    image = remote.create(member)
    path = f"/v2/images/{image['id']}/file"
    assert remote.stream(member, path, io.BytesIO(data), size if sized else None) == 204
    image = member.ok("GET", f"/v2/images/{image['id']}")
    assert image["stores"] == "swift"
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert member.get(path).data == data
    if size > 10:
        answer = member.get(path, headers={"Range": "bytes=5-9"})
        assert (answer.status_code, answer.data) == (206, data[5:10])
    assert len(list(remote.deps.shelves.get("swift").keys())) == 1
    assert member.delete(f"/v2/images/{image['id']}").status_code == 204
    assert list(remote.deps.shelves.get("swift").keys()) == []
    assert sweep.strays(remote.deps) == {}


@pytest.mark.parametrize("length", [9 * MIB, 500_000])
def test_a_cut_upload_leaves_no_object(remote, length):
    member = remote.client()
    image = remote.create(member)
    body = io.BytesIO(os.urandom(min(length // 2, 2_500_000)))
    assert remote.stream(member, f"/v2/images/{image['id']}/file", body, length) == 400
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"
    assert list(remote.deps.shelves.get("swift").keys()) == []


def test_moving_between_stores_loses_nothing(remote):
    member, admin = remote.client(), remote.client(roles=("admin",))
    data = os.urandom(2 * MIB + 3)
    image = remote.active(member, data)
    body = {"method": {"name": "copy-image"}, "stores": ["local"]}
    assert admin.post(f"/v2/images/{image['id']}/import", json=body).status_code == 202
    remote.deps.jobs.wait()
    assert set(member.ok("GET", f"/v2/images/{image['id']}")["stores"].split(",")) == {
        "swift",
        "local",
    }
    assert admin.delete(f"/v2/stores/swift/{image['id']}").status_code == 204
    assert member.get(image["file"]).data == data
    assert list(remote.deps.shelves.get("swift").keys()) == []


def test_an_unreachable_store_is_said_and_undone(make_cloud):
    cloud = make_cloud(
        **{
            "stores.enabled": ["swift:objectstore"],
            "endpoints.object_store": "http://127.0.0.1:9",
            "identity.url": "http://127.0.0.1:9",
        }
    )
    member = cloud.client()
    image = cloud.create(member)
    answer = cloud.upload(member, image["id"], b"data")
    assert answer.status_code == 503 and "swift" in answer.get_json()["message"]
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"


def test_downloads_fill_the_cache(remote):
    member, admin = remote.client(), remote.client(roles=("admin",))
    data = os.urandom(MIB + 1)
    image = remote.active(member, data)
    assert member.get("/v2/cache").status_code == 403
    assert admin.ok("GET", "/v2/cache") == {"cached_images": [], "queued_images": []}
    for hits in range(3):
        assert member.get(image["file"]).data == data
        cached = admin.ok("GET", "/v2/cache")["cached_images"]
        assert [(c["image_id"], c["hits"], c["size"]) for c in cached] == [
            (image["id"], hits, len(data))
        ]
    assert admin.delete(f"/v2/cache/{image['id']}").status_code == 204
    assert admin.delete(f"/v2/cache/{image['id']}").status_code == 404
    assert admin.put(f"/v2/cache/{image['id']}").status_code == 202
    remote.deps.jobs.wait()
    assert len(admin.ok("GET", "/v2/cache")["cached_images"]) == 1
    others = [remote.active(member, os.urandom(MIB)) for _ in range(4)]
    for other in others:
        assert len(member.get(other["file"]).data) == MIB
    kept = {c["image_id"] for c in admin.ok("GET", "/v2/cache")["cached_images"]}
    assert image["id"] not in kept and others[-1]["id"] in kept and len(kept) <= 4
    wrong = {"x-image-cache-clear-target": "all of it"}
    assert admin.delete("/v2/cache", headers=wrong).status_code == 400
    assert admin.delete("/v2/cache").status_code == 204
    assert admin.ok("GET", "/v2/cache") == {"cached_images": [], "queued_images": []}


def test_without_a_cache_there_is_none(cloud, admin):
    assert admin.get("/v2/cache").status_code == 404
    assert "v2.14" not in {v["id"] for v in admin.get("/").get_json()["versions"]}
