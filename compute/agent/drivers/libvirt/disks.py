"""Local disks: overlays over the image cache or raw copies, ephemeral and swap disks, the config
drive."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from compute.agent import configdrive
from compute.agent.commands import run
from compute.agent.drivers import NodeError, Work
from compute.agent.drivers.libvirt import devices, volumes
from compute.agent.drivers.libvirt.devices import Target, file_source
from compute.agent.drivers.libvirt.store import InstanceStore
from compute.agent.drivers.libvirt.wishes import Wishes
from compute.agent.images import Base, ImageCache
from compute.contracts.specs import Disk, ImageSource, ServerSpec

_MIB = 1024 * 1024
_MKFS = {
    "ext2": "mkfs.ext2",
    "ext3": "mkfs.ext3",
    "ext4": "mkfs.ext4",
    "xfs": "mkfs.xfs",
    "vfat": "mkfs.vfat",
}


class ImageTooLarge(NodeError):
    "The image needs a disk of {needed} GiB, the flavor gives {given} GiB."


class DiskFull(NodeError):
    "The disk of this host has {free} MiB left; {needed} MiB are needed."


class Disks:
    "Makes and describes the local disks of servers."

    def __init__(
        self,
        store: InstanceStore,
        cache: ImageCache,
        *,
        images_type: str = "qcow2",
        cache_mode: str = "auto",
        secrets: Callable[[Disk], str | None] = lambda disk: None,
    ) -> None:
        self.store, self.cache, self.images_type = store, cache, images_type
        self.cache_mode = _proved_cache_mode(store.root) if cache_mode == "auto" else cache_mode
        self._secrets = secrets

    def make(self, work: Work, spec: ServerSpec) -> None:
        """Every local disk of `spec` that is not there yet, and the config drive anew. Volumes
        need nothing made here."""
        self.store.make(spec.id)
        for name, disk in self._local(spec):
            work.check()
            path = self.store.path(spec.id, name)
            if path.exists():
                continue
            if disk.kind == "root" and disk.image:
                self._from_image(work, disk.image, disk.size_mib, path)
            else:
                self._blank(disk, path)
        self.config_drive(spec)

    def config_drive(self, spec: ServerSpec) -> None:
        "Write the config drive where the server has one."
        if spec.config_drive and spec.metadata_files:
            configdrive.write(self.store.path(spec.id, "disk.config"), spec.metadata_files)

    def rescue(self, work: Work, spec: ServerSpec) -> None:
        "The disk that a rescued server boots from."
        image = spec.rescue_image or next(
            (d.image for d in spec.disks if d.kind == "root" and d.image), None
        )
        if image is None:
            raise NodeError(reason="There is no image to rescue this server with.")
        path = self.store.path(spec.id, "disk.rescue")
        path.unlink(missing_ok=True)
        self._from_image(work, image, 0, path)

    def _from_image(self, work: Work, image: ImageSource, size_mib: int, path: Path) -> None:
        base = self.cache.get(image, work.check)
        size = size_mib * _MIB or base.virtual_size
        if base.virtual_size > size:
            raise ImageTooLarge(needed=-(-base.virtual_size // 1024**3), given=size_mib // 1024)
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        if image.disk_format == "iso":
            part.symlink_to(base.path)
        elif self.images_type == "raw":
            self._raw_copy(base, part, size)
        else:
            overlay(base.path, base.format, part, size)
        _finish(part, path, raw=self.images_type == "raw")

    def _raw_copy(self, base: Base, part: Path, size: int) -> None:
        free = shutil.disk_usage(part.parent).free
        if base.path.stat().st_blocks * 512 > free:
            raise DiskFull(free=free // _MIB, needed=base.path.stat().st_blocks * 512 // _MIB)
        run(
            "qemu-img",
            "convert",
            "-f",
            base.format,
            "-O",
            "raw",
            str(base.path),
            str(part),
            timeout_s=3600,
        )
        part.chmod(0o600)
        if size > base.virtual_size:
            os.truncate(part, size)

    def _blank(self, disk: Disk, path: Path) -> None:
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        with open(part, "wb") as out:
            out.truncate(disk.size_mib * _MIB)
        if disk.kind == "swap" or disk.guest_format == "swap":
            run("mkswap", str(part))
        elif disk.kind == "ephemeral" or disk.guest_format:
            self._format(part, disk.guest_format or "ext4")
        if self.images_type == "qcow2":
            image = path.with_name(path.name + ".qcow2.part")
            run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(part), str(image))
            part.unlink()
            part = image
        _finish(part, path, raw=self.images_type == "raw")

    def _format(self, path: Path, kind: str) -> None:
        program = _MKFS.get(kind)
        if program is None:
            raise NodeError(
                reason=f"A disk cannot be formatted as {kind}; {', '.join(_MKFS)} and swap can be."
            )
        label = "ephemeral0"
        force = ["-q", "-F"] if kind.startswith("ext") else ["-q"] if kind == "xfs" else []
        run(program, *force, "-n" if kind == "vfat" else "-L", label, str(path), timeout_s=600)

    def _local(self, spec: ServerSpec) -> list[tuple[str, Disk]]:
        named, ephemerals = [], 0
        for index, disk in enumerate(spec.disks):
            if disk.kind == "volume":
                continue
            name = {"root": "disk", "swap": "disk.swap"}.get(disk.kind, "")
            if disk.kind == "ephemeral":
                name, ephemerals = f"disk.eph{ephemerals}", ephemerals + 1
            named.append((name or f"disk.blank{index}", disk))
        return named

    def targets(self, spec: ServerSpec, *, rescue: bool = False) -> list[Target]:
        """The disks in the order in which the guest finds them. A rescued server boots from the
        rescue disk and finds its own disks after it."""
        wishes = Wishes.of(spec)
        taken: list[str] = []
        result: list[Target] = []
        names = {id(d): n for n, d in self._local(spec)}
        for disk in _root_first(spec.disks):
            bus = devices.disk_bus(wishes, disk.device_type, disk.bus)
            target = self._target(spec, disk, names.get(id(disk)), wishes)
            target.bus, target.device = bus, disk.device_type
            result.append(target)
        if rescue:
            path = str(self.store.path(spec.id, "disk.rescue"))
            result = [replace(t, boot_order=None) for t in result]
            result.insert(
                0,
                Target(
                    file_source(path),
                    driver_format=disk_format(Path(path)),
                    cache=self.cache_mode,
                    bus=devices.disk_bus(wishes, "disk"),
                    boot_order=1,
                ),
            )
        if spec.config_drive and self.store.path(spec.id, "disk.config").exists():
            # the bus of the other disks: some clouds' images lack drivers for emulated cdroms, none
            # lacks virtio's
            result.append(
                Target(
                    file_source(str(self.store.path(spec.id, "disk.config"))),
                    driver_format="raw",
                    bus=devices.disk_bus(wishes, "disk"),
                    read_only=True,
                    cache="writeback",
                )
            )
        for target in result:
            target.dev = devices.next_name(target.bus, taken)
            taken.append(target.dev)
        return result

    def _target(self, spec: ServerSpec, disk: Disk, name: str | None, wishes: Wishes) -> Target:
        order = None if disk.boot_index is None or disk.boot_index < 0 else disk.boot_index + 1
        if (
            disk.kind == "root"
            and order is None
            and not any((d.boot_index or 0) > 0 for d in spec.disks)
        ):
            order = 1
        if name is None:
            target = volumes.target(disk, wishes, self._secrets(disk))
        else:
            path = self.store.path(spec.id, name)
            iso = path.is_symlink()
            target = Target(
                file_source(str(path)),
                driver_format=disk_format(path),
                cache="writeback" if iso else self.cache_mode,
                read_only=disk.read_only or iso,
                io=devices.disk_limits(wishes),
            )
        target.boot_order = order
        return target

    def grow(self, server_id: str, name: str, size_mib: int) -> None:
        "Make a local disk of a stopped server at least `size_mib` large."
        path = self.store.path(server_id, name)
        if virtual_size(path) < size_mib * _MIB:
            run("qemu-img", "resize", "-q", "-f", disk_format(path), str(path), f"{size_mib}M")

    def local_names(self, spec: ServerSpec) -> list[tuple[str, Disk]]:
        "File name and disk of every disk that lies on this host."
        return self._local(spec)

    def bases_in_use(self) -> set[Path]:
        "Cached images that some server's disk stands on."
        used = set()
        for server_id in self.store.servers():
            for path in self.store.path(server_id).glob("disk*"):
                if path.is_symlink():
                    used.add(Path(os.readlink(path)))
                    continue
                base = backing_file(path)
                if base:
                    used.add(base)
        return used


def overlay(base: Path, base_format: str, path: Path, size: int) -> None:
    "A qcow2 file of `size` bytes that begins with the contents of `base`."
    run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        base_format,
        "-b",
        str(base),
        str(path),
        str(size),
    )


def disk_format(path: Path) -> str:
    """qcow2 or raw, of a disk that this service made. The bytes are not asked: a guest may write
    the header of a qcow2, and with it the name of any file of the host, to the beginning of its
    raw disk."""
    return "raw" if path.is_symlink() or _marker(path).exists() else "qcow2"


def _marker(path: Path) -> Path:
    return path.with_name(f".{path.name}.raw")


def _finish(part: Path, path: Path, *, raw: bool) -> None:
    if raw:
        _marker(path).touch()
    else:
        _marker(path).unlink(missing_ok=True)
    os.replace(part, path)


def virtual_size(path: Path) -> int:
    "Bytes that a guest sees."
    found: int = json.loads(
        run("qemu-img", "info", "-U", "--output=json", "-f", disk_format(path), str(path))
    )["virtual-size"]
    return found


def backing_file(path: Path) -> Path | None:
    """The cached image under a qcow2 overlay, read from its header without starting a program
    (qcow2 specification)."""
    if disk_format(path) == "raw":
        return None
    try:
        with open(path, "rb") as stream:
            header = stream.read(20)
            if header[:4] != b"QFI\xfb":
                return None
            offset, length = (
                int.from_bytes(header[8:16], "big"),
                int.from_bytes(header[16:20], "big"),
            )
            if not offset or not 0 < length < 1024:
                return None
            stream.seek(offset)
            return Path(stream.read(length).decode(errors="replace"))
    except (FileNotFoundError, IsADirectoryError):
        return None


def _root_first(disks: list[Disk]) -> list[Disk]:
    first = [d for d in disks if d.kind == "root"] or [d for d in disks if d.boot_index == 0]
    return first + [d for d in disks if d not in first]


def _proved_cache_mode(directory: Path) -> str:
    "`none` where files can be opened with O_DIRECT, else `writeback`."
    probe = directory / ".o_direct"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_DIRECT, 0o600))
        return "none"
    except OSError:
        return "writeback"
    finally:
        probe.unlink(missing_ok=True)
