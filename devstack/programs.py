"""Every process of the cloud: ours and the daemons that it stands on. One table; supervisor,
status and tests read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devstack.paths import REPO, Paths

CONTROL, NODE, INFRA = "control", "node", "infra"


@dataclass(frozen=True)
class Program:
    """One process under supervisor. `port` is what it listens on, `health` where GET
    /healthcheck answers."""

    name: str
    command: tuple[str, ...]
    group: str
    port: int = 0
    health: int = 0
    package: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    stop_wait_s: int = 40
    priority: int = 500


_ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
"glibc gives every thread an arena of its own, and keeps what was freed in each."
_FOR_BLOCKS = {"MALLOC_TRIM_THRESHOLD_": "2097152", "MALLOC_MMAP_THRESHOLD_": "4194304"}
"""Data passes through in blocks of up to a MiB, and so does the text of long lists. Blocks that the
allocator gives back to the kernel one by one are cleared and mapped anew for the next: more than
half of the CPU of a download, a quarter of that of a list of a thousand."""
_OF_MANY = {"MALLOC_TRIM_THRESHOLD_": "16777216"}
"Where several send data at once, what each of them frees is what the next one needs: a tenth less."
_DATA = ("image", "objectstore")


def _service(package: str, command: str, group: str, port: int = 0, health: int = 0) -> Program:
    parts = command.split()
    name = package if command == "api" else f"{package}-{parts[0].removesuffix('-agent')}"
    blocks = _FOR_BLOCKS | (_OF_MANY if package in _DATA else {})
    return Program(
        name,
        (sys.executable, "-m", package, *parts),
        group,
        port=port,
        health=health or port,
        package=package,
        environment=_ALLOCATOR | (blocks if command == "api" else {}),
    )


SERVICES = (
    _service("identity", "api", CONTROL, 5000),
    _service("image", "api", CONTROL, 9292),
    _service("objectstore", "api", CONTROL, 8080),
    _service("objectstore", "keeper", CONTROL, health=8081),
    _service("network", "api", CONTROL, 9696),
    _service("compute", "api", CONTROL, 8774),
    _service("compute", "conductor", CONTROL, health=18774),
    _service("compute", "metadata", CONTROL, 8775),
    _service("compute", "console", CONTROL, 6080),
    _service("volume", "api", CONTROL, 8776),
    _service("dashboard", "api", CONTROL, 8088),
    _service("network", "metadata-agent", NODE, health=18696),
    _service("compute", "agent", NODE, health=18775),
)


def services(repo: Path = REPO) -> list[Program]:
    """Our own processes: those whose package is in this checkout, without those that
    $ALTOSTRATUS_WITHOUT names (a comma between two), for a smaller cloud or to run one of
    them in a debugger."""
    without = set(os.environ.get("ALTOSTRATUS_WITHOUT", "").split(","))
    return [
        program
        for program in SERVICES
        if program.name not in without and (repo / program.package / "__main__.py").exists()
    ]


def packages(repo: Path = REPO) -> list[str]:
    "The services of this checkout, identity first."
    return list(dict.fromkeys(program.package for program in services(repo)))


@dataclass(frozen=True)
class Shared:
    "Which daemons of the machine run already and are used as they are."

    rabbitmq: bool = False
    openvswitch: bool = False
    libvirt: bool = False


OVS_RUN = Path("/run/openvswitch")
"libvirt and OVN look for Open vSwitch here and nowhere else."


def infrastructure(paths: Paths, shared: Shared) -> list[Program]:
    "The daemons that we start ourselves, in the order in which they need each other."
    wanted: list[Program] = []
    adders: list[tuple[bool, Callable[[Paths], list[Program]]]] = [
        (shared.rabbitmq, _rabbitmq),
        (shared.openvswitch, _openvswitch),
        (False, _ovn),
        (shared.libvirt, _libvirt),
    ]
    for there, programs_of in adders:
        if not there:
            wanted += programs_of(paths)
    return wanted


def _rabbitmq(paths: Paths) -> list[Program]:
    base = paths.state / "rabbitmq"
    found = {
        "HOME": str(base),
        "RABBITMQ_NODENAME": "altostratus@localhost",
        "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_LOG_BASE": str(paths.log),
        "RABBITMQ_CONFIG_FILE": str(paths.etc / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(paths.etc / "rabbitmq-plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(paths.etc / "rabbitmq-env.conf"),
        "RABBITMQ_PID_FILE": str(paths.run / "rabbitmq.pid"),
        "RABBITMQ_DIST_PORT": "25672",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # Idle schedulers sleep instead of spinning: this machine has other work.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2 +A 8"
        ),
    }
    return [
        Program("epmd", ("epmd", "-address", "127.0.0.1"), INFRA, port=4369, priority=10),
        Program(
            "rabbitmq",
            ("/usr/lib/rabbitmq/bin/rabbitmq-server",),
            INFRA,
            port=5672,
            environment=found,
            priority=20,
            stop_wait_s=60,
        ),
    ]


def _openvswitch(paths: Paths) -> list[Program]:
    log = ("-vconsole:info", "-vsyslog:off", "-vfile:off")
    database = paths.state / "openvswitch/conf.db"
    return [
        Program(
            "ovsdb-server",
            (
                "ovsdb-server",
                str(database),
                f"--remote=punix:{OVS_RUN}/db.sock",
                f"--pidfile={OVS_RUN}/ovsdb-server.pid",
                f"--unixctl={OVS_RUN}/ovsdb-server.ctl",
                "--no-chdir",
                *log,
            ),
            INFRA,
            priority=10,
        ),
        Program(
            "ovs-vswitchd",
            (
                "ovs-vswitchd",
                f"unix:{OVS_RUN}/db.sock",
                f"--pidfile={OVS_RUN}/ovs-vswitchd.pid",
                "--no-chdir",
                *log,
            ),
            INFRA,
            priority=20,
        ),
    ]


def _ovn(paths: Paths) -> list[Program]:
    log = ("-vconsole:info", "-vsyslog:off", "-vfile:off")
    run, data = paths.run / "ovn", paths.state / "ovn"
    found = {"OVN_RUNDIR": str(run), "OVS_RUNDIR": str(OVS_RUN)}

    def database(name: str) -> Program:
        return Program(
            f"ovn-{name}",
            (
                "ovsdb-server",
                str(data / f"{name}.db"),
                f"--remote=punix:{run}/ovn{name}_db.sock",
                f"--pidfile={run}/ovn{name}.pid",
                f"--unixctl={run}/ovn{name}.ctl",
                "--no-chdir",
                *log,
            ),
            INFRA,
            environment=found,
            priority=10,
        )

    northd = (
        "ovn-northd",
        f"--ovnnb-db=unix:{run}/ovnnb_db.sock",
        f"--ovnsb-db=unix:{run}/ovnsb_db.sock",
        f"--pidfile={run}/ovn-northd.pid",
        f"--unixctl={run}/ovn-northd.ctl",
        "--no-chdir",
        *log,
    )
    controller = (
        "ovn-controller",
        f"unix:{OVS_RUN}/db.sock",
        f"--pidfile={run}/ovn-controller.pid",
        "--no-chdir",
        *log,
    )
    return [
        database("nb"),
        database("sb"),
        Program("ovn-northd", northd, INFRA, environment=found, priority=30),
        Program("ovn-controller", controller, INFRA, environment=found, priority=30),
        Program("edge", ("/bin/sh", str(REPO / "devstack/edge.sh")), INFRA, priority=40),
    ]


def _libvirt(paths: Paths) -> list[Program]:
    own = str(paths.etc / "libvirt")
    # /etc/libvirt stays as it is: the daemons see ours, in a mount namespace.
    inside = (
        "unshare",
        "--mount",
        "--propagation",
        "slave",
        "sh",
        "-c",
        'mount --bind "$0" /etc/libvirt && exec "$@"',
        own,
    )
    return [
        Program(
            "virtlogd",
            (*inside, "virtlogd", "--pid-file", "/run/libvirt/virtlogd.pid"),
            INFRA,
            priority=20,
        ),
        Program(
            "libvirtd",
            (*inside, "libvirtd", "--pid-file", "/run/libvirt/libvirtd.pid"),
            INFRA,
            priority=30,
        ),
    ]
