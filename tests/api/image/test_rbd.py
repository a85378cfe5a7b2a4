"""Images in Ceph: on a stand-in of the bindings, or with TEST_CEPH_CONF=/etc/ceph/ceph.conf on a
real cluster, in its pool `images` as user `client.image`."""

import io
import os

import pytest

from image.core import sweep
from tests.api.image.conftest import digests
from tests.fakes.ceph import Cluster

MIB = 1024 * 1024
CONF = os.environ.get("TEST_CEPH_CONF")
needs_stand_in = pytest.mark.skipif(
    CONF is not None, reason="a real cluster is not taken down or filled for a test"
)


@pytest.fixture
def cluster(monkeypatch):
    "The stand-in, or None where a real cluster is used."
    if CONF:
        yield None
        return
    made = Cluster("images")
    made.install(monkeypatch)
    yield made


@pytest.fixture
def ceph(make_cloud, cluster):
    "An image service whose default store is Ceph."
    made = make_cloud(
        **{
            "stores.enabled": ["ceph:rbd", "local:file"],
            "ceph.conf": CONF or "/etc/ceph/ceph.conf",
            "ceph.chunk_mib": 1,
        }
    )
    yield made
    if cluster is None:
        for key in keys(made):
            made.deps.shelves.get("ceph").delete(key)


def keys(cloud):
    return list(cloud.deps.shelves.get("ceph").keys())


@pytest.mark.parametrize("size", [0, 1, 100_000, MIB, 3 * MIB + 5])
@pytest.mark.parametrize("sized", [True, False])
def test_data_goes_there_and_back(ceph, size, sized):
    member, data = ceph.client(), os.urandom(size)
    image = ceph.create(member)
    path = f"/v2/images/{image['id']}/file"
    assert ceph.stream(member, path, io.BytesIO(data), size if sized else None) == 204
    image = member.ok("GET", f"/v2/images/{image['id']}")
    assert image["stores"] == "ceph"
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert member.get(path).data == data
    if size > 10:
        answer = member.get(path, headers={"Range": "bytes=5-9"})
        assert (answer.status_code, answer.data) == (206, data[5:10])
    store = ceph.deps.shelves.get("ceph")
    assert [store.size(k) for k in keys(ceph)] == [size]
    assert member.delete(f"/v2/images/{image['id']}").status_code == 204
    assert keys(ceph) == []
    assert sweep.strays(ceph.deps) == {}


def test_a_cut_upload_leaves_no_block_image(ceph):
    member = ceph.client()
    image = ceph.create(member)
    body = io.BytesIO(os.urandom(2 * MIB))
    assert ceph.stream(member, f"/v2/images/{image['id']}/file", body, 9 * MIB) == 400
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"
    assert keys(ceph) == []


def test_moving_between_stores_loses_nothing(ceph):
    member, admin = ceph.client(), ceph.client(roles=("admin",))
    data = os.urandom(2 * MIB + 3)
    image = ceph.active(member, data)
    body = {"method": {"name": "copy-image"}, "stores": ["local"]}
    assert admin.post(f"/v2/images/{image['id']}/import", json=body).status_code == 202
    ceph.deps.jobs.wait()
    assert admin.delete(f"/v2/stores/ceph/{image['id']}").status_code == 204
    assert member.get(image["file"]).data == data
    assert keys(ceph) == []


def test_data_that_has_clones_goes_when_they_have_gone(ceph):
    import rbd

    member = ceph.client()
    image = ceph.active(member, b"base of a clone")
    store, (key,) = ceph.deps.shelves.get("ceph"), keys(ceph)
    layering = rbd.RBD_FEATURE_LAYERING
    with store.pool() as pool:
        rbd.RBD().clone(pool, key, "snap", pool, "clone", features=layering)
        assert member.delete(f"/v2/images/{image['id']}").status_code == 204
        assert member.get(f"/v2/images/{image['id']}").status_code == 404
        assert key in keys(ceph)
        with rbd.Image(pool, "clone") as clone:
            assert clone.read(0, 4) == b"base"
        rbd.RBD().remove(pool, "clone")
    sweep.run(ceph.deps)
    assert keys(ceph) == []


def test_a_location_is_one_that_compute_can_clone(ceph):
    member, service = ceph.client(), ceph.client(roles=("service",))
    image = ceph.active(member, b"x")
    (entry,) = service.ok("GET", f"/v2/images/{image['id']}/locations")
    scheme, _, rest = entry["url"].partition("://")
    fsid, pool, key, snapshot = rest.split("/")
    assert (scheme, pool, [key], snapshot) == ("rbd", "images", keys(ceph), "snap")
    assert entry["metadata"] == {"store": "ceph"} and len(fsid) == 36


@needs_stand_in
def test_a_cluster_that_is_away_is_said(make_cloud, cluster):
    cloud = make_cloud(**{"stores.enabled": ["ceph:rbd"]})
    member = cloud.client()
    image = cloud.create(member)
    cluster.down = True
    answer = cloud.upload(member, image["id"], b"data")
    assert answer.status_code == 503 and "ceph" in answer.get_json()["message"]
    cluster.down = False
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"
    assert cloud.upload(member, image["id"], b"data").status_code == 204
    cluster.down = True
    assert member.get(f"/v2/images/{image['id']}/file").status_code == 404
    assert member.delete(f"/v2/images/{image['id']}").status_code == 204
    cluster.down = False
    sweep.run(cloud.deps)
    assert keys(cloud) == [] and sweep.strays(cloud.deps) == {}


@needs_stand_in
def test_a_full_cluster_takes_nothing_half(ceph, cluster):
    member = ceph.client()
    image = ceph.create(member)
    cluster.full = True
    assert ceph.upload(member, image["id"], bytes(MIB)).status_code == 503
    cluster.full = False
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"
    assert keys(ceph) == []


def test_wrong_names_are_said(make_cloud, cluster):
    cloud = make_cloud(
        **{"stores.enabled": ["ceph:rbd"], "ceph.conf": "/missing.conf", "image.worker_lost_s": 5}
    )
    member = cloud.client()
    image = cloud.create(member)
    assert cloud.upload(member, image["id"], b"data").status_code == 503
