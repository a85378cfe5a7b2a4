"""What a process that ended in the middle leaves, and how the next one finishes or undoes it."""

import io

import pytest

from image.app import make_deps
from image.core import data, importing, sweep, transfer
from image.core.blobs.file import FileWriter
from image.store import blobs, tasks


class Died(BaseException):
    "The process ends here: nothing after it runs."


@pytest.fixture
def dies_with():
    "End the first process of a cloud (its lock is free now) and sweep as a new one."

    def recover(cloud):
        cloud.deps.worker.close()
        cloud.deps.worker.close = lambda: None
        successor = make_deps(cloud.config)
        sweep.run(successor)
        successor.worker.close()
        successor.db.dispose()

    return recover


@pytest.fixture
def after_death(cloud, dies_with):
    "The same with the usual cloud."
    return lambda: dies_with(cloud)


def leave_nothing(cloud):
    "No file and no journal entry that nobody needs."
    with cloud.deps.db.read() as session:
        known = blobs.known(session, "local") | blobs.known(session, blobs.STAGING)
        assert not blobs.deleting(session)
    assert {p.name for p in cloud.files()} == known


def die_during(monkeypatch, cloud, target, name, call):
    "Run `call`, with the process ending when `target.name` is called: no cleaning up happens."

    def die(*args, **kwargs):
        raise Died()

    monkeypatch.setattr(target, name, die)
    for cleaner in ("give_up",):
        monkeypatch.setattr(data, cleaner, lambda *a, **k: None)
    monkeypatch.setattr(FileWriter, "abort", lambda self: None)
    with pytest.raises(Died):
        call()
    monkeypatch.undo()


@pytest.mark.parametrize("moment", ["write", "commit", "activate"])
def test_death_during_an_upload(cloud, member, monkeypatch, after_death, moment):
    image = cloud.create(member)
    target = data if moment == "activate" else FileWriter
    die_during(
        monkeypatch,
        cloud,
        target,
        moment,
        lambda: cloud.upload(member, image["id"], b"x" * 3_000_000),
    )
    path = f"/v2/images/{image['id']}"
    assert member.ok("GET", path)["status"] == "saving"
    assert len(cloud.files()) == 1
    after_death()
    assert member.ok("GET", path)["status"] == "queued"
    assert cloud.files() == []
    leave_nothing(cloud)
    assert cloud.upload(member, image["id"], b"again").status_code == 204


@pytest.mark.parametrize("step", ["clear", "erase", "drop_if_empty"])
def test_death_during_a_delete(cloud, member, monkeypatch, after_death, step):
    from image.core import removal

    image = cloud.active(member, b"x" * 1000)
    die_during(
        monkeypatch, cloud, removal, step, lambda: member.delete(f"/v2/images/{image['id']}")
    )
    assert member.get(f"/v2/images/{image['id']}").status_code == 404
    after_death()
    assert cloud.files() == []
    with cloud.deps.db.read() as session:
        from image.store.models import Image

        assert session.query(Image).count() == 0


@pytest.mark.parametrize("method", ["glance-direct", "web-download"])
def test_death_during_an_import(cloud, member, monkeypatch, after_death, method):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}"
    octets = {"Content-Type": "application/octet-stream"}
    monkeypatch.setattr(cloud.deps.jobs, "put", lambda job: None)  # accepted, never run
    if method == "glance-direct":
        assert member.put(path + "/stage", data=b"staged", headers=octets).status_code == 204
    body = {"method": {"name": method, "uri": "http://example.com/x"}}
    assert member.post(path + "/import", json=body).status_code == 202
    assert member.ok("GET", path)["status"] == "importing"
    after_death()
    shown = member.ok("GET", path)
    assert shown["status"] == ("uploading" if method == "glance-direct" else "queued")
    task = member.ok("GET", path + "/tasks")["tasks"][0]
    assert task["status"] == "failure" and "ended" in task["message"]
    assert len(cloud.files()) == (1 if method == "glance-direct" else 0)
    leave_nothing(cloud)


@pytest.mark.parametrize("stores", [["local"], ["local", "cold"]])
def test_death_when_the_first_store_has_the_data(make_cloud, monkeypatch, dies_with, stores):
    "The image is active, and what was staged for it is of no more use."
    cloud = make_cloud(**{"stores.enabled": ["local:file", "cold:file"]})
    member = cloud.client()
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}"
    octets = {"Content-Type": "application/octet-stream"}
    assert member.put(path + "/stage", data=b"staged", headers=octets).status_code == 204
    jobs = []
    monkeypatch.setattr(cloud.deps.jobs, "put", jobs.append)
    body = {"method": {"name": "glance-direct"}, "stores": stores}
    assert member.post(path + "/import", json=body).status_code == 202
    die_during(monkeypatch, cloud, importing, "_progress", jobs[0])
    assert len(cloud.files()) == 2
    dies_with(cloud)
    shown = member.ok("GET", path)
    assert (shown["status"], shown["stores"]) == ("active", "local")
    assert "os_glance_importing_to_stores" not in shown
    assert member.get(path + "/file").data == b"staged"
    assert len(cloud.files()) == 1
    leave_nothing(cloud)


def test_death_while_undoing(cloud, member, monkeypatch, after_death):
    "The bytes and their journal entry are gone already, the image still says `saving`."
    image = cloud.create(member)
    body = io.BytesIO(b"x" * 10)  # shorter than announced
    with monkeypatch.context() as patched:
        patched.setattr(data, "give_up", lambda deps, blob, *a: transfer.discard(deps, blob))
        path = f"/v2/images/{image['id']}/file"
        assert cloud.stream(member, path, body, 5000) == 400
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "saving"
    after_death()
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "queued"


def test_the_living_are_left_alone(cloud, member):
    image = cloud.create(member)

    class Body:
        blocks = 2

        def read(self, size=-1):
            if not self.blocks:
                return b""
            self.blocks -= 1
            other = make_deps(cloud.config)
            sweep.run(other)
            other.worker.close()
            other.db.dispose()
            return b"x" * 1000

    assert cloud.stream(member, f"/v2/images/{image['id']}/file", Body(), 2000) == 204
    assert member.ok("GET", f"/v2/images/{image['id']}")["status"] == "active"


def test_old_tasks_are_forgotten(cloud, member):
    import datetime

    from image.store.models import Task

    with cloud.deps.db.write() as session:
        task = tasks.add(session, type="import", status="success")
        task.updated_at -= datetime.timedelta(hours=49)
        tasks.add(session, type="import", status="success")
    sweep.run(cloud.deps)
    with cloud.deps.db.read() as session:
        assert session.query(Task).count() == 1


def test_strays_are_found(cloud, member):
    cloud.active(member)
    assert sweep.strays(cloud.deps) == {}
    folder = cloud.folder / "image/stores/local/zz"
    folder.mkdir()
    (folder / "zz-nobody").write_bytes(b"x")
    assert sweep.strays(cloud.deps) == {"local": ["zz-nobody"]}
