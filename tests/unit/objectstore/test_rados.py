"""The rados engine against a real Ceph: the cluster that TEST_CEPH_CONF names, with pool
TEST_CEPH_POOL."""

import os

import pytest

from objectstore.engine import BlobUnreadable
from tests.unit.objectstore.conftest import new_id

pytest.importorskip("rados", reason="Debian's python3-rados is not installed")


@pytest.fixture
def ceph():
    conf = os.environ.get("TEST_CEPH_CONF")
    if not conf:
        pytest.skip("no Ceph cluster: TEST_CEPH_CONF names none")
    from objectstore.engine.rados import Rados

    client, pool = os.environ.get("TEST_CEPH_CLIENT", "client.admin"), os.environ["TEST_CEPH_POOL"]
    engine = Rados(conf, client, pool)
    yield engine
    engine.close()


@pytest.mark.parametrize("size", [1, 5000, (8 << 20) + 3])
def test_blobs(ceph, size):
    data = os.urandom(size)
    stored = ceph.put(new_id(), [data[:10], data[10:]], 3)
    assert b"".join(ceph.read(stored.locator, 0, size)) == data
    assert b"".join(ceph.read(stored.locator, size // 2, size - size // 2)) == data[size // 2 :]
    assert ceph.verify(stored.locator) == []
    ceph.delete(stored.locator)
    with pytest.raises(BlobUnreadable):
        b"".join(ceph.read(stored.locator, 0, size))
