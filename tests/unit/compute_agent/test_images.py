"""The image cache: fetched once, checked, refused when unsafe, aged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from compute.agent.drivers import Cancelled
from compute.agent.images import (
    ImageCache,
    ImageCorrupt,
    ImageUnavailable,
    ImageUnsafe,
    TokenExpired,
)
from compute.contracts.specs import ImageSource


class Glance:
    "An image service of one image."

    def __init__(self) -> None:
        self.data = b"x" * 100_000
        self.reads, self.status, self.delay_s = 0, 200, 0.0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.reads += 1
                time.sleep(service.delay_s)
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(service.data)))
                self.end_headers()
                self.wfile.write(service.data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def image(self, disk_format: str = "raw", **fields: Any) -> ImageSource:
        known = {"hash_value": hashlib.sha512(self.data).hexdigest(), "size_bytes": len(self.data)}
        return ImageSource(
            id="i",
            url=f"http://127.0.0.1:{self.server.server_address[1]}/i",
            disk_format=disk_format,
            **(known | fields),
        )


@pytest.fixture
def glance() -> Iterator[Glance]:
    service = Glance()
    yield service
    service.server.shutdown()


def qcow2(path: Path, *options: str) -> bytes:
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", *options, str(path), "1M"], check=True
    )
    return path.read_bytes()


def test_many_ask_and_one_fetches(tmp_path: Path, glance: Glance) -> None:
    cache = ImageCache(tmp_path / "c")
    glance.delay_s = 0.2
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.get(glance.image()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert glance.reads == 1 and len(set(found)) == 1
    assert found[0].path.read_bytes() == glance.data
    assert found[0].path.stat().st_mode & 0o222 == 0, "nobody may write to a base image"
    cache.get(glance.image())
    assert glance.reads == 1


def test_one_that_fails_does_not_poison_the_next(tmp_path: Path, glance: Glance) -> None:
    cache = ImageCache(tmp_path / "c")
    glance.status = 500
    with pytest.raises(ImageUnavailable, match="answered 500"):
        cache.get(glance.image())
    glance.status = 401
    with pytest.raises(TokenExpired):
        cache.get(glance.image())
    glance.status = 200
    cache.get(glance.image())
    assert not list((tmp_path / "c").glob("*.part"))


def test_wrong_bytes_are_refused(tmp_path: Path, glance: Glance) -> None:
    cache = ImageCache(tmp_path / "c")
    with pytest.raises(ImageCorrupt, match="sha512"):
        cache.get(glance.image(hash_value="0" * 128))
    with pytest.raises(ImageUnavailable, match="of 5 bytes"):
        cache.get(glance.image(size_bytes=5))
    assert not list((tmp_path / "c").glob("*.base"))


def test_unreachable_service_is_named(tmp_path: Path) -> None:
    image = ImageSource(id="i", url="http://127.0.0.1:9/i")
    with pytest.raises(ImageUnavailable, match="cannot be reached"):
        ImageCache(tmp_path / "c").get(image)


def test_backing_file_in_an_image_is_refused(tmp_path: Path, glance: Glance) -> None:
    glance.data = qcow2(tmp_path / "evil", "-u", "-b", "/etc/shadow", "-F", "raw")
    with pytest.raises(ImageUnsafe):
        ImageCache(tmp_path / "c").get(glance.image("qcow2"))


def test_format_that_an_image_does_not_have_is_refused(tmp_path: Path, glance: Glance) -> None:
    with pytest.raises(ImageUnsafe, match="claims to be qcow2"):
        ImageCache(tmp_path / "c").get(glance.image("qcow2"))
    glance.data = qcow2(tmp_path / "q")
    with pytest.raises(ImageUnsafe, match="claims to be raw but is qcow2"):
        ImageCache(tmp_path / "c").get(glance.image("raw"))


def test_other_formats_are_converted(tmp_path: Path, glance: Glance) -> None:
    source, vdi = tmp_path / "q", tmp_path / "v"
    qcow2(source)
    subprocess.run(["qemu-img", "convert", "-O", "vdi", str(source), str(vdi)], check=True)
    glance.data = vdi.read_bytes()
    base = ImageCache(tmp_path / "c").get(glance.image("vdi"))
    assert base.format == "qcow2" and base.virtual_size == 1024 * 1024


def test_a_cancelled_build_leaves_the_download_to_the_others(
    tmp_path: Path, glance: Glance
) -> None:
    cache = ImageCache(tmp_path / "c")
    cancelled = threading.Event()

    def check() -> None:
        cancelled.set()
        raise Cancelled()

    with pytest.raises(Cancelled):
        cache.get(glance.image(), check)
    assert cancelled.is_set()
    assert cache.get(glance.image()).path.exists()


def test_aging_and_forgetting_spare_what_is_used(tmp_path: Path, glance: Glance) -> None:
    cache = ImageCache(tmp_path / "c")
    base = cache.get(glance.image())
    os.utime(base.path, (1, 1))
    assert cache.age(60, {base.path}) == [] and base.path.exists()
    assert cache.forget("i", {base.path}) is False
    os.utime(base.path, (1, 1))
    assert cache.age(60, set()) == [base.path]
    assert cache.forget("i", set()) is True


def test_a_download_that_a_crash_cut_off_is_not_taken_for_an_image(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "abc.base.part").write_bytes(b"half")
    ImageCache(tmp_path / "c")
    assert list((tmp_path / "c").iterdir()) == []
