"""One real libvirt host for the whole run, an image server, and a guest image."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import common.config
from compute.agent import options
from compute.agent.drivers.libvirt.driver import LibvirtDriver
from compute.contracts.specs import Disk, ImageSource, Nic, ServerSpec
from tests.e2e.compute_agent.hypervisor import Hypervisor


class ImageServer:
    "Serves and takes images; counts what was asked for."

    def __init__(self) -> None:
        self.images: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.reads: list[str] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                name = self.path.strip("/")
                served.reads.append(name)
                data = served.images.get(name)
                self.send_response(200 if data is not None else 404)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def do_PUT(self) -> None:
                served.uploads[self.path.strip("/")] = self.rfile.read(
                    int(self.headers["Content-Length"])
                )
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, name: str, data: bytes, disk_format: str = "qcow2") -> ImageSource:
        "An image with these bytes."
        self.images[name] = data
        return ImageSource(
            id=name,
            url=f"http://127.0.0.1:{self.server.server_address[1]}/{name}",
            size_bytes=len(data),
            hash_value=hashlib.sha512(data).hexdigest(),
            disk_format=disk_format,
        )

    def target(self, disk_format: str = "qcow2") -> ImageSource:
        "Where a snapshot may be sent."
        name = str(uuid.uuid4())
        return ImageSource(
            id=name,
            url=f"http://127.0.0.1:{self.server.server_address[1]}/{name}",
            disk_format=disk_format,
        )


@pytest.fixture(scope="session")
def hypervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hypervisor]:
    "A libvirt host of our own."
    if os.geteuid() != 0 or shutil.which("libvirtd") is None:
        pytest.skip("needs root and libvirtd to make a host of its own")
    host = Hypervisor(tmp_path_factory.mktemp("hv"))
    try:
        yield host.start()
    finally:
        host.stop()


@pytest.fixture(scope="session")
def images() -> Iterator[ImageServer]:
    "An image server on loopback."
    server = ImageServer()
    yield server
    server.server.shutdown()


@pytest.fixture(scope="session")
def guest_image(images: ImageServer, tmp_path_factory: pytest.TempPathFactory) -> ImageSource:
    """The cloud's own small Linux, where it is built; otherwise a disk that says hello over the
    serial line."""
    built = os.environ.get("TEST_GUEST_IMAGE")
    if built:
        return images.add("guest", Path(built).read_bytes())
    return images.add("guest", _boot_sector_disk(tmp_path_factory.mktemp("guest")))


def _boot_sector_disk(directory: Path) -> bytes:
    """A boot sector that prints "hello from the guest" by the BIOS's serial port and halts."""
    text = b"hello from the guest\r\n\0"
    code = bytes.fromhex(
        "fa31c08ed8bc007c"  # cli; ds = 0; sp
        "ba0000b8e300cd14"  # int 14h: set up the first serial port
        "be277c"  # si = text
        "ac84c07409b401ba0000cd14ebf2"  # lodsb; print until 0
        "f4ebfd"
    )  # hlt
    at = code.index(bytes.fromhex("be277c")) + 1
    code = code[:at] + (0x7C00 + len(code)).to_bytes(2, "little") + code[at + 2 :]
    sector = (code + text).ljust(510, b"\0") + b"\x55\xaa"
    raw, image = directory / "disk.raw", directory / "disk.qcow2"
    raw.write_bytes(sector + bytes(8 * 1024 * 1024 - 512))
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(raw), str(image)], check=True)
    return image.read_bytes()


def make_config(state: Path, uri: str, **overrides: Any) -> Any:
    "Configuration of an agent on `uri`."
    return common.config.load(
        "compute",
        options.OPTIONS,
        {
            "state_dir": str(state),
            "host": "node",
            "libvirt.uri": uri,
            "libvirt.virt_type": "qemu",
            "bus.url": "fake://",
            **overrides,
        },
    )


@pytest.fixture
def driver(
    hypervisor: Hypervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LibvirtDriver]:
    "A driver with an empty state on the host; what it leaves is removed."
    monkeypatch.setenv("OVS_RUNDIR", str(hypervisor.ovs))
    config = make_config(tmp_path, hypervisor.uri)
    made = LibvirtDriver(config, common.config.state_path(config))
    made.grace_s = 0  # a boot sector does not hear the power button
    made.start(lambda state: None)
    yield made
    from compute.agent.drivers import Work

    for state in made.domains():
        made.destroy(Work(), state.server_id)
    made.stop()


@pytest.fixture
def spec(guest_image: ImageSource) -> ServerSpec:
    "A small server with one port."
    return ServerSpec(
        id=str(uuid.uuid4()),
        name="first",
        project_id="p",
        user_id="u",
        vcpus=1,
        memory_mib=128,
        generation=1,
        disks=[Disk(kind="root", size_mib=1024, image=guest_image, boot_index=0)],
        nics=[
            Nic(
                port_id=str(uuid.uuid4()),
                network_id="n",
                mac_address="fa:16:3e:00:00:01",
                details={"datapath_type": "netdev"},
            )
        ],
    )
