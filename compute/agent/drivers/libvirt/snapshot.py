"""Snapshots: the root disk of a moment, uploaded to the image service while it is read.

A running guest goes on: libvirt opens a backup (a point-in-time view as an NBD export), and what
the guest overwrites meanwhile goes to a scratch file first. The disk of a stopped guest is exported
by qemu-nbd. Either way the whole chain of files is one disk, and only the parts with data are sent.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libvirt
import requests

from compute.agent.drivers import Detail, NodeError, Work
from compute.agent.drivers.libvirt.disks import disk_format
from compute.agent.drivers.libvirt.tree import new, put, text
from compute.agent.images import ImageUnavailable, TokenExpired
from compute.agent.nbd import NbdReader
from compute.agent.qcow2 import Qcow2Stream, RawStream
from compute.contracts.specs import ImageSource

if TYPE_CHECKING:
    from compute.agent.drivers.libvirt.driver import LibvirtDriver

LOG = logging.getLogger(__name__)


class NoRootDisk(NodeError):
    """Server {server_id} has no root disk on this host: a server that boots from a volume is
    snapshotted by the volume service."""


class UploadRefused(NodeError):
    "The image service refused the snapshot {image_id}: {why}"


class Snapshot:
    "Takes snapshots of one host's guests."

    def __init__(self, driver: LibvirtDriver) -> None:
        self.driver, self.host, self.store = driver, driver.host, driver.store

    def take(
        self, work: Work, server_id: str, target: ImageSource, live: bool, quiesce: bool
    ) -> Detail:
        """Upload the root disk to `target`: {size_bytes}. Raises UploadRefused, TokenExpired,
        NoGuestAgent."""
        path = self.store.path(server_id, "disk")
        if not path.exists():
            raise NoRootDisk(server_id=server_id)
        work.step("image_pending_upload")
        domain = self.host.find(server_id)
        running = domain is not None and domain.isActive()
        view = (
            self._live(server_id, domain, path, quiesce) if running else self._cold(server_id, path)
        )
        with view as (socket, export), NbdReader(socket, export) as reader:
            work.step("image_uploading")
            make = RawStream if target.disk_format == "raw" else Qcow2Stream
            return {
                "size_bytes": upload(
                    target, make(reader.size, reader.extents(), reader.read, work.check)
                )
            }

    @contextlib.contextmanager
    def _live(
        self, server_id: str, domain: Any, path: Path, quiesce: bool
    ) -> Iterator[tuple[Path, str]]:
        names = _disk_names(domain)
        mine = next((n for n, file in names if file == str(path)), None)
        if mine is None:
            raise NoRootDisk(server_id=server_id)
        socket, scratch = (
            self.store.socket(server_id, "backup"),
            self.store.path(server_id, "disk.scratch.part"),
        )
        self._abort(domain)
        for leftover in (socket, scratch):
            leftover.unlink(missing_ok=True)
        xml = _backup_xml([n for n, _ in names], mine, socket, scratch)
        try:
            with (
                self.driver.guest.quiesced(server_id, quiesce),
                self.host.doing("snapshot the server"),
            ):
                domain.backupBegin(xml, None, 0)
            yield socket, mine
        finally:
            self._abort(domain)
            for leftover in (socket, scratch):
                leftover.unlink(missing_ok=True)

    def _abort(self, domain: Any) -> None:
        "End the backup job: ours when it is done, or one that a killed agent left open."
        try:
            if domain.isActive() and backing_up(domain):
                domain.abortJob()
                deadline = time.monotonic() + 10
                while time.monotonic() < deadline and backing_up(domain):
                    time.sleep(0.05)
        except libvirt.libvirtError as error:
            LOG.info("ending a backup: %s", error.get_error_message())

    @contextlib.contextmanager
    def _cold(self, server_id: str, path: Path) -> Iterator[tuple[Path, str]]:
        socket = self.store.socket(server_id, "backup")
        socket.unlink(missing_ok=True)
        # not --fork: as our own child it ends with us, and is waited for
        process = subprocess.Popen(
            [
                "qemu-nbd",
                "--read-only",
                "--persistent",
                f"--format={disk_format(path)}",
                f"--socket={socket}",
                str(path),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._wait_for(process, socket)
            yield socket, ""
        finally:
            process.terminate()
            process.wait()
            socket.unlink(missing_ok=True)

    def _wait_for(self, process: subprocess.Popen[str], socket: Path) -> None:
        deadline = time.monotonic() + 30
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                said = (
                    process.stderr.read().strip()
                    if process.poll() is not None and process.stderr
                    else "no answer"
                )
                raise NodeError(reason=f"The disk cannot be exported for the snapshot: {said}.")
            time.sleep(0.02)


def backing_up(domain: Any) -> bool:
    "Whether a backup is open. Without a job libvirt answers with a job of type `none`."
    job = domain.jobStats()
    return (
        job.get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE
        and job.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
    )


def upload(target: ImageSource, body: Any) -> int:
    """PUT `body` (with a length) to `target.url`; how many bytes it has. Raises TokenExpired,
    UploadRefused, ImageUnavailable."""
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(body))}
    if target.token:
        headers["X-Auth-Token"] = target.token
    try:
        answer = requests.put(target.url, data=body, headers=headers, timeout=(10, 600))
    except requests.ConnectionError:
        raise ImageUnavailable(
            image_id=target.id, why="the image service cannot be reached."
        ) from None
    except requests.RequestException as error:
        raise ImageUnavailable(
            image_id=target.id, why=f"{type(error).__name__}: {error}."
        ) from None
    if answer.status_code == 401:
        raise TokenExpired(image_id=target.id)
    if not answer.ok:
        raise UploadRefused(
            image_id=target.id, why=f"{answer.status_code} {_first_line(answer.text)}"
        )
    return len(body)


def _first_line(body: str) -> str:
    return " ".join(body.split())[:200]


def _disk_names(domain: Any) -> list[tuple[str, str]]:
    found = []
    for disk in ET.fromstring(domain.XMLDesc(0)).findall("devices/disk"):
        target, source = disk.find("target"), disk.find("source")
        if target is not None:
            found.append(
                (target.get("dev", ""), source.get("file", "") if source is not None else "")
            )
    return found


def _backup_xml(names: list[str], mine: str, socket: Path, scratch: Path) -> str:
    backup = new("domainbackup", mode="pull")
    put(backup, "server", transport="unix", socket=socket)
    disks = put(backup, "disks")
    for name in names:
        disk = put(disks, "disk", name=name, backup=name == mine)
        if name == mine:
            disk.set("type", "file")
            disk.set("exportname", mine)
            put(disk, "scratch", file=scratch)
    return text(backup)
