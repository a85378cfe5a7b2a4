"""What is done to a server after it was built, on a real libvirt."""

from __future__ import annotations

import os
import subprocess
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.drivers import RUNNING, SHUTDOWN, NodeError, Work
from compute.agent.drivers.libvirt.disks import virtual_size
from compute.agent.drivers.libvirt.driver import LibvirtDriver
from compute.agent.drivers.libvirt.snapshot import UploadRefused, backing_up
from compute.agent.images import TokenExpired
from compute.contracts.specs import Disk, ImageSource, Nic, ServerSpec
from tests.e2e.compute_agent.conftest import ImageServer
from tests.e2e.compute_agent.hypervisor import Hypervisor

pytestmark = pytest.mark.guest


def info(path: Path) -> None:
    subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", str(path)], check=True)


def root_of(driver: LibvirtDriver, spec: ServerSpec) -> ET.Element:
    return ET.fromstring(driver.host.get(spec.id).XMLDesc(0))


@pytest.mark.parametrize("power", ["on", "off"])
@pytest.mark.parametrize("disk_format", ["qcow2", "raw"])
def test_a_snapshot_is_the_disk_of_that_moment(
    driver: LibvirtDriver,
    spec: ServerSpec,
    images: ImageServer,
    tmp_path: Path,
    power: str,
    disk_format: str,
) -> None:
    spec.power, spec.disks[0].size_mib = power, 16
    driver.build(Work(), spec)
    target = images.target(disk_format)
    steps: list[str] = []
    detail = driver.snapshot(Work(lambda s, _: steps.append(s)), spec.id, target)
    assert steps == ["image_pending_upload", "image_uploading"]
    sent = tmp_path / "sent"
    sent.write_bytes(images.uploads[target.id])
    assert detail == {"size_bytes": sent.stat().st_size}
    if power == "off":
        subprocess.run(
            [
                "qemu-img",
                "compare",
                "-q",
                "-f",
                "qcow2",
                "-F",
                disk_format,
                str(driver.store.path(spec.id, "disk")),
                str(sent),
            ],
            check=True,
        )
    if disk_format == "qcow2":
        info(sent)
    assert virtual_size(driver.store.path(spec.id, "disk")) == 16 * 1024**2
    driver.snapshot(Work(), spec.id, images.target(disk_format))
    if power == "on":
        assert not backing_up(driver.host.get(spec.id)), "an end that is not seen is waited for"
    left = [p.name for p in driver.store.path(spec.id).iterdir() if "scratch" in p.name]
    assert left == [] and not driver.store.socket(spec.id, "backup").exists()
    assert driver.power_state(spec.id) == (RUNNING if power == "on" else SHUTDOWN)


def test_a_snapshot_that_is_refused_says_why(driver: LibvirtDriver, spec: ServerSpec) -> None:
    driver.build(Work(), spec)
    with pytest.raises(NodeError, match="cannot be reached"):
        driver.snapshot(Work(), spec.id, ImageSource(id="i", url="http://127.0.0.1:9/i"))
    assert issubclass(UploadRefused, NodeError) and issubclass(TokenExpired, NodeError)
    assert driver.power_state(spec.id) == RUNNING


@pytest.mark.parametrize("images_type", ["qcow2", "raw"])
def test_resize_reverts_to_the_bytes_of_before_and_confirms(
    driver: LibvirtDriver, spec: ServerSpec, images_type: str
) -> None:
    driver.disks.images_type = images_type
    spec.disks[0].size_mib = 16
    driver.build(Work(), spec)
    path = driver.store.path(spec.id, "disk")
    larger = ServerSpec(**{**vars(spec), "vcpus": 2, "memory_mib": 192, "generation": 2})
    larger.disks = [Disk(kind="root", size_mib=32, image=spec.disks[0].image, boot_index=0)]
    driver.resize(Work(), larger, "apply")
    assert virtual_size(path) == 32 * 1024**2 and root_of(driver, spec).findtext("vcpu") == "2"
    driver.resize(Work(), larger, "apply")
    driver.resize(Work(), spec, "revert")
    assert virtual_size(path) == 16 * 1024**2 and root_of(driver, spec).findtext("vcpu") == "1"
    assert driver.power_state(spec.id) == RUNNING
    driver.resize(Work(), larger, "apply")
    driver.resize(Work(), larger, "confirm")
    driver.resize(Work(), larger, "confirm")
    assert driver.power_state(spec.id) == RUNNING and virtual_size(path) == 32 * 1024**2
    listed = subprocess.run(
        ["qemu-img", "snapshot", "-l", "-U", str(path)], capture_output=True, text=True
    )
    assert "before-resize" not in listed.stdout
    assert not [p for p in path.parent.iterdir() if p.suffix == ".kept"]


def test_rescue_and_back(driver: LibvirtDriver, spec: ServerSpec) -> None:
    spec.config_drive, spec.metadata_files = True, {"openstack/latest/meta_data.json": "{}"}
    driver.build(Work(), spec)
    spec.rescue_image = spec.disks[0].image
    driver.rescue(Work(), spec)

    def files() -> list[str]:
        return [
            Path(s.get("file", "")).name
            for s in root_of(driver, spec).findall("devices/disk/source")
        ]

    assert files() == ["disk.rescue", "disk", "disk.config"]
    assert driver.power_state(spec.id) == RUNNING
    driver.power(Work(), spec, "hard_reboot", 0)
    assert files()[0] == "disk.rescue", "a reboot of a rescued server rescues it again"
    driver.unrescue(Work(), spec)
    assert files() == ["disk", "disk.config"]
    assert not driver.store.path(spec.id, "disk.rescue").exists()


