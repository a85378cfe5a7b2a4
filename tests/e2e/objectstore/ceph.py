"""A Ceph cluster on one host: a monitor, a manager and three OSDs on sparse files, loopback only.
From Debian's packages ceph-mon, ceph-mgr, ceph-osd; no systemd, no device mapper."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import uuid

PROGRAMS = ("ceph-mon", "ceph-mgr", "ceph-osd", "ceph", "ceph-authtool", "monmaptool")
_OSDS = 3
_CONF = """
[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{port}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = {folder}/keyring
run_dir = {folder}/run
admin_socket = {folder}/run/$name.asok
log_file = {folder}/log/$name.log
crash_dir = {folder}/run
osd_pool_default_size = {osds}
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
auth_allow_insecure_global_id_reclaim = false
ms_bind_msgr1 = false
ms_bind_port_min = {low}
ms_bind_port_max = {high}
[mon]
mon_data = {folder}/mon
[mgr]
mgr_data = {folder}/mgr
mgr_initial_modules =
[osd]
osd_data = {folder}/osd.$id
keyring = {folder}/osd.$id/keyring
osd_memory_target = 939524096
bluestore_block_create = true
bluestore_block_size = 4294967296
"""


def missing():
    "The programs that this machine lacks."
    return [name for name in PROGRAMS if not shutil.which(name)]


class Ceph:
    "Use as a context; `conf` is the configuration file, `pool(name)` makes a pool."

    def __init__(self, folder):
        self.folder, self.conf = folder, folder / "ceph.conf"
        self._processes = []

    def __enter__(self):
        try:
            self._make()
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _make(self):
        for name in ("log", "run", "mon", "mgr"):
            (self.folder / name).mkdir()
        port, fsid = _free_port(), uuid.uuid4()
        self.conf.write_text(
            _CONF.format(
                fsid=fsid, folder=self.folder, port=port, osds=_OSDS, low=port + 1, high=port + 200
            )
        )
        keyring = self.folder / "keyring"
        own = ("--gen-key", "-n")
        self._run(
            "ceph-authtool", "--create-keyring", keyring, *own, "mon.", "--cap", "mon", "allow *"
        )
        caps = [x for kind in ("mon", "osd", "mgr") for x in ("--cap", kind, "allow *")]
        self._run("ceph-authtool", keyring, *own, "client.admin", *caps)
        monmap = self.folder / "monmap"
        self._run(
            "monmaptool",
            "--create",
            "--fsid",
            fsid,
            "--addv",
            "a",
            f"[v2:127.0.0.1:{port}]",
            monmap,
        )
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def _start(self):
        self._spawn("ceph-mon", "-i", "a")
        _until(lambda: self._run("ceph", "--connect-timeout", "3", "mon", "stat", check=False))
        got = self.ceph(
            "auth", "get-or-create", "mgr.x", "mon", "allow profile mgr", "osd", "allow *"
        )
        with (self.folder / "keyring").open("a") as file:
            file.write(got)
        self._spawn("ceph-mgr", "-i", "x")
        for number in range(_OSDS):
            self._add_osd(number)
        _until(lambda: f'"num_up_osds":{_OSDS}' in self.ceph("osd", "stat", "-f", "json"))

    def _add_osd(self, number):
        data, unique = self.folder / f"osd.{number}", uuid.uuid4()
        data.mkdir()
        key = self._run("ceph-authtool", "--gen-print-key").strip()
        self.ceph("osd", "new", unique, "-i", "-", given=f'{{"cephx_secret": "{key}"}}')
        self._run(
            "ceph-authtool", "--create-keyring", data / "keyring", "-n", f"osd.{number}",
            "--add-key", key,
        )  # fmt: skip
        self._run("ceph-osd", "-i", number, "--mkfs", "--osd-uuid", unique)
        self._spawn("ceph-osd", "-i", number)

    def pool(self, name):
        "A new pool of that name."
        self.ceph("osd", "pool", "create", name)
        self.ceph("osd", "pool", "application", "enable", name, "altostratus")

    def stop_osd(self, number):
        "kill -9 of one OSD; the cluster serves from the others once it has noticed."
        process = self._processes[2 + number]
        process.kill()
        process.wait()
        self.ceph("osd", "down", number)

    def ceph(self, *arguments, given=None):
        "What `ceph ...` prints."
        return self._run("ceph", *arguments, given=given)

    def _run(self, *command, check=True, given=None):
        done = subprocess.run(
            [*map(str, command)],
            env={**os.environ, "CEPH_CONF": str(self.conf)},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        return done.stdout if done.returncode == 0 else ""

    def _spawn(self, *command):
        log = (self.folder / "log" / "daemons.out").open("ab")
        environment = {**os.environ, "CEPH_CONF": str(self.conf)}
        with log:
            self._processes.append(
                subprocess.Popen(
                    [*map(str, command), "-f"], env=environment, stdout=log, stderr=log
                )
            )

    def _stop(self):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


def _until(ready, seconds=90):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("Ceph did not start")
        time.sleep(0.3)


def _free_port():
    "A port with some hundred above it, below the range of outgoing connections."
    for port in range(14_000, 30_000, 331):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port")
