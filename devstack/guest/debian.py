"""A real Debian 12 with cloud-init, made by mmdebstrap, for what the tiny guest is too small for.

Takes minutes, and a guest of it needs 512 MiB and, without KVM, a minute or more to boot. Like the
tiny guest it is one ext4 file system over the whole disk with extlinux in its boot sector.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from devstack.guest.debs import Debs
from devstack.progress import Refused

PACKAGES = [
    "linux-image-cloud-amd64",
    "cloud-init",
    "cloud-guest-utils",
    "openssh-server",
    "qemu-guest-agent",
    "systemd-sysv",
    "systemd-resolved",
    "netplan.io",
    "ifupdown",
    "isc-dhcp-client",
    "iproute2",
    "iputils-ping",
    "sudo",
    "locales",
    "ca-certificates",
]
DISK_MIB = 1800
_LOADER = """DEFAULT debian
PROMPT 0
TIMEOUT 0
SERIAL 0 115200
LABEL debian
 KERNEL /vmlinuz
 INITRD /initrd.img
 APPEND root=LABEL=debian-root ro console=tty1 console=ttyS0,115200 no_timer_check
"""
_CLOUD = """datasource_list: [ConfigDrive, OpenStack, None]
locale: C.UTF-8
system_info:
  default_user:
    name: debian
    shell: /bin/bash
    lock_passwd: true
    sudo: "ALL=(ALL) NOPASSWD:ALL"
"""


def build(out: Path, cache: Path) -> None:
    "Write the image, qcow2. Raises Refused with the words of the tool that failed."
    work = cache / "build-debian"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        if shutil.which("mmdebstrap") is None:
            _call("apt-get", "-qq", "-y", "install", "--no-install-recommends", "mmdebstrap")
        tools = Debs(cache / "debs").unpack(["extlinux", "syslinux-common"], work / "tools")
        root = work / "root"
        _call(
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            "bookworm",
            str(root),
        )
        _configure(root)
        raw = work / "disk.raw"
        _disk(raw, root, tools)
        part = out.with_suffix(".part")
        _call("qemu-img", "convert", "-c", "-O", "qcow2", str(raw), str(part))
        os.replace(part, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _configure(root: Path) -> None:
    (root / "etc/fstab").write_text("LABEL=debian-root / ext4 defaults,x-systemd.growfs 0 1\n")
    (root / "etc/cloud/cloud.cfg.d/90_altostratus.cfg").write_text(_CLOUD)
    folder = root / "boot/extlinux"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "extlinux.conf").write_text(_LOADER)
    (root / "etc/machine-id").write_text("")
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/hostname").unlink(missing_ok=True)


def _disk(raw: Path, root: Path, tools: Path) -> None:
    with raw.open("wb") as disk:
        disk.truncate(DISK_MIB << 20)
    features = "^64bit,^metadata_csum"
    label = ["-L", "debian-root", "-m", "0", "-O", features, "-E", "resize=67108864"]
    _call("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", *label, "-d", str(root), str(raw))
    mounted = raw.parent / "mnt"
    mounted.mkdir()
    _call("mount", "-o", "loop", str(raw), str(mounted))
    try:
        _call(str(tools / "usr/bin/extlinux"), "--install", str(mounted / "boot/extlinux"))
    finally:
        _call("umount", str(mounted))


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(command[:3])}: {done.stderr.strip()[-800:]}")
