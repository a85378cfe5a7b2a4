"""Questions to the machine: which daemons run already, which datapath its kernel has, where its
default route goes."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from devstack.paths import Paths
from devstack.preflight import listeners, mark_of, owner
from devstack.programs import OVS_RUN, Shared


def shared_daemons(paths: Paths) -> Shared:
    "Daemons that somebody else has started: we use them and neither stop nor configure them."
    return Shared(
        rabbitmq=_foreign_port(paths, 5672),
        openvswitch=_foreign_socket(paths, OVS_RUN / "db.sock", "ovsdb-server"),
        libvirt=_foreign_socket(paths, Path("/run/libvirt/libvirt-sock"), "libvirtd"),
    )


def _foreign_port(paths: Paths, port: int) -> bool:
    inodes = listeners().get(port)
    holder = owner(inodes) if inodes else None
    return bool(inodes) and (holder is None or mark_of(holder[0]) != paths.mark)


def _foreign_socket(paths: Paths, path: Path, program: str) -> bool:
    "Whether a daemon that is not ours answers on a unix socket."
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            name = (folder / "comm").read_text().strip()
            same_view = (folder / "ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        except OSError:
            continue
        if name == program and same_view and mark_of(int(folder.name)) == paths.mark:
            return False
    return True


def kernel_datapath() -> bool:
    """Whether the kernel has Open vSwitch's datapath (generic netlink family ovs_datapath);
    loads the module if there is one."""
    subprocess.run(["modprobe", "-q", "openvswitch"], capture_output=True, check=False)
    from pyroute2 import GenericNetlinkSocket
    from pyroute2.netlink import genlmsg
    from pyroute2.netlink.exceptions import NetlinkError

    with GenericNetlinkSocket() as netlink:
        try:
            netlink.bind("ovs_datapath", genlmsg)
        except (NetlinkError, KeyError, OSError):
            return False
    return True


def default_route() -> tuple[str, str] | None:
    "(interface, source address) of the IPv4 default route."
    shown = subprocess.run(
        ["ip", "-4", "route", "get", "1.1.1.1"], capture_output=True, text=True, check=False
    )
    words = shown.stdout.split()
    if shown.returncode or "dev" not in words or "src" not in words:
        return None
    return words[words.index("dev") + 1], words[words.index("src") + 1]


def has(program: str) -> bool:
    "Whether a program is on the path."
    return shutil.which(program) is not None
