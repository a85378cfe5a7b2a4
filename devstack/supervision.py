"""supervisor: its configuration from the table of programs, and its answers. Source:
supervisord.org, XML-RPC API."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from devstack.paths import REPO, Paths
from devstack.programs import Program
from devstack.progress import Refused

RUNNING, STARTING, BACKOFF = "RUNNING", "STARTING", "BACKOFF"


def write(paths: Paths, programs: Iterable[Program], extra: dict[str, dict[str, str]]) -> None:
    """Write supervisord.conf. `extra` has more variables for the environment by program name,
    `*` for all; a build fingerprint among them makes supervisor see which programs have
    changed."""
    lines = [
        "[supervisord]",
        f"logfile = {paths.log}/supervisor.log",
        f"pidfile = {paths.run}/supervisor.pid",
        "logfile_maxbytes = 5MB",
        "logfile_backups = 1",
        f"childlogdir = {paths.log}",
        "minfds = 1024",
        f"directory = {paths.state}",
        f"environment = {_environment(paths.environment())}",
        "",
        "[unix_http_server]",
        f"file = {_socket(paths)}",
        "chmod = 0700",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "",
        "[supervisorctl]",
        f"serverurl = unix://{_socket(paths)}",
        "",
    ]
    for program in programs:
        found = {**extra.get("*", {}), **program.environment, **extra.get(program.name, {})}
        lines += [
            f"[program:{program.name}]",
            f"command = {_command(program.command)}",
            f"environment = {_environment(found)}",
            "autostart = false",
            "autorestart = true",
            "startsecs = 1",
            "startretries = 30",
            f"stopwaitsecs = {program.stop_wait_s}",
            "killasgroup = true",
            f"priority = {program.priority}",
            "redirect_stderr = true",
            f"stdout_logfile = {paths.log}/{program.name}.log",
            "stdout_logfile_maxbytes = 20MB",
            "stdout_logfile_backups = 2",
            "",
        ]
    target = paths.etc / "supervisord.conf"
    target.write_text("\n".join(lines))
    target.chmod(0o600)


def _command(words: tuple[str, ...]) -> str:
    quoted = ["'" + word + "'" if re.search(r"[\s\"$;]", word) else word for word in words]
    return " ".join(quoted).replace("%", "%%")


def _environment(found: dict[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(found.items())).replace("%", "%%")


def _socket(paths: Paths) -> Path:
    return paths.run / "supervisor.sock"


class Supervisor:
    "The running supervisor of one cloud."

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    @contextmanager
    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{_socket(self._paths)}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            yield proxy.supervisor
        finally:
            transport.close()

    def alive(self) -> bool:
        "Whether it answers."
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statecode"] >= 0)
        except (OSError, xmlrpc.client.Error):
            return False

    def start_daemon(self) -> None:
        "Start supervisord; it starts nothing by itself. Raises Refused when it does not come up."
        config = self._paths.etc / "supervisord.conf"
        _socket(self._paths).unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._paths.state,
            env={**_plain_environment(), **self._paths.environment()},
        )
        deadline = time.monotonic() + 20
        while not self.alive():
            if done.returncode or time.monotonic() > deadline:
                raise Refused(f"supervisord did not start: {(done.stdout + done.stderr)[-800:]}")
            time.sleep(0.1)

    def reload(self) -> list[str]:
        "Take the new configuration; programs that changed or went are stopped. Their names."
        with self._rpc() as rpc:
            added, changed, removed = rpc.reloadConfig()[0]
            for name in [*changed, *removed]:
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
            for name in [*added, *changed]:
                rpc.addProcessGroup(name)
        return [*changed, *removed]

    def start(self, names: Iterable[str]) -> None:
        "Start those that do not run; does not wait until they work."
        with self._rpc() as rpc:
            for name in names:
                if rpc.getProcessInfo(name)["statename"] not in (RUNNING, STARTING, BACKOFF):
                    rpc.startProcess(name, False)

    def stop(self, names: Iterable[str]) -> None:
        "Stop them, in this order, each after the one before has ended."
        with self._rpc() as rpc:
            for name in names:
                if rpc.getProcessInfo(name)["statename"] in (RUNNING, STARTING, BACKOFF):
                    rpc.stopProcess(name, True)

    def stop_together(self, names: Iterable[str], timeout_s: float = 60) -> None:
        "Stop them all at once; returns when the last has ended."
        with self._rpc() as rpc:
            stopping = [
                name
                for name in names
                if rpc.getProcessInfo(name)["statename"] in (RUNNING, STARTING, BACKOFF)
            ]
            for name in stopping:
                rpc.stopProcess(name, False)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            states = self.states()
            if not any(states[name]["pid"] for name in stopping):
                return
            time.sleep(0.1)

    def states(self) -> dict[str, dict[str, Any]]:
        "name -> supervisor's description of each program: statename, pid, start, spawnerr, ..."
        with self._rpc() as rpc:
            return {info["name"]: info for info in rpc.getAllProcessInfo()}

    def tail(self, name: str, lines: int = 12) -> str:
        "The end of a program's log."
        log = self._paths.log / f"{name}.log"
        return (
            "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
        )

    def restart(self, name: str) -> None:
        "Stop and start one program. Raises Refused with the end of its log when it does not start."
        with self._rpc() as rpc:
            if rpc.getProcessInfo(name)["statename"] in (RUNNING, STARTING, BACKOFF):
                rpc.stopProcess(name, True)
            try:
                rpc.startProcess(name, True)
            except xmlrpc.client.Fault as error:
                raise Refused(f"{name} does not start:\n{self.tail(name)}") from error

    def shutdown(self) -> None:
        "End everything and supervisor itself; returns when it is gone."
        pid = self.pid()
        with self._rpc() as rpc:
            rpc.shutdown()
        deadline = time.monotonic() + 120
        while running(pid) and time.monotonic() < deadline:
            time.sleep(0.1)

    def pid(self) -> int:
        "Process id of supervisord."
        with self._rpc() as rpc:
            return int(rpc.getPID())


def running(pid: int) -> bool:
    "Whether a process lives; a zombie that nobody reaps does not."
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _plain_environment() -> dict[str, str]:
    "What daemons inherit: not the caller's cloud, proxies or editor."
    keep = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "TZ", "ALTOSTRATUS_INSIDE")
        if name in os.environ
    }
    return {
        "HOME": "/root",
        "PYTHONUNBUFFERED": "1",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        **keep,
    }


def fingerprint(package: str, repo: Path = REPO) -> str:
    """Changes when the code that a process of `package` runs has changed: newest time and total
    size of its files."""
    count, size, newest = 0, 0, 0
    for folder in (repo / package, repo / "common"):
        for path in folder.rglob("*"):
            if path.suffix in (".pyc", "") or not path.is_file():
                continue
            stat = path.stat()
            count, size, newest = count + 1, size + stat.st_size, max(newest, stat.st_mtime_ns)
    return f"{count}-{size}-{newest}"
