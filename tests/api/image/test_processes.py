"""The service as a real process: cut connections, kill -9 in the middle of everything, a soak, flat
memory."""

import hashlib
import os
import random
import socket
import threading
import time
import uuid
from pathlib import Path

import pytest
import requests

from tests.api.image.process import Server
from tests.support import token

MIB = 1024 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}
NEW = {"name": "i", "disk_format": "raw", "container_format": "bare"}


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path).start()
    yield made
    made.stop()


def eventually(check, seconds=15):
    "Wait until `check()` is true; its last value."
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def raw_request(server, path, headers, body=b""):
    "A socket with a request sent."
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    lines = [
        f"PUT {path} HTTP/1.1",
        "Host: x",
        f"X-Auth-Token: {token()}",
        "Content-Type: application/octet-stream",
        *headers,
        "",
        "",
    ]
    connection.sendall("\r\n".join(lines).encode() + body)
    return connection


@pytest.mark.parametrize("headers, body", [
    ([f"Content-Length: {50 * MIB}"], bytes(3 * MIB)),
    (["Transfer-Encoding: chunked"], b"%x\r\n" % (3 * MIB) + bytes(3 * MIB) + b"\r\n"),
    (["Transfer-Encoding: chunked"], b"%x\r\n" % (3 * MIB) + bytes(MIB)),
])  # fmt: skip
def test_a_cut_connection_leaves_nothing(server, headers, body):
    client = server.session()
    image = client.post(server.url + "/v2/images", json=NEW).json()
    url = f"{server.url}/v2/images/{image['id']}"
    connection = raw_request(server, f"/v2/images/{image['id']}/file", headers, body)
    assert eventually(lambda: client.get(url).json()["status"] == "saving")
    connection.close()
    assert eventually(lambda: client.get(url).json()["status"] == "queued")
    assert eventually(lambda: server.files() == [])
    assert client.put(url + "/file", data=b"whole", headers=OCTETS).status_code == 204


def test_an_upload_that_is_refused_is_never_asked_for(tmp_path):
    server = Server(tmp_path, **{"quota.image_size_total_mib": 1}).start()
    try:
        image = server.session().post(server.url + "/v2/images", json=NEW).json()
        path = f"/v2/images/{image['id']}/file"
        waiting = ["Expect: 100-continue", f"Content-Length: {5 * MIB}"]
        with raw_request(server, path, waiting) as connection:
            assert connection.recv(12) == b"HTTP/1.1 413"
        with raw_request(server, f"/v2/images/{uuid.uuid4()}/file", waiting) as connection:
            assert connection.recv(12) == b"HTTP/1.1 404"
        with raw_request(server, path, [waiting[0], "Content-Length: 4"]) as connection:
            assert connection.recv(12) == b"HTTP/1.1 100"
            connection.recv(1000)
            connection.sendall(b"data")
            assert connection.recv(12) == b"HTTP/1.1 204"
    finally:
        server.stop()


