"""A soak of bounded time (TEST_SOAK_S seconds; 12 without it): eight clients upload, import, copy,
download, cut off and delete at random while the service is killed again and again. At the end no
image is lost, no file belongs to nobody, and every checksum is right."""

import hashlib
import os
import random
import threading
import time
import uuid

import pytest
import requests

from tests.api.image.process import MIB, NEW, OCTETS, Server, eventually, raw_request

SECONDS = float(os.environ.get("TEST_SOAK_S", "12"))
ACTIONS = (
    "upload",
    "upload",
    "import_staged",
    "copy",
    "download",
    "download",
    "download_part",
    "cut",
    "delete",
)


@pytest.fixture
def server(tmp_path):
    options = {"stores.enabled": "local:file,cold:file", "api.workers": 2}
    made = Server(tmp_path, **options).start()
    yield made
    made.stop()


class Refused(Exception):
    "The service did not do what it was asked; while it is being killed that is no wrong."


class Soak:
    """What eight clients do, and what must be there: `kept` has the digest of every image whose
    data was taken for certain, `doubtful` that of images whose deletion was not answered, `gone`
    those deleted for certain, and `wrong` what should never have been seen."""

    def __init__(self, server, seconds):
        self.server, self.end = server, time.monotonic() + seconds
        self.images = server.url + "/v2/images"
        self.kept, self.doubtful, self.gone = {}, {}, set()
        self.lock = threading.Lock()
        self.wrong, self.counts = [], dict.fromkeys(ACTIONS, 0)

    def client(self, seed):
        "The body of one client's thread."
        choose = random.Random(seed)
        while time.monotonic() < self.end:
            session = self.server.session(roles=("admin",))
            action = choose.choice(ACTIONS)
            try:
                getattr(self, action)(choose, session)
                with self.lock:
                    self.counts[action] += 1
            except (requests.RequestException, OSError, Refused):
                time.sleep(0.05)  # killed in the middle

    def new(self, session):
        image_id = str(uuid.uuid4())
        answer = session.post(self.images, json={**NEW, "id": image_id}, timeout=30)
        if answer.status_code != 201:
            raise Refused()
        return image_id, f"{self.images}/{image_id}"

    def keep(self, image_id, data):
        with self.lock:
            self.kept[image_id] = hashlib.sha512(data).hexdigest()

    def upload(self, choose, session):
        image_id, url = self.new(session)
        data = choose.randbytes(choose.randrange(1, 4 * MIB))
        # every other one without a length
        body = (
            data if choose.random() < 0.5 else (data[i : i + MIB] for i in range(0, len(data), MIB))
        )
        answer = session.put(url + "/file", data=body, headers=OCTETS, timeout=30)
        if answer.status_code != 204:
            raise Refused()
        self.keep(image_id, data)

    def import_staged(self, choose, session):
        image_id, url = self.new(session)
        data = choose.randbytes(choose.randrange(1, 2 * MIB))
        staged = session.put(url + "/stage", data=data, headers=OCTETS, timeout=30)
        body = {"method": {"name": "glance-direct"}, "all_stores": True}
        asked = session.post(url + "/import", json=body, timeout=30)
        if (staged.status_code, asked.status_code) != (204, 202):
            raise Refused()
        while (status := session.get(url, timeout=30).json().get("status")) == "importing":
            time.sleep(0.02)
        if status != "active":
            raise Refused()
        self.keep(image_id, data)

    def taken(self, choose):
        "An image that nobody else works on until it is put back."
        with self.lock:
            if len(self.kept) < 5:
                raise Refused()
            image_id = choose.choice(sorted(self.kept))
            return image_id, self.kept.pop(image_id)

    def put_back(self, image_id, digest):
        with self.lock:
            self.kept[image_id] = digest

    def copy(self, choose, session):
        image_id, digest = self.taken(choose)
        try:
            body = {"method": {"name": "copy-image"}, "stores": ["cold"]}
            session.post(f"{self.images}/{image_id}/import", json=body, timeout=30)
        finally:
            self.put_back(image_id, digest)

    def download(self, choose, session):
        image_id, digest = self.taken(choose)
        try:
            answer = session.get(f"{self.images}/{image_id}/file", timeout=30)
            if answer.status_code != 200:
                self.wrong.append((image_id, answer.status_code, answer.text))
            elif hashlib.sha512(answer.content).hexdigest() != digest:
                self.wrong.append((image_id, "other data"))
        finally:
            self.put_back(image_id, digest)

    def download_part(self, choose, session):
        "Begin to read and go away."
        image_id, digest = self.taken(choose)
        try:
            with session.get(f"{self.images}/{image_id}/file", stream=True, timeout=30) as answer:
                answer.raw.read(choose.randrange(1, 100_000))
        finally:
            self.put_back(image_id, digest)

    def cut(self, choose, session):
        image_id, _ = self.new(session)
        path = f"/v2/images/{image_id}/{choose.choice(('file', 'stage'))}"
        length = [f"Content-Length: {8 * MIB}"]
        raw_request(self.server, path, length, bytes(choose.randrange(4 * MIB))).close()

    def delete(self, choose, session):
        image_id, digest = self.taken(choose)
        try:
            answer = session.delete(f"{self.images}/{image_id}", timeout=30)
        except requests.RequestException:
            with self.lock:
                self.doubtful[image_id] = digest
            raise
        if answer.status_code != 204:
            self.wrong.append((image_id, answer.status_code, answer.text))
        with self.lock:
            self.gone.add(image_id)


