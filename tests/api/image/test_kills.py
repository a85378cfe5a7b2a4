"""kill -9 in each phase of what is done with data, and what the next process makes of it."""

import os
import threading
import time

import pytest
import requests

from tests.api.image.process import MIB, NEW, OCTETS, Server, eventually, raw_request
from tests.api.image.web import Web

LARGE = 128
"""MiB that take long enough to be caught in the middle."""


class Kept:
    "A server and one image of it."

    def __init__(self, folder, **options):
        self.server = Server(
            folder, **{"stores.enabled": "local:file,cold:file", **options}
        ).start()
        self.client = self.server.session(roles=("admin",))
        self.image_id = self.client.post(self.server.url + "/v2/images", json=NEW).json()["id"]
        self.url = f"{self.server.url}/v2/images/{self.image_id}"

    def show(self):
        return self.client.get(self.url).json()

    def put(self, what, mib):
        block = os.urandom(MIB)
        body = (block for _ in range(mib))
        answer = self.client.put(f"{self.url}/{what}", data=body, headers=OCTETS)
        assert answer.status_code == 204, answer.text
        return block

    def importing(self, method, **more):
        body = {"method": {"name": method, **more.pop("arguments", {})}, **more}
        answer = self.client.post(self.url + "/import", json=body)
        assert answer.status_code == 202, answer.text

    def written(self, place):
        "Whether an unfinished file grows in a store or the staging area."
        return [p for p in self.server.files() if p.suffix == ".part" and place in p.parts]

    def kill_and_restart(self):
        self.server.kill()
        self.server.start()

    def becomes(self, status, files):
        "The image says `status`, and the stores have so many files and none that no row knows."
        assert eventually(lambda: self.show()["status"] == status), self.show()
        assert eventually(lambda: len(self.server.files()) == files), self.server.files()
        assert self.server.run("-m", "image", "check", check=False).returncode == 0

    def settles(self):
        "Nobody works on the image any more."
        tasks = self.url + "/tasks"

        def ended():
            found = self.client.get(tasks).json()["tasks"]
            return all(t["status"] in ("success", "failure") for t in found)

        assert eventually(ended)
        return self.client.get(tasks).json()["tasks"][0]

    def is_whole(self, block, mib):
        with self.client.get(self.url + "/file", stream=True) as answer:
            assert answer.status_code == 200
            found = [b == block for b in answer.iter_content(MIB)]
        assert len(found) == mib and all(found)


@pytest.fixture
def kept(tmp_path):
    made = []

    def make(**options):
        made.append(Kept(tmp_path, **options))
        return made[-1]

    yield make
    for one in made:
        one.server.stop()


@pytest.mark.parametrize("what, status", [("file", "saving"), ("stage", "uploading")])
def test_a_kill_while_data_comes_in(kept, what, status):
    one = kept()
    path = f"/v2/images/{one.image_id}/{what}"
    connection = raw_request(one.server, path, [f"Content-Length: {9 * MIB}"], bytes(3 * MIB))
    assert eventually(lambda: one.show()["status"] == status and one.server.files())
    one.kill_and_restart()
    connection.close()
    one.becomes("queued", files=0)
    block = one.put("file", 3)
    one.is_whole(block, 3)


def test_the_death_of_workers_alone(kept):
    "Their parent starts others, which undo what the dead ones were doing."
    one = kept(**{"api.workers": 2})
    path = f"/v2/images/{one.image_id}/file"
    connection = raw_request(one.server, path, [f"Content-Length: {9 * MIB}"], bytes(3 * MIB))
    assert eventually(lambda: one.show()["status"] == "saving")
    for worker in one.server.children():
        os.kill(worker, 9)
    connection.close()

    def queued():
        try:
            return one.show()["status"] == "queued"
        except requests.RequestException:
            return False

    assert eventually(queued)
    one.becomes("queued", files=0)


