"""Network namespaces for the tests: made, entered and removed by name; sockets in them.

A socket belongs for ever to the namespace of the thread that made it, so one process can hold both
ends of a conversation between two guests.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def run(*command: str, check: bool = True, **more: Any) -> str:
    "A program's output. Raises AssertionError with what it said when it fails."
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **more)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def until(ready: Callable[[], T], what: str, seconds: float = 40, pause: float = 0.1) -> T:
    "Poll until `ready()` is true; returns it."
    end = time.monotonic() + seconds
    while True:
        found = ready()
        if found:
            return found
        assert time.monotonic() < end, f"after {seconds:.0f} s: {what}"
        time.sleep(pause)


class Namespace:
    "A network namespace with its loopback up."

    def __init__(self, name: str) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str, check: bool = True) -> str:
        "`ip` inside."
        return run("ip", "-n", self.name, *arguments, check=check)

    def mac(self, device: str) -> str:
        "The MAC address of an interface."
        return str(json.loads(self.ip("-j", "link", "show", "dev", device))[0]["address"])

    def addresses(self, device: str = "eth0") -> list[str]:
        "The IPv6 addresses of an interface beside the link-local one, when they may be used."
        shown = self.ip("-j", "-6", "addr", "show", "dev", device, "scope", "global", "-tentative")
        found = [a for link in json.loads(shown) for a in link.get("addr_info", [])]
        return [a["local"] for a in found if "local" in a]

    def exec(self, *command: str) -> str:
        "A program inside; its output."
        return run(*self.enter(*command))

    def enter(self, *command: str) -> list[str]:
        "The command that runs `command` inside."
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def inside(self, work: Callable[[], T]) -> T:
        "`work()` in a thread that is in the namespace: setns(2) is for a thread."
        result: list[Any] = []

        def body() -> None:
            try:
                with Path(f"/run/netns/{self.name}").open() as handle:
                    if _LIBC.setns(handle.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), f"setns {self.name}")
                result.append((work(), None))
            except BaseException as error:  # the caller's to deal with, whatever it is
                result.append((None, error))

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        value, error = result[0]
        if error is not None:
            raise error
        return value

    def remove(self) -> None:
        "Delete it and the ends of veth pairs that are in it."
        run("ip", "netns", "del", self.name, check=False)


def cable(one: Namespace, name: str, other: Namespace, other_name: str, mtu: int = 1500) -> None:
    """A veth pair between two namespaces, both ends up, without checksum offload: Open vSwitch's
    userspace datapath does not complete partial checksums."""
    run(
        *("ip", "link", "add", name, "netns", one.name, "mtu", str(mtu), "type", "veth"),
        *("peer", "name", other_name, "netns", other.name, "mtu", str(mtu)),
    )
    for space, device in ((one, name), (other, other_name)):
        space.exec("ethtool", "-K", device, "tx", "off", "gso", "off", "tso", "off", "gro", "off")
        space.ip("link", "set", device, "up")
