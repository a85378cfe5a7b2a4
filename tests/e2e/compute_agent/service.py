"""The whole compute service on one host: RabbitMQ, API, conductor and agent as processes, libvirt
and Open vSwitch of `hypervisor.py`. Identity is a key, image and network service are stand-ins.

Everything that dies is started again, as a supervisor does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import requests
from werkzeug.serving import make_server

from common import db
from compute.agent.drivers.libvirt.domain import domain_name
from tests.e2e.compute_agent.faulty import Fuse
from tests.e2e.compute_agent.hypervisor import Hypervisor
from tests.fakes.compute_peers import Images, Networks
from tests.support.rabbitmq import Broker, free_port
from tests.support.tokens import KEY, token

ROLES = ("api", "conductor", "agent")


class StoredImages(Images):
    "The image service with the bytes of its images."

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, bytes] = {}
        self.app.add_url_rule(
            "/v2/images/<i>/file", view_func=self._get, methods=["GET"], endpoint="get"
        )

    def _get(self, i: str) -> Any:
        return (self.data[i], 200) if i in self.data else ("no such image", 404)


class Service:
    "Up after `start()`; `stop()` ends everything it started."

    def __init__(self, folder: Path, hypervisor: Hypervisor) -> None:
        self.folder, self.hypervisor = folder, hypervisor
        self.images, self.networks = StoredImages(), Networks()
        self.broker = Broker()
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "fuses").mkdir(parents=True)
        self.fuses = {role: Fuse(folder / "fuses" / role) for role in ROLES}
        self.image = self.network = ""
        self._servers: list[Any] = []
        self._http = requests.Session()
        self._headers = {"OpenStack-API-Version": "compute 2.90"}

    def start(self) -> Service:
        "Everything, until the host has reported."
        self.broker.start()
        database = f"sqlite:///{self.folder}/compute.sqlite"
        db.upgrade("compute", database)
        self._write_settings(database)
        for role in ROLES:
            self.run(role)
        self._headers["X-Auth-Token"] = token(roles=("admin",), expires_in=86400.0)
        self.until(lambda: self.ask("GET", "/os-hypervisors").get("hypervisors"), 60)
        return self

    def _write_settings(self, database: str) -> None:
        urls = {}
        for name, app in (("image", self.images.app), ("network", self.networks.app)):
            server = make_server("127.0.0.1", 0, app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._servers.append(server)
            urls[f"endpoints.{name}"] = f"http://127.0.0.1:{server.port}"
        config = {
            "state_dir": str(self.folder),
            "host": "node",
            "database.url": database,
            "bus.url": self.broker.url,
            "conductor.reconcile_s": 1,
            "conductor.resend_s": 2,
            "conductor.purge_s": 1,
            "scheduler.reserved_memory_mib": 0,
            "scheduler.cpu_allocation_ratio": 64.0,
            **urls,
        }
        agent = {
            "agent.report_interval_s": 1,
            "libvirt.uri": self.hypervisor.uri,
            "libvirt.virt_type": "qemu",
            "libvirt.shutdown_timeout_s": 0,
        }
        known = {
            "config": config,
            "agent": agent,
            "fuses": str(self.folder / "fuses"),
            "token_key": KEY.public_key().public_bytes_raw().hex(),
        }
        (self.folder / "settings.json").write_text(json.dumps(known))

    def run(self, role: str) -> None:
        "Start a process of the service."
        module = "tests.e2e.compute_agent.faulty"
        command = [sys.executable, "-m", module, role]
        if role == "api":
            where = ["127.0.0.1", str(self.port), "1", "8"]
            command = [sys.executable, "-m", "common.server", f"{module}:application", *where]
        with open(self.folder / f"{role}.log", "ab") as log:
            self.processes[role] = subprocess.Popen(
                command,
                env={
                    **self.hypervisor.environment(),
                    "TEST_COMPUTE": str(self.folder / "settings.json"),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def pid(self, victim: str) -> int:
        "What `Fuse.arm` takes to kill `victim`: 0 for a process with a fuse of its own."
        if victim == "rabbitmq":
            assert self.broker._server is not None
            return -self.broker._server.pid
        return self.hypervisor.processes["libvirtd"].pid if victim == "libvirtd" else 0

    def heal(self) -> list[str]:
        """Start again what has died; what that was. The API's own server starts its worker again,
        unless it dies twice in a few seconds: then it ends, and supervisor would start it."""
        dead = [r for r in ROLES if self.processes[r].poll() is not None]
        for role in dead:
            said = (self.folder / f"{role}.log").read_text()[-3000:]
            gave_up = role == "api" and said.rstrip().endswith(
                "Worker crash loop detected, exiting"
            )
            assert gave_up or self.processes[role].returncode == -signal.SIGKILL, (
                f"{role} ended by itself: {said}"
            )
            self.run(role)
        if self.broker._server is not None and self.broker._server.poll() is not None:
            self.broker.stop(signal.SIGKILL)
            self.broker.start()
            dead.append("rabbitmq")
        if self.hypervisor.processes["libvirtd"].poll() is not None:
            self.hypervisor.start_libvirtd()
            dead.append("libvirtd")
        return dead

    def until(self, ready: Callable[[], Any], timeout_s: float = 60, what: str = "") -> Any:
        "The first true answer, healing meanwhile."
        deadline = time.monotonic() + timeout_s
        while True:
            self.heal()
            if found := ready():
                return found
            assert time.monotonic() < deadline, f"{what or ready} after {timeout_s} s"
            time.sleep(0.05)

    def try_ask(self, method: str, path: str, body: Any = None) -> requests.Response | None:
        "An answer of the API, None where nobody answers."
        url = f"http://127.0.0.1:{self.port}/v2.1{path}"
        try:
            return self._http.request(method, url, json=body, headers=self._headers, timeout=60)
        except requests.RequestException:
            return None

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        "The JSON of an answer; {} for a 404 and where the API is away."
        answer = self.try_ask(method, path, body)
        if answer is None or answer.status_code in (404, 502, 503):
            return {}
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else {}

    def request(self, name: str) -> dict[str, Any]:
        "A body for POST /servers."
        server = {"name": name, "imageRef": self.image, "flavorRef": "small"}
        return {"server": {**server, "networks": [{"uuid": self.network}]}}

    def server(self, server_id: str) -> dict[str, Any]:
        "GET of a server that must be there."
        found = self.until(lambda: self.ask("GET", f"/servers/{server_id}").get("server"))
        assert isinstance(found, dict)
        return found

    def calm(self, server_id: str, timeout_s: float = 90) -> dict[str, Any]:
        "A server when nothing is being done to it any more; it may be deleted: {}."
        seen: dict[str, Any] = {}

        def settled() -> bool:
            nonlocal seen
            answer = self.try_ask("GET", f"/servers/{server_id}")
            if answer is None or answer.status_code >= 500:
                return False
            seen = answer.json().get("server", {}) if answer.ok else {}
            busy = seen.get("OS-EXT-STS:task_state") is not None or seen.get("status") == "BUILD"
            return not busy and not self.open_jobs(server_id)

        self.until(settled, timeout_s, f"server {server_id} is not calm: {seen}")
        return seen

    def open_jobs(self, server_id: str) -> list[str]:
        "Work that the conductor has not ended."
        from sqlalchemy import text

        database = db.Database(f"sqlite:///{self.folder}/compute.sqlite")
        with database.read() as session:
            rows = session.execute(
                text(
                    "select kind, step, state from jobs"
                    " where server_id = :id and state in ('ready', 'waiting')"
                ),
                {"id": server_id},
            ).all()
        database.dispose()
        return [" ".join(row) for row in rows]

    def told(self, server_id: str) -> list[str]:
        "What the action records say of a server: each order, how it ended and why."
        path = f"/servers/{server_id}/os-instance-actions"
        told = []
        for action in self.ask("GET", path).get("instanceActions", []):
            one = self.ask("GET", f"{path}/{action['request_id']}")
            for event in one.get("instanceAction", {}).get("events", []):
                details = event.get("details") or event.get("traceback") or ""
                told.append(f"{event['event']}: {event['result']} {details}".rstrip())
        return told

    def domains(self) -> dict[str, int]:
        "Domains of the host and their libvirt state."
        return self.hypervisor.domains()

    def domain_vcpus(self, server_id: str) -> int:
        "Processors of a guest as libvirt has them."
        connection = libvirt.open(self.hypervisor.uri)
        try:
            return int(connection.lookupByName(domain_name(server_id)).info()[3])
        finally:
            connection.close()

    def qemu(self, server_id: str) -> int:
        "The process of a guest."
        return int(
            (self.hypervisor.root / "run/qemu" / f"{domain_name(server_id)}.pid").read_text()
        )

    def traces(self, server_id: str) -> list[str]:
        "Whatever anybody still holds of a server that is deleted."
        found = [f"domain {n}" for n in self.domains() if n == domain_name(server_id)]
        instances = self.folder / "compute/instances"
        found += [f"files {p.name}" for p in instances.iterdir() if server_id in p.name]
        ports = [p for p in self.networks.ports.values() if p["device_id"] == server_id]
        found += [f"port {p['id']}" for p in ports]
        taps = self.hypervisor.vsctl("list-ports", "br-int").split()
        known = {f"tap{p['id'][:11]}" for p in self.networks.ports.values()}
        found += [f"tap {t}" for t in taps if t not in known]
        found += [f"job {j}" for j in self.open_jobs(server_id)]
        orders = (self.folder / "compute/jobs").glob("*.json")
        found += [f"order {p.name}" for p in orders if server_id in p.read_text()]
        claims = self.try_ask("GET", f"/../placement/allocations/{server_id}")
        if claims is not None and claims.ok and claims.json().get("allocations"):
            found.append("claim")
        return found

    def stop(self) -> None:
        "End everything."
        for role in ROLES:
            if role in self.processes and self.processes[role].poll() is None:
                self.processes[role].kill()
                self.processes[role].wait()
        self.broker.close()
        for server in self._servers:
            server.shutdown()
            server.server_close()


def new_name() -> str:
    "A name by which a server is found whose creation was cut off."
    return f"walk-{uuid.uuid4().hex[:8]}"


def alive(pid: int) -> bool:
    "Whether a process runs. A zombie does not."
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def cpu_seconds(pid: int) -> float:
    "Processor time that a process and the children it has waited for took."
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