def test_a_kill_while_the_web_is_read(kept):
    web = Web()
    release = threading.Event()
    try:
        web.stalls("/image", bytes(3 * MIB), 9 * MIB, release)
        options = {"imports.allowed_networks": "127.0.0.0/8", "imports.allowed_ports": web.port}
        one = kept(**options)
        uri = {"uri": f"{web.url}/image"}
        one.importing("web-download", arguments=uri)
        assert eventually(lambda: one.written("staging"))
        one.kill_and_restart()
        release.set()
        one.becomes("queued", files=0)
        task = one.settles()
        assert task["status"] == "failure" and "ended" in task["message"]
        web.pages["/image"] = (200, {}, b"now it is there")
        one.importing("web-download", arguments=uri)
        assert eventually(lambda: one.show()["status"] == "active")
    finally:
        release.set()
        web.close()


def test_a_kill_while_staged_data_is_imported(kept):
    one = kept()
    block = one.put("stage", LARGE)
    one.importing("glance-direct", stores=["local", "cold"])
    assert eventually(lambda: one.written("local"))
    one.kill_and_restart()
    # what the client staged is still there, and can be imported again
    one.becomes("uploading", files=1)
    assert one.settles()["status"] == "failure"
    one.importing("glance-direct", stores=["cold"])
    assert eventually(lambda: one.show()["status"] == "active")
    one.settles()
    one.becomes("active", files=1)
    one.is_whole(block, LARGE)


def test_a_kill_while_an_image_is_copied(kept):
    one = kept()
    block = one.put("file", LARGE)
    one.importing("copy-image", stores=["cold"])
    assert eventually(lambda: one.written("cold"))
    one.kill_and_restart()
    one.becomes("active", files=1)
    one.settles()
    assert one.show()["stores"] == "local"
    one.is_whole(block, LARGE)
    one.importing("copy-image", stores=["cold"])
    assert one.settles()["status"] == "success"
    assert sorted(one.show()["stores"].split(",")) == ["cold", "local"]


def test_a_kill_while_an_image_is_converted(kept, tmp_path, monkeypatch):
    "The converter ends with its process, and the next one finds the staged data as it was."
    program, pid = tmp_path / "qemu-img", tmp_path / "pid"
    program.write_text(
        f"#!/bin/sh\nif [ $1 = info ]; then echo '{{\"virtual-size\": 9}}'; exit; fi\n"
        f"echo $$ > {pid}\nexec sleep 600\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    one = kept(**{"formats.convert_to": "qcow2"})
    one.put("stage", 2)
    one.importing("glance-direct")
    assert eventually(lambda: pid.exists() and pid.read_text().strip())
    converter = int(pid.read_text())
    one.kill_and_restart()
    assert eventually(lambda: not os.path.exists(f"/proc/{converter}"))
    one.becomes("uploading", files=1)
    program.unlink()
    one.importing("glance-direct")
    assert eventually(lambda: one.show()["status"] == "active")
    assert one.show()["disk_format"] == "qcow2"
    one.settles()
    one.becomes("active", files=1)


def test_kills_while_images_are_deleted(kept):
    one = kept()
    made = []
    for _ in range(12):
        made.append(one.client.post(one.server.url + "/v2/images", json=NEW).json()["id"])
        url = f"{one.server.url}/v2/images/{made[-1]}"
        assert one.client.put(url + "/file", data=bytes(MIB), headers=OCTETS).status_code == 204

    def delete(ids):
        for image_id in ids:
            try:
                one.server.session(roles=("admin",)).delete(
                    f"{one.server.url}/v2/images/{image_id}", timeout=20
                )
            except requests.RequestException:
                pass  # killed in the middle: that is the point

    threads = [threading.Thread(target=delete, args=(made[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.03)
    one.kill_and_restart()
    for thread in threads:
        thread.join(60)
    delete(made)
    one.becomes("queued", files=0)
    page = one.client.get(one.server.url + "/v2/images?limit=100").json()["images"]
    assert [i["id"] for i in page] == [one.image_id]
