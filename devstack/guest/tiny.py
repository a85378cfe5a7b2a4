"""The tiny guest: Debian's cloud kernel, busybox, dropbear and the QEMU guest agent on one ext4
file system, bootable, under 40 MB.

Debian's packages are downloaded and unpacked, not installed: the machine's own /boot stays as it
is. The file system fills the whole disk without a partition table, so that the guest grows it by
one resize2fs.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.guest.debs import Debs
from devstack.progress import Refused

FILES = Path(__file__).resolve().parent / "tiny"
USER = "alto"
CONSOLE_PASSWORD = "altostratus"  # noqa: S105 for the console only: ssh takes no passwords
PACKAGES = [
    "busybox-static",
    "dropbear-bin",
    "libtomcrypt1",
    "libtommath1",
    "qemu-guest-agent",
    "libglib2.0-0",
    "liburing2",
    "libudev1",
    "libpcre2-8-0",
    "libnuma1",
    "e2fsprogs",
    "libcrypt1",
    "libc6",
    "libblkid1",
    "libuuid1",
    "libcom-err2",
    "libext2fs2",
    "libss2",
    "zlib1g",
    "libgmp10",
    "libssl3",
    "extlinux",
    "syslinux-common",
]
PROGRAMS = [
    "usr/sbin/dropbear",
    "usr/bin/dropbearkey",
    "usr/sbin/qemu-ga",
    "sbin/resize2fs",
    "sbin/mke2fs",
]
BOOT_MODULES = ["virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ata_piix", "ahci", "ext4"]
LATER_MODULES = [
    "virtio_net",
    "virtio-rng",
    "virtio_console",
    "virtio_balloon",
    "isofs",
    "sr_mod",
    "vfat",
    "nls_ascii",
    "virtio_mem",
    "acpiphp",
    "button",
    "evdev",
    "e1000",
    "i6300esb",
]
DISK_MIB = 72


def build(out: Path, cache: Path) -> None:
    "Write the image, qcow2. Raises Refused when a package or a tool is missing."
    with _folder(cache / "build") as work:
        debs = Debs(cache / "debs")
        kernel_package = debs.dependency("linux-image-cloud-amd64", r"linux-image-\d.*-cloud-amd64")
        tree = debs.unpack([*PACKAGES, kernel_package], work / "debs")
        version = next((tree / "boot").glob("vmlinuz-*")).name.removeprefix("vmlinuz-")
        _call("depmod", "-b", str(tree), version)
        root = work / "root"
        _skeleton(root, tree)
        _libraries(root, tree)
        _modules(tree, version, LATER_MODULES, root / "lib/modules")
        shutil.copy(tree / f"boot/vmlinuz-{version}", root / "boot/vmlinuz")
        (root / "boot/initrd").write_bytes(_initrd(work / "initrd", tree, version))
        raw = work / "disk.raw"
        _disk(raw, root, tree)
        part = out.with_suffix(".part")
        _call("qemu-img", "convert", "-c", "-O", "qcow2", str(raw), str(part))
        os.replace(part, out)


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _call(*command: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    if done.returncode:
        raise Refused(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
    return done.stdout


def _skeleton(root: Path, tree: Path) -> None:
    for name in (
        "bin",
        "sbin",
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "lib/modules",
        "lib64",
        "etc/init.d",
        "etc/dropbear",
        "etc/acpi",
        "proc",
        "sys",
        "dev",
        "run",
        "tmp",
        "mnt/config",
        "var/lib/instance",
        "var/log",
        "boot/extlinux",
        f"home/{USER}/.ssh",
        "root/.ssh",
        "lost+found",
    ):
        (root / name).mkdir(parents=True)
    (root / "var/run").symlink_to("/run")
    shutil.copy(tree / "bin/busybox", root / "bin/busybox")
    for applet in _call(str(root / "bin/busybox"), "--list").split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    (root / "sbin/init").symlink_to("../bin/busybox")
    for name in ("boot", "dhcp", "instance", "agent", "power"):
        _script(root / "etc/init.d" / name, name)
    _script(root / "usr/sbin/chpasswd", "chpasswd")
    shutil.copy(FILES / "inittab.txt", root / "etc/inittab")
    shutil.copy(FILES / "extlinux.conf", root / "boot/extlinux/extlinux.conf")
    _accounts(root)
    for home in ("root", "root/.ssh", f"home/{USER}", f"home/{USER}/.ssh"):
        os.chmod(root / home, 0o700)
    for name in (f"home/{USER}", f"home/{USER}/.ssh"):
        os.chown(root / name, 1000, 1000)


def _script(target: Path, name: str) -> None:
    shutil.copy(FILES / f"{name}.sh", target)
    os.chmod(target, 0o755)


def _accounts(root: Path) -> None:
    busybox = str(root / "bin/busybox")
    secret = _call(busybox, "mkpasswd", "-m", "sha512", CONSOLE_PASSWORD).strip()
    etc = root / "etc"
    (etc / "passwd").write_text(
        f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:1000:1000::/home/{USER}:/bin/sh\n"
    )
    (etc / "shadow").write_text(f"root:*:19000:0:::::\n{USER}:{secret}:19000:0:::::\n")
    os.chmod(etc / "shadow", 0o600)
    (etc / "group").write_text(f"root:x:0:\n{USER}:x:1000:\n")
    (etc / "shells").write_text("/bin/sh\n")
    (etc / "nsswitch.conf").write_text("passwd: files\nhosts: files dns\n")
    (etc / "profile").write_text("export PATH=/bin:/sbin:/usr/bin:/usr/sbin\n")
    (etc / "hostname").write_text("alto\n")
    (etc / "issue").write_text(
        f"Altostratus tiny guest. On this console: {USER} / {CONSOLE_PASSWORD}\n\n"
    )


def _libraries(root: Path, tree: Path) -> None:
    """The programs, and the shared libraries that the loader of the unpacked libc finds for them
    in the packages."""
    folders = [tree / "usr/lib/x86_64-linux-gnu", tree / "lib/x86_64-linux-gnu"]
    loader = folders[1] / "ld-linux-x86-64.so.2"
    target = root / "lib/x86_64-linux-gnu"
    target.mkdir()
    shutil.copy(loader.resolve(), target / loader.name)
    (root / "lib64" / loader.name).symlink_to(f"/lib/x86_64-linux-gnu/{loader.name}")
    (root / "usr/lib/x86_64-linux-gnu").symlink_to("/lib/x86_64-linux-gnu")
    for program in PROGRAMS:
        shutil.copy(tree / program, root / program)
        shown = _call(
            str(loader),
            "--library-path",
            ":".join(map(str, folders)),
            "--list",
            str(tree / program),
        )
        if "not found" in shown:
            raise Refused(f"The tiny guest's packages lack a library of {program}:\n{shown}")
        for name, found in re.findall(r"^\s*(\S+) => (/\S+)", shown, re.MULTILINE):
            if not (target / name).exists():
                shutil.copy(Path(found).resolve(), target / name)


def _modules(tree: Path, version: str, names: list[str], target: Path) -> None:
    """The modules with all they depend on, and a file `order`. Those built into the kernel need
    no file."""
    order: list[str] = []
    for name in names:
        shown = subprocess.run(
            ["modprobe", "-d", str(tree), "-S", version, "--show-depends", name],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for line in shown.splitlines():
            if line.startswith("insmod"):
                path = Path(line.split()[1])
                if path.name not in order:
                    order.append(path.name)
                    shutil.copy(path, target / path.name)
    (target / "order").write_text("\n".join(order) + "\n")


def _initrd(folder: Path, tree: Path, version: str) -> bytes:
    for name in ("bin", "modules", "proc", "sys", "dev", "root"):
        (folder / name).mkdir(parents=True)
    shutil.copy(tree / "bin/busybox", folder / "bin/busybox")
    _script(folder / "init", "initrd")
    _modules(tree, version, BOOT_MODULES, folder / "modules")
    listing = "\n".join(sorted(str(p.relative_to(folder)) for p in folder.rglob("*")))
    packed = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        cwd=folder,
        input=listing.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return gzip.compress(packed, 9, mtime=0)


def _disk(raw: Path, root: Path, tree: Path) -> None:
    """An ext4 file system on the bare disk, with the boot loader in the sector that ext4 leaves
    free."""
    with raw.open("wb") as disk:
        disk.truncate(DISK_MIB << 20)
    _call(
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-m",
        "0",
        "-O",
        "^64bit,^has_journal,^metadata_csum",
        "-I",
        "256",
        "-E",
        "resize=8388608,root_owner=0:0",
        "-L",
        "alto-root",
        "-d",
        str(root),
        str(raw),
    )
    mounted = raw.parent / "mnt"
    mounted.mkdir()
    _call("mount", "-o", "loop", str(raw), str(mounted))
    try:
        _call(str(tree / "usr/bin/extlinux"), "--install", str(mounted / "boot/extlinux"))
    finally:
        _call("umount", str(mounted))
