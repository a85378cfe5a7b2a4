"""A compute host for tests: libvirtd, virtlogd and Open vSwitch of its own in namespaces of its
own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import libvirt

libvirt.registerErrorHandler(lambda *_: None, None)

_LIBVIRTD = """
host_uuid = "{uuid}"
listen_tls = 0
listen_tcp = 1
listen_addr = "{address}"
auth_tcp = "none"
log_outputs = "2:file:{root}/log/libvirtd.log"
"""
_QEMU = """
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
{migration}
vnc_listen = "0.0.0.0"
stdio_handler = "logd"
"""
_ENTER = """
mount --make-rprivate /
mkdir -p /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt
hostname {name}
mount --bind {root}/run /run/libvirt
mount --bind {root}/lib /var/lib/libvirt
mount --bind {root}/log /var/log/libvirt
mount --bind {root}/cache /var/cache/libvirt
mount --bind {root}/etc /etc/libvirt
ip link set lo up
exec sleep infinity
"""


class Hypervisor:
    "Up after `start()`; `stop()` ends everything that it started, guests included."

    def __init__(self, root: Path, name: str = "node", address: str = "127.0.0.1") -> None:
        self.root, self.name, self.address = root, name, address
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ovs = root / "ovs"

    @property
    def uri(self) -> str:
        "libvirt of this host, from outside of its namespaces."
        return f"qemu+unix:///system?socket={self.root}/run/libvirt-sock"

    def start(self) -> Hypervisor:
        "Bring everything up; takes seconds the first time (libvirt looks at QEMU)."
        for part in ("run", "lib/images", "lib/qemu", "lib/boot", "log", "cache", "etc", "ovs"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        # what libvirt found out about QEMU on this machine before spares ten seconds
        if Path("/var/cache/libvirt/qemu/capabilities").is_dir():
            shutil.copytree("/var/cache/libvirt/qemu", self.root / "cache/qemu", dirs_exist_ok=True)
        shutil.copytree("/etc/libvirt", self.root / "etc", dirs_exist_ok=True)
        shutil.rmtree(self.root / "etc/qemu", ignore_errors=True)
        facts = {
            "uuid": uuid.uuid4(),
            "address": self.address,
            "root": self.root,
            "name": self.name,
        }
        # libvirt refuses to start with a loopback address here
        migration = [f'{n} = "{self.address}"' for n in ("migration_address", "migration_host")]
        facts["migration"] = "" if self.address.startswith("127.") else "\n".join(migration)
        (self.root / "etc/libvirtd.conf").write_text(_LIBVIRTD.format(**facts))
        (self.root / "etc/qemu.conf").write_text(_QEMU.format(**facts))
        self._spawn(
            "holder",
            [
                "unshare",
                "-m",
                "-u",
                "-n",
                "--propagation",
                "private",
                "sh",
                "-ec",
                _ENTER.format(**facts),
            ],
            inside=False,
        )
        self._until(lambda: self.run("true", check=False).returncode == 0 and self._mounted())
        self._start_ovs()
        self._spawn("virtlogd", ["virtlogd", "--pid-file", "/run/libvirt/virtlogd.pid"])
        self.start_libvirtd()
        return self

    def _mounted(self) -> bool:
        # the last of the mounts; until then "inside" may still be the machine itself
        return " /etc/libvirt " in self.run("cat", "/proc/self/mounts", check=False).stdout

    def _start_ovs(self) -> None:
        subprocess.run(
            [
                "ovsdb-tool",
                "create",
                str(self.ovs / "conf.db"),
                "/usr/share/openvswitch/vswitch.ovsschema",
            ],
            check=True,
        )
        self._spawn(
            "ovsdb",
            [
                "ovsdb-server",
                str(self.ovs / "conf.db"),
                f"--remote=punix:{self.ovs}/db.sock",
                f"--log-file={self.ovs}/ovsdb.log",
                "--no-chdir",
            ],
        )
        self._until(lambda: (self.ovs / "db.sock").exists())
        self.vsctl("--no-wait", "init")
        self._spawn(
            "vswitchd",
            [
                "ovs-vswitchd",
                f"unix:{self.ovs}/db.sock",
                f"--log-file={self.ovs}/vswitchd.log",
                "--no-chdir",
            ],
        )
        self.vsctl(
            "--may-exist",
            "add-br",
            "br-int",
            "--",
            "set",
            "bridge",
            "br-int",
            "datapath_type=netdev",
        )

    def start_libvirtd(self) -> None:
        "Start libvirtd (again) and wait until it answers."
        self._spawn(
            "libvirtd",
            [
                "libvirtd",
                "--pid-file",
                "/run/libvirt/libvirtd.pid",
                *([] if self.address.startswith("127.") else ["-l"]),
            ],
        )
        self._until(self._answers, 60)

    def kill_libvirtd(self) -> None:
        "kill -9: guests must not notice."
        self.processes["libvirtd"].send_signal(signal.SIGKILL)
        self.processes["libvirtd"].wait()

    def _answers(self) -> bool:
        try:
            libvirt.open(self.uri).close()
            return True
        except libvirt.libvirtError:
            return False

    def vsctl(self, *argv: str) -> str:
        "ovs-vsctl of this host."
        return self.run(
            "ovs-vsctl", "--timeout=10", f"--db=unix:{self.ovs}/db.sock", *argv
        ).stdout.strip()

    def environment(self) -> dict[str, str]:
        "For programs that talk to this host's switch."
        return {**os.environ, "OVS_RUNDIR": str(self.ovs)}

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        "Run a program inside of the host's namespaces."
        return subprocess.run(
            [*self._enter(), *argv],
            capture_output=True,
            text=True,
            check=check,
            env=self.environment(),
        )

    def _enter(self) -> list[str]:
        return ["nsenter", "-t", str(self.processes["holder"].pid), "-m", "-u", "-n", "--"]

    def _spawn(self, name: str, argv: list[str], inside: bool = True) -> None:
        with open(self.root / f"{name}.out", "ab") as out:
            self.processes[name] = subprocess.Popen(
                [*(self._enter() if inside else []), *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self.environment(),
                start_new_session=True,
            )

    def _until(self, ready: object, timeout_s: float = 30) -> None:
        deadline = time.monotonic() + timeout_s
        while not ready():  # type: ignore[operator]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: not up after {timeout_s} s, see {self.root}")
            time.sleep(0.05)

    def domains(self) -> dict[str, int]:
        "Domains of the host and their libvirt state; one may go between the list and the question."
        found = {}
        connection = libvirt.open(self.uri)
        try:
            for domain in connection.listAllDomains(0):
                try:
                    found[domain.name()] = domain.state()[0]
                except libvirt.libvirtError as error:
                    if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                        raise
        finally:
            connection.close()
        return found

    def clear(self) -> None:
        "No guest and no tap stays for the tests of another module, whatever became of this one's."
        connection = libvirt.open(self.uri)
        try:
            for domain in connection.listAllDomains(0):
                with contextlib.suppress(libvirt.libvirtError):
                    if domain.isActive():
                        domain.destroy()
                    domain.undefineFlags(
                        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
                    )
        finally:
            connection.close()
        for port in self.vsctl("list-ports", "br-int").split():
            if port.startswith("tap"):
                self.vsctl("--if-exists", "del-port", "br-int", port)

    def stop(self) -> None:
        "End guests, daemons and namespaces."
        with contextlib.suppress(libvirt.libvirtError):
            connection = libvirt.open(self.uri)
            for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                domain.destroy()
            connection.close()
        for name in ("libvirtd", "virtlogd", "vswitchd", "ovsdb", "holder"):
            process = self.processes.get(name)
            if process is None:
                continue
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
