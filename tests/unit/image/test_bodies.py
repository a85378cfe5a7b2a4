"""Chunked bodies that must prove they are whole: on real sockets."""

import io
import socket

import pytest

from common.http.bodies import BrokenBody, WholeBody


@pytest.fixture
def connected():
    "A client and this process's end of its connection."
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
        yield client, ours
        client.close()
        ours.close()


def body(client, ours, data):
    "What a server does: it reads the socket and hands the bytes on."
    client.sendall(data)
    environ = {"REMOTE_ADDR": "127.0.0.1"}
    whole = WholeBody(io.BytesIO(data), environ)
    received = b""
    while len(received) < len(data):
        received += ours.recv(65536)
    return whole


def read_all(stream):
    while stream.read(1000):
        pass


def test_a_client_that_waits_is_done(connected):
    client, ours = connected
    read_all(body(client, ours, b"x" * 5000))


@pytest.mark.parametrize("size", [1, 5000])
def test_a_client_that_left_is_not(connected, size):
    client, ours = connected
    stream = body(client, ours, b"x" * size)
    client.shutdown(socket.SHUT_RDWR)  # close() would not end it: both ends are of this process
    assert ours.recv(1) == b""
    with pytest.raises(BrokenBody):
        read_all(stream)


def test_others_may_come_and_go(connected):
    client, ours = connected
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = socket.create_connection(listener.getsockname())
        their_end, _ = listener.accept()
        stream = body(client, ours, b"x" * 5000)
        other.shutdown(socket.SHUT_RDWR)
        other.close()
        read_all(stream)
        their_end.close()


def test_watching_leaves_no_descriptor(connected):
    import os

    client, ours = connected
    before = len(os.listdir("/proc/self/fd"))
    read_all(body(client, ours, b"x" * 10))
    with body(client, ours, b"y" * 10):
        pass
    assert len(os.listdir("/proc/self/fd")) == before
