"""The network namespace through which the guests of one network reach the metadata service, and
sockets that listen inside it.

One veth pair joins the namespace to the integration bridge as the network's metadata port (an OVN
localport: it is on every node and
never leaves it). Source for the addresses: Nova's metadata API, 169.254.169.254 and
fe80::a9fe:a9fe.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute, NetNS, netns

V4, V6, PORT = "169.254.169.254", "fe80::a9fe:a9fe", 80
PREFIX = "ovnmeta-"
_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL, _ETHTOOL_STXCSUM = 0x8946, 0x17


@dataclass(frozen=True)
class Link:
    "What a network's namespace needs."

    network_id: str
    port_id: str
    mac: str
    cidrs: tuple[str, ...]
    mtu: int = 1442

    @property
    def namespace(self) -> str:
        "Its name."
        return PREFIX + self.network_id

    @property
    def tap(self) -> str:
        "The end of the veth pair that is in the bridge."
        return "tap" + self.port_id[:11]


def inside(namespace: str, work: Callable[[], Any]) -> Any:
    """The result of `work()` run in the namespace: in a thread of its own, because setns(2) is
    for a thread."""
    result: list[Any] = []

    def run() -> None:
        try:
            with open(f"/var/run/netns/{namespace}") as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            result.append(work())
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]


def listen(link: Link) -> list[socket.socket]:
    "Sockets that listen at the metadata addresses of the namespace."

    def work() -> list[socket.socket]:
        found = []
        for family, address in (
            (socket.AF_INET, (V4, PORT)),
            (socket.AF_INET6, (V6, PORT, 0, socket.if_nametoindex("meta0"))),
        ):
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(
                    socket.SOL_IP, 15, 1
                )  # IP_FREEBIND: duplicate address detection may not be over yet
            sock.bind(address)
            sock.listen(64)
            sock.setblocking(False)
            found.append(sock)
        return found

    return list(inside(link.namespace, work))


def _checksums_off(device: str) -> None:
    # The userspace datapath does not complete the partial checksums that a veth hands over.
    command = array.array("B", struct.pack("II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", device.encode(), command.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock.fileno(), _SIOCETHTOOL, request)


def plug(link: Link, bridge: str, ovs: str) -> None:
    "Make the namespace, the pair and the bridge port; what is there already stays."
    if link.namespace not in netns.listnetns():
        netns.create(link.namespace)
    with IPRoute() as host:
        if not host.link_lookup(ifname=link.tap):
            # A port whose device went (with its namespace, or at a reboot) is not opened again
            # when one of that name comes back: the switch has to forget it first.
            vsctl(ovs, "--if-exists", "del-port", bridge, link.tap, wait=True)
            host.link(
                "add",
                ifname=link.tap,
                kind="veth",
                peer={"ifname": "meta0", "net_ns_fd": link.namespace},
            )
        host.link("set", index=host.link_lookup(ifname=link.tap)[0], state="up", mtu=link.mtu)
    with NetNS(link.namespace) as inner:
        index = inner.link_lookup(ifname="meta0")[0]
        inner.link("set", index=inner.link_lookup(ifname="lo")[0], state="up")
        inner.link("set", index=index, address=link.mac, mtu=link.mtu, state="up")
        wanted = {*link.cidrs, f"{V4}/32", f"{V6}/128"}
        have = {
            f"{a.get_attr('IFA_ADDRESS')}/{a['prefixlen']}" for a in inner.get_addr(index=index)
        }
        for cidr in wanted - have:
            address, _, length = cidr.partition("/")
            flags = (
                {"flags": 0x02} if ":" in address else {}
            )  # IFA_F_NODAD: the address is OVN's to answer for
            inner.addr("add", index=index, address=address, prefixlen=int(length), **flags)
        for cidr in have - wanted:
            if not cidr.startswith("fe80:"):
                address, _, length = cidr.partition("/")
                inner.addr("delete", index=index, address=address, prefixlen=int(length))
    try:
        inside(link.namespace, lambda: _checksums_off("meta0"))
    except OSError:
        pass  # a driver without that switch has no such offload either
    vsctl(
        ovs,
        "--may-exist",
        "add-port",
        bridge,
        link.tap,
        "--",
        "set",
        "interface",
        link.tap,
        f"external_ids:iface-id={link.port_id}",
        "external_ids:altostratus-metadata=true",
    )


def unplug(network_id: str, tap: str | None, ovs: str) -> None:
    "Remove what `plug` made."
    if tap:
        vsctl(ovs, "--if-exists", "del-port", tap)
        with IPRoute() as host:
            for index in host.link_lookup(ifname=tap):
                host.link("del", index=index)
    if PREFIX + network_id in netns.listnetns():
        netns.remove(PREFIX + network_id)


def vsctl(ovs: str, *arguments: str, wait: bool = False) -> str:
    """Run ovs-vsctl against this node's Open vSwitch; with `wait` until the switch has done it.
    Raises subprocess.CalledProcessError."""
    options = ["--timeout=10", f"--db={ovs}", *(() if wait else ("--no-wait",))]
    done = subprocess.run(
        ["ovs-vsctl", *options, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    return done.stdout.strip()