def slow_body(seconds, size=64 * MIB):
    "A body that takes a while."
    for _ in range(size // MIB):
        yield bytes(MIB)
        time.sleep(seconds * MIB / size)


def test_kill_in_the_middle_of_an_upload(server):
    client = server.session()
    image = client.post(server.url + "/v2/images", json=NEW).json()
    url = f"{server.url}/v2/images/{image['id']}"

    def upload():
        try:
            server.session().put(url + "/file", data=slow_body(20), headers=OCTETS)
        except requests.RequestException:
            pass  # the server dies: that is the point

    thread = threading.Thread(target=upload)
    thread.start()
    assert eventually(lambda: any(p.stat().st_size > 2 * MIB for p in server.files()))
    server.kill()
    thread.join(30)
    assert server.files() != []
    server.start()
    assert eventually(lambda: client.get(url).json()["status"] == "queued")
    assert eventually(lambda: server.files() == [])
    assert client.put(url + "/file", data=b"whole", headers=OCTETS).status_code == 204


def test_a_worker_that_dies_is_replaced_and_its_work_undone(server):
    client = server.session()
    image = client.post(server.url + "/v2/images", json=NEW).json()
    url = f"{server.url}/v2/images/{image['id']}"
    path = f"/v2/images/{image['id']}/file"
    connection = raw_request(server, path, [f"Content-Length: {9 * MIB}"], bytes(3 * MIB))
    assert eventually(lambda: client.get(url).json()["status"] == "saving")
    os.kill(server.children()[0], 9)
    connection.close()

    def queued():
        try:
            return server.session().get(url, timeout=5).json()["status"] == "queued"
        except requests.RequestException:
            return False

    assert eventually(queued)
    assert eventually(lambda: server.files() == [])


class Soak:
    """Eight threads that upload, download, cut off and delete at random, and remember what must be
    there."""

    def __init__(self, server, seconds):
        self.server, self.end = server, time.monotonic() + seconds
        self.kept, self.lock = {}, threading.Lock()
        self.wrong, self.counts = [], dict.fromkeys(("upload", "download", "cut", "delete"), 0)

    def run(self, seed):
        choose = random.Random(seed)
        while time.monotonic() < self.end:
            client = self.server.session()
            try:
                self.step(choose, client)
            except requests.RequestException:
                time.sleep(0.1)  # killed in the middle

    def step(self, choose, client):
        action = choose.choice(("upload", "upload", "download", "download", "cut", "delete"))
        if action in ("upload", "cut"):
            image_id = str(uuid.uuid4())
            client.post(self.server.url + "/v2/images", json={**NEW, "id": image_id}, timeout=30)
        url = self.server.url + "/v2/images/"
        if action == "upload":
            data = choose.randbytes(choose.randrange(1, 4 * MIB))
            answer = client.put(f"{url}{image_id}/file", data=data, headers=OCTETS, timeout=30)
            if answer.status_code == 204:
                with self.lock:
                    self.kept[image_id] = hashlib.sha512(data).hexdigest()
        elif action == "cut":
            length = [f"Content-Length: {8 * MIB}"]
            path = f"/v2/images/{image_id}/file"
            try:
                raw_request(self.server, path, length, bytes(choose.randrange(4 * MIB))).close()
            except OSError:
                pass  # the server is being killed
        elif not self.take(choose, client, url, action):
            return
        self.counts[action] += 1

    def take(self, choose, client, url, action):
        with self.lock:
            if not self.kept:
                return False
            image_id = choose.choice(sorted(self.kept))
            digest = self.kept.pop(image_id)
        if action == "download":
            try:
                self.download(client, f"{url}{image_id}/file", digest)
            finally:
                with self.lock:
                    self.kept[image_id] = digest
        else:
            client.delete(url + image_id, timeout=30)
        return True

    def download(self, client, url, digest):
        answer = client.get(url, timeout=30)
        if answer.status_code != 200:
            self.wrong.append((url, answer.status_code, answer.text))
        elif hashlib.sha512(answer.content).hexdigest() != digest:
            self.wrong.append((url, "checksum"))


def test_a_soak_with_cuts_and_kills_loses_nothing(server):
    soak = Soak(server, float(os.environ.get("TEST_SOAK_S", "12")))
    threads = [threading.Thread(target=soak.run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while time.monotonic() < soak.end - 2:
        time.sleep(2.5)
        server.kill()
        server.start()
    for thread in threads:
        thread.join(60)
    assert soak.wrong == [] and min(soak.counts.values()) > 0, soak.counts
    client = server.session(roles=("admin",))
    found, link = {}, "/v2/images?limit=100"
    while link:
        page = client.get(server.url + link).json()
        found.update({i["id"]: i for i in page["images"]})
        link = page.get("next")
    for image_id, digest in soak.kept.items():
        assert found[image_id]["status"] == "active", "an image was lost"
        assert found[image_id]["os_hash_value"] == digest
        data = client.get(f"{server.url}/v2/images/{image_id}/file").content
        assert hashlib.sha512(data).hexdigest() == digest

    def settled():
        checked = server.run("-m", "image", "check", check=False)
        page = client.get(server.url + "/v2/images?status=saving&limit=100").json()["images"]
        return checked.returncode == 0 and not page

    assert eventually(settled, 30)
    active = [i for i in found.values() if i["status"] == "active"]
    assert eventually(lambda: len(server.files()) == len(active))


def test_memory_is_flat_whatever_the_size(server):
    client = server.session()
    worker = server.children()[0]

    def peak():
        lines = Path(f"/proc/{worker}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

    def through(mib):
        image = client.post(server.url + "/v2/images", json=NEW).json()
        url = f"{server.url}/v2/images/{image['id']}/file"
        body = (bytes(MIB) for _ in range(mib))
        assert client.put(url, data=body, headers=OCTETS).status_code == 204
        with client.get(url, stream=True) as answer:
            assert sum(len(b) for b in answer.iter_content(MIB)) == mib * MIB
        return peak()

    small, large = through(32), through(320)
    assert large < small + 40, f"{small} MiB, then {large} MiB"
