"""OVN on two hosts, each a network namespace with an Open vSwitch of its own (userspace datapath)
and an OVN controller, joined by Geneve; and an outside world that both reach by `br-ex`.

Databases are reached by Unix sockets, so nothing of this is in the machine's own network.
"""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tests.e2e.network.namespaces import Namespace, cable, run, until

OUTSIDE_V4, OUTSIDE_V6 = "172.24.4.1", "2001:db8:24::1"
_SCHEMAS = {
    "nb": "/usr/share/ovn/ovn-nb.ovsschema",
    "sb": "/usr/share/ovn/ovn-sb.ovsschema",
    "ovs": "/usr/share/openvswitch/vswitch.ovsschema",
}


class Daemon:
    "A program in the foreground, a child of the tests, that can be ended and started again."

    def __init__(self, name: str, command: list[str], folder: Path, **environ: str) -> None:
        self.name, self.command = name, command
        self.log = folder / f"{name}.out"
        self.environ = {**os.environ, **environ}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, cwd: Path | None = None) -> Daemon:
        "Start it."
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environ, stdout=log, stderr=log, cwd=cwd
            )
        return self

    def end(self, number: int = signal.SIGTERM) -> None:
        "Send it a signal and wait until it is gone."
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
            self.process = None


class Host:
    "One node: Open vSwitch and an OVN controller in a namespace."

    def __init__(self, fabric: Fabric, name: str, address: str) -> None:
        self.fabric, self.name, self.address = fabric, name, address
        self.space = Namespace(f"{fabric.mark}-{name}")
        self.folder = fabric.folder / name
        self.folder.mkdir()
        self.ovs = f"unix:{self.folder}/db.sock"
        environ = {"OVS_RUNDIR": str(self.folder), "OVN_RUNDIR": str(self.folder)}
        run("ovsdb-tool", "create", str(self.folder / "conf.db"), _SCHEMAS["ovs"])

        def daemon(program: str, *arguments: str) -> Daemon:
            command = self.space.enter(program, *arguments)
            return Daemon(program, command, self.folder, **environ)

        def control(name: str) -> str:
            return f"--unixctl={self.folder}/{name}.ctl"

        database = str(self.folder / "conf.db")
        remote = f"--remote=p{self.ovs}"
        self.database = daemon("ovsdb-server", database, remote, control("ovsdb"))
        self.switch = daemon("ovs-vswitchd", self.ovs, "--disable-system", control("switch"))
        self.controller = daemon("ovn-controller", self.ovs)

    def vsctl(self, *arguments: str) -> str:
        "ovs-vsctl, which waits for the switch unless told not to."
        return run("ovs-vsctl", f"--db={self.ovs}", "--timeout=20", *arguments).strip()

    def start(self) -> None:
        "Everything but the controller, whose remote has to be there."
        self.database.start()
        until(lambda: (self.folder / "db.sock").exists(), "no database")
        self.vsctl("--no-wait", "init")
        self.switch.start()
        ids = {
            "system-id": self.name,
            "hostname": f"host-{self.name}",
            "ovn-remote": self.fabric.sb,
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": self.address,
            "ovn-bridge": "br-int",
            "ovn-bridge-datapath-type": "netdev",
            "ovn-bridge-mappings": "public:br-ex",
            "ovn-cms-options": "enable-chassis-as-gw",
        }
        sets = [f'external-ids:{key}="{value}"' for key, value in ids.items()]
        self.vsctl("set", "open", ".", *sets)
        # ovn-controller makes br-int too, but 23.03 crashes now and then when it appears under it.
        for bridge in ("br-int", "br-phy", "br-ex"):
            self.vsctl("add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev")
        self.vsctl("set", "bridge", "br-int", "fail_mode=secure")

    def connect(self) -> None:
        "Underlay and outside: the cables are there."
        self.vsctl("add-port", "br-phy", "underlay", "--", "add-port", "br-ex", "uplink")
        self.space.ip("addr", "add", f"{self.address}/24", "dev", "br-phy")
        self.space.ip("link", "set", "br-phy", "up", "mtu", "1500")

    def plug(self, tap: str, port_id: str) -> None:
        "What the compute agent does with a guest's interface."
        self.vsctl(
            *("--may-exist", "add-port", "br-int", tap, "--"),
            *("set", "interface", tap, f"external_ids:iface-id={port_id}"),
        )

    def unplug(self, tap: str) -> None:
        "The guest's interface goes."
        self.vsctl("--if-exists", "del-port", "br-int", tap)

    def stop(self) -> None:
        "End all, delete the namespace."
        for daemon in (self.controller, self.switch, self.database):
            daemon.end()
        self.space.remove()


