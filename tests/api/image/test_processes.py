"""The service as a real process: cut connections, uploads that are never asked for, flat memory."""

import uuid
from pathlib import Path

import pytest

from tests.api.image.process import MIB, NEW, OCTETS, Server, eventually, raw_request


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path).start()
    yield made
    made.stop()


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
