"""The rados engine on a real Ceph cluster of one host, which the test starts: blobs by themselves,
and a whole object store on them."""

import os

import pytest

from common import db
from common.ids import new_hex
from objectstore import app as application
from objectstore import config
from objectstore.engine import BlobUnreadable
from objectstore.keeper.healing import Passes
from tests.api.objectstore.swift import Swift
from tests.e2e.objectstore.ceph import Ceph, missing
from tests.support import authenticator

rados = pytest.importorskip("rados", reason="Debian's python3-rados is not installed")
pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"Ceph's programs are not installed: {', '.join(missing())}"
)


@pytest.fixture(scope="module")
def ceph(tmp_path_factory):
    with Ceph(tmp_path_factory.mktemp("ceph")) as ceph:
        ceph.pool("objects")
        yield ceph


@pytest.fixture
def engine(ceph):
    from objectstore.engine.rados import Rados

    engine = Rados(str(ceph.conf), "client.admin", "objects")
    yield engine
    engine.close()


@pytest.mark.parametrize("size", [1, 5000, (8 << 20) + 3])
def test_blobs(engine, size):
    data = os.urandom(size)
    stored = engine.put(new_hex(), [data[:10], data[10:]], 3)
    assert b"".join(engine.read(stored.locator, 0, size)) == data
    assert b"".join(engine.read(stored.locator, size // 2, size - size // 2)) == data[size // 2 :]
    assert engine.verify(stored.locator) == []
    engine.delete(stored.locator)
    with pytest.raises(BlobUnreadable):
        b"".join(engine.read(stored.locator, 0, size))


def test_changed_bytes_are_seen_and_never_returned(engine, ceph):
    stored = engine.put(new_hex(), [b"a" * 5000], 3)
    cluster = rados.Rados(conffile=str(ceph.conf), name="client.admin")
    cluster.connect(timeout=10)
    with cluster.open_ioctx("objects") as io:
        io.write(f"{stored.locator.split(' ')[0]}.0", b"b", 100)
    cluster.shutdown()
    assert engine.verify(stored.locator)
    with pytest.raises(BlobUnreadable):
        b"".join(engine.read(stored.locator, 0, 5000))


@pytest.fixture
def swift(ceph, tmp_path):
    url = f"sqlite:///{tmp_path}/objectstore.sqlite"
    db.upgrade("objectstore", url)
    conf = config.load(
        **{
            "state_dir": str(tmp_path),
            "database.url": url,
            "storage.engine": "rados",
            "storage.dead_blob_s": 0,
            "storage.reclaim_age_s": 0,
            "rados.conf": str(ceph.conf),
            "rados.client": "client.admin",
            "rados.pool": "objects",
        }
    )
    app = application.create_app(conf, authenticator("object-store"))
    swift = Swift(app)
    assert swift.put("c").status_code == 201
    yield swift
    app.extensions["deps"].engine.close()
    app.extensions["deps"].db.dispose()


def pieces(deps):
    return {o.key for o in deps.engine._io.list_objects()}


def test_a_store_on_it(swift, ceph):
    deps = swift.app.extensions["deps"]
    bodies = {f"c/o{n}": os.urandom(n * 900_000 + n) for n in range(12)}
    for path, data in bodies.items():
        assert swift.put(path, data).status_code == 201
    part = swift.get("c/o11", Range="bytes=8388600-8388700")
    assert part.status_code == 206 and part.data == bodies["c/o11"][8388600:8388701]
    for path in list(bodies)[::2]:
        assert swift.delete(path).status_code == 204
        del bodies[path]
    orphan = deps.engine.put(new_hex(), [b"nobody names these bytes"], 3)
    ceph.stop_osd(0)  # two of three copies are left; reads and the keeper go on
    for path, data in bodies.items():
        assert swift.get(path).data == data
    passes = Passes(deps)
    passes.bury()
    passes.sweep()
    assert not any(name.startswith(orphan.locator.split(" ")[0]) for name in pieces(deps))
    for path, data in bodies.items():
        assert swift.get(path).data == data
    assert passes.replicate() == 0