class Fabric:
    "Two hosts, OVN's databases and northd, and the outside."

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"ne{uuid.uuid4().hex[:6]}"
        self.central = folder / "central"
        self.central.mkdir()
        self.nb, self.sb = f"unix:{self.central}/nb.sock", f"unix:{self.central}/sb.sock"
        self.northbound, self.southbound = self._database("nb"), self._database("sb")
        self.northd = self._central("ovn-northd", f"--ovnnb-db={self.nb}", f"--ovnsb-db={self.sb}")
        self.hosts: dict[str, Host] = {}
        self.outside: Namespace | None = None

    def _central(self, program: str, *arguments: str, name: str = "") -> Daemon:
        name = name or program
        control = f"--unixctl={self.central}/{name}.ctl"
        environ = {"OVN_RUNDIR": str(self.central), "OVS_RUNDIR": str(self.central)}
        return Daemon(name, [program, *arguments, control], self.central, **environ)

    def _database(self, which: str) -> Daemon:
        path = str(self.central / f"{which}.db")
        run("ovsdb-tool", "create", path, _SCHEMAS[which])
        remote = f"--remote=punix:{self.central}/{which}.sock"
        return self._central("ovsdb-server", path, remote, name=f"ovsdb-{which}")

    def start(self) -> Fabric:
        "All of it; returns when both hosts are registered."
        for daemon in (self.northbound, self.southbound, self.northd):
            daemon.start()
        self.outside = Namespace(f"{self.mark}-out")
        self.outside.ip("link", "add", "world", "type", "bridge")
        for number, name in enumerate("ab", start=1):
            self.hosts[name] = Host(self, name, f"10.77.9.{number}")
        one, two = self.hosts.values()
        cable(one.space, "underlay", two.space, "underlay", mtu=1600)
        for host in self.hosts.values():
            cable(host.space, "uplink", self.outside, f"to-{host.name}")
            self.outside.ip("link", "set", f"to-{host.name}", "master", "world")
            host.start()
            host.connect()
        for address in (f"{OUTSIDE_V4}/24", f"{OUTSIDE_V6}/64"):
            more = ("nodad",) if ":" in address else ()
            self.outside.ip("addr", "add", address, "dev", "world", *more)
        self.outside.exec("ethtool", "-K", "world", "tx", "off")
        self.outside.ip("link", "set", "world", "up")
        for host in self.hosts.values():
            host.controller.start()
            until(lambda name=host.name: name in self.registered(), f"no controller on {host.name}")
        return self

    def renew(self, which: str) -> None:
        "Replace a database, which must not run, by an empty one."
        path = self.central / f"{which}.db"
        path.unlink()
        run("ovsdb-tool", "create", str(path), _SCHEMAS[which])

    def registered(self) -> set[str]:
        "The hosts that the southbound database knows."
        return set(self.sbctl("--bare", "--columns=name", "list", "chassis").split())

    def nbctl(self, *arguments: str) -> str:
        "ovn-nbctl."
        return run("ovn-nbctl", f"--db={self.nb}", "--timeout=20", *arguments)

    def sbctl(self, *arguments: str) -> str:
        "ovn-sbctl."
        return run("ovn-sbctl", f"--db={self.sb}", "--timeout=20", *arguments)

    def settle(self) -> None:
        "Until both hosts have what the northbound database says now."
        run("ovn-nbctl", f"--db={self.nb}", "--timeout=40", "--wait=hv", "sync")

    def stop(self) -> None:
        "End all, delete all."
        for host in self.hosts.values():
            host.stop()
        for daemon in (self.northd, self.southbound, self.northbound):
            daemon.end()
        if self.outside is not None:
            self.outside.remove()

    def __enter__(self) -> Fabric:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()
