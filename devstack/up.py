"""`devstack/up`: from nothing, or from anything, to a running cloud with a server in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from common.config import files
from devstack import images, infra, machine, preflight, programs, settings
from devstack.paths import Paths
from devstack.programs import Program
from devstack.progress import Refused, step
from devstack.settings import Settings
from devstack.supervision import Supervisor, fingerprint, write

HEALTH_WAIT_S = 180


def up(paths: Paths) -> None:
    "Everything, in order. Each step leaves alone what is right."
    started = time.monotonic()
    packages = programs.packages()
    ours = programs.services()
    shared = machine.shared_daemons(paths)
    daemons = programs.infrastructure(paths, shared)
    preflight.ports(
        paths,
        [
            (program.name, port)
            for program in [*daemons, *ours]
            for port in {program.port, program.health}
            if port and program.name != "epmd"
        ],
    )
    found = configure(paths, packages, shared)
    keeper = Supervisor(paths)
    with step("Supervisor") as shown:
        shown.result = supervise(keeper, found, daemons, ours)
    raise_infrastructure(keeper, found, daemons)
    migrate(found, packages)
    with step("Services") as shown:
        keeper.start(["identity"])
        wait_healthy(keeper, [program for program in ours if program.name == "identity"])
        keeper.start(program.name for program in ours)
        wait_healthy(keeper, ours)
        shown.result = f"{len(ours)} processes answer"
    from devstack import card, seed

    result = seed.everything(found, images.path_of(paths, "tiny"))
    card.show(found, result, time.monotonic() - started)


def configure(paths: Paths, packages: list[str], shared: programs.Shared) -> Settings:
    "Secrets and files; the machine's facts that go into them."
    with step("Configuration") as shown:
        for folder in (paths.etc, paths.state, paths.log, paths.run):
            folder.mkdir(parents=True, exist_ok=True)
        route = machine.default_route()
        address = os.environ.get("ALTOSTRATUS_ADDRESS") or (route[1] if route else "127.0.0.1")
        netdev = not machine.kernel_datapath()
        found = settings.make(paths, packages, address=address, shared=shared, netdev=netdev)
        infra.folders(found)
        settings.write(found, packages)
        if not shared.rabbitmq:
            settings.rabbitmq_files(found)
        if not shared.libvirt:
            settings.libvirt_files(found)
        used = [name for name, there in vars(shared).items() if there]
        shown.result = f"{paths.etc}; {'userspace' if netdev else 'kernel'} datapath" + (
            f"; uses the machine's {', '.join(used)}" if used else ""
        )
    return found


def supervise(
    keeper: Supervisor, found: Settings, daemons: list[Program], ours: list[Program]
) -> str:
    "Bring supervisor to this table of programs; what it had to do."
    extra = {program.name: {"ALTOSTRATUS_BUILD": build_of(found, program)} for program in ours}
    extra["edge"] = infra.edge_environment()
    write(found.paths, [*daemons, *ours], extra)
    if not keeper.alive():
        end_orphans(found.paths)
        keeper.start_daemon()
        return "started"
    changed = keeper.reload()
    return f"restarts {', '.join(changed)}" if changed else "runs"


def build_of(found: Settings, program: Program) -> str:
    """Changes with the code and the configuration of a process, so that it is restarted when it
    should be."""
    read = [
        (path.name, path.stat().st_mtime_ns) for path in files(found.paths.etc, program.package)
    ]
    parts = [fingerprint(program.package), hashlib.sha256(repr(read).encode()).hexdigest()[:16]]
    return "+".join(parts)


def end_orphans(paths: Paths) -> None:
    "Processes that an earlier supervisor of this cloud left behind when it was killed."
    from devstack.down import end_marked

    end_marked(paths)


def raise_infrastructure(keeper: Supervisor, found: Settings, daemons: list[Program]) -> None:
    "Start what runs below us and wait for each part."
    keeper.start(program.name for program in sorted(daemons, key=lambda program: program.priority))
    with step("Message queue") as shown:
        if found.shared.rabbitmq:
            infra.ensure_bus_account(found)
        infra.wait_bus(found)
        shown.result = "the machine's RabbitMQ" if found.shared.rabbitmq else "RabbitMQ"
    with step("Network") as shown:
        infra.wire_switch(found)
        infra.wait_network(found)
        shown.result = infra.translate_addresses()
    with step("Hypervisor") as shown:
        infra.wait_libvirt()
        shown.result = (
            infra.call("virsh", "-q", "-c", "qemu:///system", "version").splitlines()[-1].strip()
        )


def migrate(found: Settings, packages: list[str]) -> None:
    "Databases to this version, then roles, users and catalog."
    with step("Databases") as shown:
        wanted = [name for name in packages if name != "dashboard"]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: service_command(found, name, "db", "upgrade"), wanted))
        shown.result = ", ".join(wanted)
    with step("Users and catalog"):
        service_command(
            found, "identity", "bootstrap", "--file", str(found.paths.etc / "bootstrap.json")
        )


def service_command(found: Settings, package: str, *arguments: str) -> str:
    """Run `python -m PACKAGE ...` with this cloud's configuration; its output. Raises Refused
    with its last lines."""
    done = subprocess.run(
        [sys.executable, "-m", package, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **found.paths.environment()},
        cwd=found.paths.state,
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise Refused(f"python -m {package} {' '.join(arguments)} failed:\n{tail}")
    return done.stdout


def healthy(program: Program) -> str:
    "Empty when the process says that it is well; else what is wrong."
    if not program.health:
        return ""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{program.health}/healthcheck", timeout=3
        ) as answer:
            return "" if answer.status == 200 else f"status {answer.status}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(200).decode(errors='replace').strip()}"
    except OSError as error:
        return f"no answer ({getattr(error, 'reason', error)})"


def wait_healthy(keeper: Supervisor, wanted: list[Program]) -> None:
    "Until all of them answer. Raises Refused naming those that do not, with the end of their logs."
    deadline = time.monotonic() + HEALTH_WAIT_S
    while True:
        states = keeper.states()
        wrong = {}
        for program in wanted:
            state = states[program.name]["statename"]
            trouble = healthy(program) if state == "RUNNING" else state
            if trouble:
                wrong[program.name] = trouble
        if not wrong:
            return
        if time.monotonic() > deadline:
            raise Refused(
                "\n".join(f"{name}: {why}\n{keeper.tail(name)}" for name, why in wrong.items())
            )
        time.sleep(0.3)