def killed_at_random(server, end):
    """kill -9, now to all of the service, now to its workers alone. Their parent replaces them, or
    ends where one died just before, and is started again as supervision would."""
    choose = random.Random(0)
    while time.monotonic() < end - 2:
        time.sleep(choose.uniform(1, 3))
        if choose.random() < 0.5:
            server.kill()
            server.start()
            continue
        for worker in server.children():
            os.kill(worker, 9)
        assert eventually(lambda: server.process.poll() is not None or answers(server))
        if server.process.poll() is not None:
            server.start()


def answers(server):
    try:
        return requests.get(server.url + "/healthcheck", timeout=2).ok
    except requests.RequestException:
        return False


def everything(server, client):
    found, link = {}, "/v2/images?limit=100"
    while link:
        page = client.get(server.url + link).json()
        found.update({i["id"]: i for i in page["images"]})
        link = page.get("next")
    return found


def wanted(found):
    """How many files there may be: one for each copy, one for what is staged. A copy into another
    store goes on while its image is active, so that this is asked anew each time."""
    copies = sum(len(i.get("stores", "").split(",")) for i in found.values() if i.get("stores"))
    return copies + sum(i["status"] == "uploading" for i in found.values())


@pytest.mark.timeout(SECONDS + 300)
def test_a_soak_with_cuts_and_kills_loses_nothing(server):
    soak = Soak(server, SECONDS)
    threads = [threading.Thread(target=soak.client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    killed_at_random(server, soak.end)
    for thread in threads:
        thread.join(90)
    assert soak.wrong == [] and min(soak.counts.values()) > 0, soak.counts
    client = server.session(roles=("admin",))

    def settled():
        busy = ("saving", "importing")
        if any(i["status"] in busy for i in everything(server, client).values()):
            return False
        return server.run("-m", "image", "check", check=False).returncode == 0

    assert eventually(settled, 60), "work of dead processes is left, or data of nobody"
    found = everything(server, client)
    assert not soak.gone & set(found), "a deleted image is back"
    assert set(soak.kept) <= set(found), "an image was lost"
    alive = {**soak.kept, **{i: d for i, d in soak.doubtful.items() if i in found}}
    for image_id, digest in alive.items():
        assert found[image_id]["status"] == "active"
        assert found[image_id]["os_hash_value"] == digest
        for store in found[image_id]["stores"].split(","):
            assert store in ("local", "cold")
        data = client.get(f"{soak.images}/{image_id}/file").content
        assert hashlib.sha512(data).hexdigest() == digest
    assert eventually(lambda: len(server.files()) == wanted(everything(server, client))), (
        wanted(everything(server, client)),
        len(server.files()),
        server.files(),
    )
    print(f"soak: {soak.counts}, {len(alive)} images checked")
