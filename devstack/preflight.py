"""What must be true before anything is touched; each refusal says how to make it true. Standard
library only."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from devstack.paths import Paths
from devstack.progress import Refused

DISK_GIB = 6.0
"Packages 1.5, virtual environment 0.5, guest image, disks of the first servers."

_LISTEN = "0A"


def machine(paths: Paths) -> None:
    "Root, x86-64, Debian, room on the disk. Raises Refused."
    if os.geteuid() != 0:
        raise Refused("This needs root: sudo devstack/up")
    if platform.machine() != "x86_64":
        raise Refused(f"Guests and packages are for x86-64; this machine is {platform.machine()}.")
    if not shutil.which("apt-get"):
        raise Refused("This machine has no apt-get; devstack is made for Debian 12.")
    fresh = not paths.state.exists()
    below = paths.root
    while not below.exists():
        below = below.parent
    free = shutil.disk_usage(below).free / 2**30
    if fresh and free < DISK_GIB:
        raise Refused(
            f"{below} has {free:.1f} GiB free and a cloud needs {DISK_GIB:.0f} GiB: make room, "
            f"or name a folder on another disk, ALTOSTRATUS_ROOT=/big/disk devstack/up"
        )


def listeners() -> dict[int, set[int]]:
    "TCP port -> inodes of the sockets that listen on it in this network namespace (proc(5))."
    found: dict[int, set[int]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:  # no IPv6
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                found.setdefault(int(fields[1].rsplit(":", 1)[1], 16), set()).add(int(fields[9]))
    return found


def owner(inodes: set[int]) -> tuple[int, str] | None:
    "The process (pid, command) that holds one of these sockets, when one can be seen."
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            for link in (folder / "fd").iterdir():
                if os.readlink(link) in wanted:
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    return int(folder.name), command.decode(errors="replace").strip()
        except OSError:  # it ended while we looked
            continue
    return None


def mark_of(pid: int) -> str:
    """ALTOSTRATUS_CLOUD in the environment of a process or of one it descends from; empty when
    it is none of a cloud's. A process that names itself (setproctitle) writes over its own
    environment, hence the ancestors."""
    while pid > 1:
        try:
            pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return ""
        for pair in pairs:
            if pair.startswith(b"ALTOSTRATUS_CLOUD="):
                return pair.split(b"=", 1)[1].decode()
        pid = int(stat.rpartition(")")[2].split()[1])
    return ""


def ports(paths: Paths, wanted: Iterable[tuple[str, int]]) -> None:
    "Refuse when somebody else's process listens on one of our ports."
    taken = []
    listening = listeners()
    for name, port in wanted:
        if port not in listening:
            continue
        holder = owner(listening[port])
        if holder and mark_of(holder[0]) == paths.mark:
            continue
        who = f"process {holder[0]} ({holder[1][:60]})" if holder else "another process"
        taken.append(f"port {port} of {name} is taken by {who}")
    if taken:
        raise Refused(
            "; ".join(taken) + ". Stop it, or run the cloud beside it in its own namespaces: "
            "devstack/up --instance NAME"
        )
