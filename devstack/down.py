"""`devstack/down [--purge]`: stop everything that is ours; with --purge nothing is left of the
cloud."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from devstack import machine
from devstack.paths import INSTANCES, Paths
from devstack.progress import step
from devstack.supervision import Supervisor, running

_FOLDERS = ("etc/altostratus", "var/lib/altostratus", "var/log/altostratus", "run/altostratus")


def down(paths: Paths, *, purge: bool) -> None:
    """Stop services, servers and daemons, in this order, so that the wanted state of the servers
    stays what it is."""
    shared = machine.shared_daemons(paths)
    keeper = Supervisor(paths)
    if keeper.alive():
        with step("Services"):
            keeper.stop_together(name for name in keeper.states() if _ours(name))
    with step("Servers") as shown:
        shown.result = f"{_end_domains(paths, undefine=purge)} ended"
    with step("Network"):
        if keeper.alive():
            # They would make the bridges again as soon as these are gone.
            keeper.stop(name for name in ("ovn-controller", "edge") if name in keeper.states())
        _clear_network(shared.openvswitch)
    if keeper.alive():
        with step("Daemons"):
            keeper.shutdown()
    end_marked(paths)
    if not shared.openvswitch:
        _remove_links()
    if purge:
        with step("Files"):
            _purge(paths)


def _ours(name: str) -> bool:
    from devstack.programs import SERVICES

    return name in {program.name for program in SERVICES}


def _virsh(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["virsh", "-q", "-c", "qemu:///system", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split() if done.returncode == 0 else []


def _end_domains(paths: Paths, *, undefine: bool) -> int:
    """Domains whose disks lie in this cloud's state; those of others on the same libvirt are
    left alone."""
    count = 0
    for name in _virsh("list", "--all", "--uuid"):
        described = subprocess.run(
            ["virsh", "-q", "-c", "qemu:///system", "dumpxml", name],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if str(paths.state) not in described:
            continue
        count += 1
        _virsh("destroy", name)
        if undefine:
            _virsh("undefine", "--nvram", "--managed-save", "--snapshots-metadata", name)
    return count


def _clear_network(foreign_switch: bool) -> None:
    for bridge in ("br-ex", "br-int") if not foreign_switch else ("br-ex",):
        subprocess.run(
            ["ovs-vsctl", "--timeout=10", "--if-exists", "del-br", bridge],
            capture_output=True,
            check=False,
        )
    if foreign_switch:
        for key in (
            "ovn-remote",
            "ovn-bridge-mappings",
            "ovn-encap-ip",
            "ovn-encap-type",
            "ovn-cms-options",
            "ovn-monitor-all",
            "ovn-bridge",
            "ovn-bridge-datapath-type",
        ):
            subprocess.run(
                ["ovs-vsctl", "--timeout=10", "remove", "Open_vSwitch", ".", "external-ids", key],
                capture_output=True,
                check=False,
            )
    subprocess.run(
        ["nft", "delete", "table", "ip", "altostratus"], capture_output=True, check=False
    )
    listed = subprocess.run(
        ["ip", "netns", "list"], capture_output=True, text=True, check=False
    ).stdout
    for line in listed.splitlines():
        if line.startswith("ovnmeta-"):
            subprocess.run(
                ["ip", "netns", "del", line.split()[0]], capture_output=True, check=False
            )


def _remove_links() -> None:
    """The devices of the userspace datapath, which outlive the switch that made them."""
    for name in ("br-ex", "br-int", "ovs-netdev"):
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


def end_marked(paths: Paths) -> None:
    """End every process that carries the mark of this cloud: what a killed supervisor has left.
    Not the one that asks."""
    mine = _ancestors()
    left = [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit()
        and int(folder.name) not in mine
        and _daemon(paths, int(folder.name))
    ]
    for number, patience_s in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + patience_s
        while any(running(pid) for pid in left) and time.monotonic() < deadline:
            time.sleep(0.1)
        left = [pid for pid in left if running(pid)]


def _daemon(paths: Paths, pid: int) -> bool:
    """Whether a supervisor of this cloud has started it, or it is that supervisor. A process
    that names itself writes over its environment; those are known by the folder that
    supervisor starts everything in."""
    folder = Path(f"/proc/{pid}")
    try:
        if (folder / "cwd").readlink() == paths.state:
            return True
        environ = (folder / "environ").read_bytes().split(b"\0")
        command = (folder / "cmdline").read_bytes()
    except OSError:
        return False
    if f"ALTOSTRATUS_CLOUD={paths.mark}".encode() not in environ:
        return False
    supervised = any(pair.startswith(b"SUPERVISOR_PROCESS_NAME=") for pair in environ)
    return supervised or b"supervisor.supervisord" in command


def _ancestors() -> set[int]:
    found, pid = set(), os.getpid()
    while pid > 1:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def _purge(paths: Paths) -> None:
    if paths.instance:
        # Bind mounts as long as this process is inside: the launcher removes the rest.
        for name in _FOLDERS[:3]:
            shutil.rmtree(paths.root / name, ignore_errors=True)
        return
    for name in _FOLDERS:
        shutil.rmtree(paths.root / name, ignore_errors=True)
    if INSTANCES.is_dir() and any(INSTANCES.iterdir()):
        return  # they use the same environment and guest images
    shutil.rmtree(paths.cache, ignore_errors=True)
    if not paths.venv_given:
        shutil.rmtree(paths.venv, ignore_errors=True)
