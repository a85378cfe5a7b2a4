"""A whole cloud beside the machine's own: one network, mount and host name namespace for all its
daemons.

Its ports, bridges and addresses cannot meet the machine's; the folders that daemons insist on
(/run/libvirt, /etc/libvirt, /run/openvswitch, ...) are bind mounts of folders under the
instance's root. A process that sleeps holds the namespaces; `devstack/run` enters them. Source:
namespaces(7), ip-netns(8), unshare(1), nsenter(1).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from devstack.paths import Paths
from devstack.progress import Refused

OWN_FOLDERS = (
    "/run/libvirt",
    "/var/lib/libvirt",
    "/var/log/libvirt",
    "/var/cache/libvirt",
    "/etc/libvirt",
    "/run/openvswitch",
    "/var/lib/openvswitch",
    "/var/log/openvswitch",
    "/etc/openvswitch",
    "/run/ovn",
    "/var/lib/ovn",
    "/run/netns",
    "/run/qemu",
)
"What a daemon of this instance sees of its own instead of the machine's."

INSIDE = "ALTOSTRATUS_INSIDE"
"Set for processes that are in the namespaces already."


def netns(paths: Paths) -> str:
    "The name of the instance's network namespace."
    return f"alto-{paths.instance}"


def enter(paths: Paths, *, create: bool) -> None:
    """Make this process part of the instance: it is started again inside. Returns at once when
    it is there already."""
    if os.environ.get(INSIDE) == paths.mark:
        return
    holder = find_holder(paths)
    if holder is None:
        if not create:
            raise Refused(
                f"Instance {paths.instance} does not run: devstack/up --instance {paths.instance}"
            )
        holder = _hold(paths)
    found = {**os.environ, **paths.environment(), INSIDE: paths.mark}
    os.execvpe(
        "nsenter",
        [
            "nsenter",
            "-t",
            str(holder),
            "-m",
            "-u",
            "-n",
            "--",
            "env",
            "-C",
            os.getcwd(),
            *sys.orig_argv,
        ],
        found,
    )


def find_holder(paths: Paths) -> int | None:
    "The process that holds the namespaces, None when there are none (any more)."
    try:
        pid = int((paths.run / "holder.pid").read_text())
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if f"ALTOSTRATUS_HOLDER={paths.mark}".encode() in environ.split(b"\0") else None


def _hold(paths: Paths) -> int:
    "Make the namespaces and the process that keeps them; its process id."
    name = netns(paths)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    _run("ip", "netns", "add", name)
    _run("ip", "-n", name, "link", "set", "lo", "up")
    binds = []
    for folder in OWN_FOLDERS:
        own = paths.root / "own" / folder[1:]
        own.mkdir(parents=True, exist_ok=True)
        Path(folder).mkdir(parents=True, exist_ok=True)
        binds.append(f"mount --bind {own} {folder}")
    hosts = paths.root / "own/hosts"
    hosts.write_text(f"127.0.0.1 localhost {name}\n::1 localhost\n")
    script = "\n".join(
        [
            "set -e",
            "mount --make-rprivate /",
            f"hostname {name}",
            *binds,
            f"mount --bind {hosts} /etc/hosts",
            "mount --make-shared /run/netns",
            f"echo $$ > {paths.run}/holder.pid",
            "exec sleep infinity",
        ]
    )
    paths.run.mkdir(parents=True, exist_ok=True)
    (paths.run / "holder.pid").unlink(missing_ok=True)
    subprocess.Popen(
        [
            "ip",
            "netns",
            "exec",
            name,
            "unshare",
            "-m",
            "-u",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
        ],
        env={"PATH": os.environ["PATH"], "ALTOSTRATUS_HOLDER": paths.mark},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(100):
        pid = find_holder(paths)
        if pid:
            return pid
        time.sleep(0.05)
    raise Refused(
        f"The namespaces of instance {paths.instance} could not be made (unshare, mount --bind)."
    )


def remove(paths: Paths) -> None:
    "End the holder and forget the network namespace. Runs outside of them."
    pid = find_holder(paths)
    if pid:
        os.kill(pid, signal.SIGTERM)
    subprocess.run(["ip", "netns", "del", netns(paths)], capture_output=True, check=False)
    (paths.run / "holder.pid").unlink(missing_ok=True)


def purge_folders(paths: Paths) -> None:
    "Delete what the bind mounts showed."
    shutil.rmtree(paths.root / "own", ignore_errors=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(command)}: {done.stderr.strip()}")
