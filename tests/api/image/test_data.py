"""The data of images: upload, download, ranges, what goes wrong on the way."""

import io
import os
import uuid

import pytest

from tests.api.image.conftest import digests


def test_what_goes_in_comes_out(cloud, member):
    data = os.urandom(5 * 1024 * 1024 + 17)
    image = cloud.active(member, data)
    assert image["status"] == "active" and image["stores"] == "local"
    assert {k: image[k] for k in digests(data)} == digests(data)
    assert image["virtual_size"] == len(data)
    answer = member.get(image["file"])
    assert answer.status_code == 200 and answer.data == data
    assert answer.headers["Content-MD5"] == image["checksum"]
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_an_image_without_data_downloads_nothing(cloud, member):
    image = cloud.create(member)
    answer = member.get(f"/v2/images/{image['id']}/file")
    assert answer.status_code == 204 and answer.data == b""


def test_a_chunked_upload_needs_no_length(cloud, member):
    image = cloud.create(member)
    data = os.urandom(3_000_000)
    path = f"/v2/images/{image['id']}/file"
    assert cloud.stream(member, path, io.BytesIO(data)) == 204
    assert member.get(f"/v2/images/{image['id']}/file").data == data


def test_an_empty_image_is_an_image(cloud, member):
    image = cloud.active(member, b"")
    assert image["size"] == 0 and image["checksum"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert member.get(image["file"]).data == b""


@pytest.mark.parametrize(
    "header, expected, content_range",
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
        ("bytes=-100", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_is_sent_alone(cloud, member, header, expected, content_range):
    image = cloud.active(member, b"0123456789")
    answer = member.get(image["file"], headers={"Range": header})
    assert (answer.status_code, answer.data) == (206, expected)
    assert answer.headers["Content-Range"] == content_range


@pytest.mark.parametrize(
    "header, code",
    [
        ("bytes=10-", 416),
        ("bytes=0-1,3-4", 416),
        ("bytes=a-b", 416),
        ("bytes=-0", 416),
        ("lines=1-2", 200),
        ("bytes=5-2", 200),
        ("bytes=-", 200),
    ],
)
def test_a_bad_range(cloud, member, header, code):
    image = cloud.active(member, b"0123456789")
    answer = member.get(image["file"], headers={"Range": header})
    assert answer.status_code == code
    if code == 416:
        assert answer.headers["Content-Range"] == "bytes */10"


def test_uploads_that_are_refused_unread(cloud, member):
    image = cloud.active(member)
    assert cloud.upload(member, image["id"], b"again").status_code == 409
    bare = member.ok("POST", "/v2/images", json={}, status=201)
    answer = cloud.upload(member, bare["id"], b"x")
    assert answer.status_code == 400 and "disk_format" in answer.get_json()["message"]
    fresh = cloud.create(member)
    path = f"/v2/images/{fresh['id']}/file"
    assert member.put(path, data=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert (
        cloud.upload(member, fresh["id"], b"x", **{"X-Image-Meta-Store": "moon"}).status_code == 400
    )
    assert (
        cloud.upload(member, fresh["id"], b"x", **{"X-OpenStack-Image-Size": "5"}).status_code
        == 400
    )
    assert (
        cloud.upload(member, fresh["id"], b"x", **{"X-OpenStack-Image-Size": "x"}).status_code
        == 400
    )
    assert cloud.upload(member, str(uuid.uuid4()), b"x").status_code == 404
    assert member.ok("GET", f"/v2/images/{fresh['id']}")["status"] == "queued"


class Body:
    "A request body in blocks; an exception among them is raised, a function is called."

    def __init__(self, *blocks):
        self.blocks = list(blocks)

    def read(self, size=-1):
        block = self.blocks.pop(0) if self.blocks else b""
        if callable(block):
            block = block()
        if isinstance(block, Exception):
            raise block
        return block


@pytest.mark.parametrize(
    "length, end",
    [(5_000_000, OSError("connection reset")), (5_000_000, None), (None, OSError("reset"))],
)
def test_a_cut_upload_leaves_the_image_queued_and_no_bytes(cloud, member, length, end):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}/file"
    body = Body(b"x" * 1_000_000, b"y" * 1_000_000, *([end] if end else []))
    assert cloud.stream(member, path, body, length) == 400
    shown = member.ok("GET", f"/v2/images/{image['id']}")
    assert shown["status"] == "queued" and shown["size"] is None and "stores" not in shown
    assert cloud.files() == []
    assert cloud.upload(member, image["id"], b"whole").status_code == 204


def test_deleting_an_image_removes_its_bytes(cloud, member):
    image = cloud.active(member, b"x" * 1000)
    assert len(cloud.files()) == 1
    assert member.delete(f"/v2/images/{image['id']}").status_code == 204
    assert cloud.files() == []


def test_an_image_deleted_during_its_upload_is_gone(cloud, member):
    image = cloud.create(member)

    def delete():
        assert member.delete(f"/v2/images/{image['id']}").status_code == 204
        return b"b" * 1000

    path = f"/v2/images/{image['id']}/file"
    assert cloud.stream(member, path, Body(b"a" * 1000, delete), 2000) == 409
    assert member.get(f"/v2/images/{image['id']}").status_code == 404
    assert cloud.files() == []
    with cloud.deps.db.read() as session:
        from image.store.models import Blob, Image

        assert session.query(Image).count() == session.query(Blob).count() == 0


def test_a_front_server_is_told_which_file_to_send(make_cloud):
    cloud = make_cloud(**{"image.accel_prefix": "/data/"})
    member = cloud.client()
    image = cloud.active(member, b"sent by others")
    path = f"/v2/images/{image['id']}/file"
    for headers in ({"Range": "bytes=2-3"}, {}):
        answer = member.get(path, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"")
        inner = answer.headers["X-Accel-Redirect"].removeprefix("/data/")
        assert (cloud.folder / "image/stores" / inner).read_bytes() == b"sent by others"
    assert answer.headers["Content-MD5"] == image["checksum"]
    assert member.get(path, headers={"Range": "bytes=99-"}).status_code == 416
    assert cloud.client(project_id="other").get(path).status_code == 404