def test_rebuild_makes_a_new_disk_and_a_bad_image_leaves_the_old(
    driver: LibvirtDriver, spec: ServerSpec, images: ImageServer
) -> None:
    driver.build(Work(), spec)
    path = driver.store.path(spec.id, "disk")
    good, spec.disks[0].image = spec.disks[0].image, ImageSource(id="x", url=images.target().url)
    with path.open("rb") as old:  # held open, so that its inode cannot be the new file's
        with pytest.raises(NodeError, match="answered 404"):
            driver.rebuild(Work(), spec)
        assert os.fstat(old.fileno()).st_nlink == 1
        assert driver.power_state(spec.id) == RUNNING
        spec.disks[0].image = good
        driver.rebuild(Work(), spec)
        assert os.fstat(old.fileno()).st_nlink == 0
        assert path.exists() and driver.power_state(spec.id) == RUNNING


def test_an_image_larger_than_the_disk_is_refused(driver: LibvirtDriver, spec: ServerSpec) -> None:
    spec.disks[0].size_mib = 1
    with pytest.raises(NodeError, match="The image needs a disk of"):
        driver.build(Work(), spec)
    assert driver.domains() == []


@pytest.fixture
def nbd_volume(tmp_path: Path) -> Iterator[Disk]:
    image, socket = tmp_path / "v.qcow2", tmp_path / "v.s"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "8M"], check=True)
    process = subprocess.Popen(
        [
            "qemu-storage-daemon",
            "--blockdev",
            f"file,node-name=f,filename={image}",
            "--blockdev",
            "qcow2,node-name=q,file=f",
            "--nbd-server",
            f"addr.type=unix,addr.path={socket},max-connections=8",
            "--export",
            "nbd,id=e,node-name=q,name=vol,writable=on",
        ]
    )
    while not socket.exists():
        assert process.poll() is None
    yield Disk(
        kind="volume",
        volume_id=str(uuid.uuid4()),
        connection={"driver_volume_type": "nbd", "data": {"socket": str(socket), "export": "vol"}},
    )
    process.terminate()
    process.wait()


def test_volumes_are_plugged_swapped_and_unplugged(
    driver: LibvirtDriver, spec: ServerSpec, nbd_volume: Disk, tmp_path: Path
) -> None:
    driver.build(Work(), spec)
    found = driver.attach_disk(Work(), spec.id, nbd_volume)
    assert found == {"device_name": "/dev/vdb"} == driver.attach_disk(Work(), spec.id, nbd_volume)
    raw = tmp_path / "v.raw"
    raw.write_bytes(bytes(8 * 1024**2))
    new = Disk(
        kind="volume",
        volume_id=str(uuid.uuid4()),
        connection={"driver_volume_type": "local", "data": {"path": str(raw), "format": "raw"}},
    )
    driver.swap_disk(Work(), spec.id, nbd_volume, new)
    sources = [s.attrib for s in root_of(driver, spec).findall("devices/disk/source")]
    assert sources[1].get("file") == str(raw)
    driver.hotplug.unplug_wait_s = 1.0
    driver.power(Work(), driver.store.load(spec.id), "stop", 0)
    driver.detach_disk(Work(), spec.id, new)
    driver.detach_disk(Work(), spec.id, new)
    assert len(root_of(driver, spec).findall("devices/disk")) == 1
    assert [d.kind for d in driver.store.load(spec.id).disks] == ["root"]


def test_ports_are_plugged_and_a_guest_that_keeps_one_is_said(
    driver: LibvirtDriver, spec: ServerSpec, hypervisor: Hypervisor
) -> None:
    driver.build(Work(), spec)
    nic = Nic(
        port_id=str(uuid.uuid4()),
        network_id="n",
        mac_address="fa:16:3e:00:00:02",
        details={"datapath_type": "netdev"},
    )
    driver.attach_nic(Work(), spec.id, nic)
    driver.attach_nic(Work(), spec.id, nic)
    assert len(root_of(driver, spec).findall("devices/interface")) == 2
    assert f"tap{nic.port_id[:11]}" in hypervisor.vsctl("list-ports", "br-int")
    driver.power(Work(), driver.store.load(spec.id), "stop", 0)
    driver.detach_nic(Work(), spec.id, nic)
    driver.detach_nic(Work(), spec.id, nic)
    assert len(root_of(driver, spec).findall("devices/interface")) == 1
    assert hypervisor.vsctl("list-ports", "br-int") == ""


def test_a_cold_move_takes_the_disks_along(
    driver: LibvirtDriver, spec: ServerSpec, tmp_path: Path
) -> None:
    """Two directories on one libvirt: the source is forgotten before the target starts."""
    spec.disks[0].size_mib = 16
    driver.build(Work(), spec)
    offered = driver.move_out(Work(), spec, "other", "cold", None)
    assert driver.power_state(spec.id) == SHUTDOWN and offered is not None
    from compute.agent import transfer

    fetched = tmp_path / "disk"
    transfer.fetch(offered["peer"]["url"], "disk", fetched, lambda: None)
    subprocess.run(
        ["qemu-img", "compare", "-q", str(driver.store.path(spec.id, "disk")), str(fetched)],
        check=True,
    )
    with pytest.raises(transfer.TransferFailed, match="404"):
        transfer.fetch(offered["peer"]["url"] + "x", "disk", fetched, lambda: None)
    with pytest.raises(transfer.TransferFailed, match="404"):
        transfer.fetch(offered["peer"]["url"], "server.json", fetched, lambda: None)
