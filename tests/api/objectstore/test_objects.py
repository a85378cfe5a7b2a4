"""Objects: the CRUD that everything else stands on."""

import hashlib

import pytest


def test_an_object_comes_back_as_it_was_put(swift):
    made = swift.put("c/hello.txt", b"hello", Content_Type="text/x", X_Object_Meta_Colour="blue")
    assert made.status_code == 201
    assert made.headers["Etag"] == hashlib.md5(b"hello").hexdigest()
    got = swift.get("c/hello.txt")
    assert (got.status_code, got.data) == (200, b"hello")
    assert got.headers["Content-Type"] == "text/x"
    assert got.headers["X-Object-Meta-Colour"] == "blue"
    head = swift.head("c/hello.txt")
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, "5", b"")


@pytest.mark.parametrize("size", [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_every_size_around_the_thresholds(swift, size):
    data = bytes(i % 251 for i in range(size))
    assert swift.put("c/o", data).status_code == 201
    assert swift.get("c/o").data == data
    assert swift.head("c").headers["X-Container-Bytes-Used"] == str(size)
