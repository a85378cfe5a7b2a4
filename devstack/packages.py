"""Debian packages: only the missing ones are installed, and no daemon is started by their
installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from devstack.progress import Refused, step

BASE = ["python3-venv", "ca-certificates", "iproute2", "util-linux", "kmod", "e2fsprogs", "cpio"]
CLOUD = [
    "rabbitmq-server",
    "libvirt-daemon-system",
    "libvirt-clients",
    "python3-libvirt",
    "qemu-system-x86",
    "qemu-utils",
    "openvswitch-switch",
    "openvswitch-common",
    "ovn-central",
    "ovn-common",
    "ovn-host",
    "ethtool",
    "nftables",
    "openssh-client",
    "procps",
    "python3-openvswitch",
    "ovmf",
    "swtpm-tools",
]
TEST = ["git", "chromium", "nginx-light", "slapd"]


def missing(wanted: Iterable[str]) -> list[str]:
    "Those of `wanted` that dpkg does not have installed."
    names = list(wanted)
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    there = {line[3:].strip() for line in shown.stdout.splitlines() if line.startswith("ii")}
    return [name for name in names if name not in there]


def ensure(wanted: Iterable[str]) -> None:
    "Install what is missing. Raises Refused with apt-get's own words."
    absent = missing(wanted)
    if not absent:
        return
    if not shutil.which("apt-get"):
        raise Refused(f"Debian's apt-get is not here; install yourself: {' '.join(absent)}")
    with step("Debian packages") as shown:
        _apt(absent)
        shown.result = f"{len(absent)} installed"


def _apt(names: list[str]) -> None:
    found = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    options = ["-o", "DPkg::Lock::Timeout=600", "-qq"]
    with _daemons_stay_off():
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", *names]):
            done = subprocess.run(
                ["apt-get", *options, *arguments],
                env=found,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if done.returncode and arguments[0] == "install":
                tail = "\n".join(done.stdout.splitlines()[-8:])
                raise Refused(f"apt-get could not install {' '.join(names)}:\n{tail}")


class _daemons_stay_off:  # noqa: N801 used like a function
    """While it is open, maintainer scripts may not start daemons (policy-rc.d(8)): devstack
    starts its own, and the machine's own RabbitMQ or Open vSwitch would take their ports. A
    policy that is there already is left alone."""

    _policy = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self._made = not self._policy.exists()
        if self._made:
            with tempfile.NamedTemporaryFile("w", dir="/usr/sbin", delete=False) as new:
                new.write("#!/bin/sh\nexit 101\n")
            os.chmod(new.name, 0o755)
            os.replace(new.name, self._policy)

    def __exit__(self, *_: object) -> None:
        if self._made:
            self._policy.unlink(missing_ok=True)
