"""The first half of every command, with nothing but the standard library of /usr/bin/python3.

Refuses what cannot work, installs Debian packages and the virtual environment for the commands
that need them, enters the namespaces of an instance, and becomes `python -m devstack COMMAND`
there.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devstack import environment, namespaces, packages, preflight  # noqa: E402
from devstack.paths import BadInstance, Paths  # noqa: E402
from devstack.progress import Refused, step  # noqa: E402

COMMANDS = {
    "up": "start or repair the cloud",
    "down": "stop everything; --purge: and remove every trace",
    "status": "processes, memory, health",
    "test": "install what the tests need and run them all, or the suites that are named",
    "logs": "NAME [-f] [-n LINES]: the log of a process",
    "restart": "NAME...: restart processes",
    "image": "tiny | debian: build a guest image, and give it to the cloud when it runs",
    "run": "COMMAND: run a command inside the cloud of an instance",
}
_RUN = "run"


def main(argv: list[str]) -> None:
    """Prepare what the command needs, then become it. Exits with 1 and a sentence when that
    cannot be."""
    if not argv or argv[0] not in COMMANDS:
        sys.exit(f"usage: devstack/{{{','.join(COMMANDS)}}}")
    command, rest = argv[0], _instance_argument(argv[1:])
    if rest[:1] in (["-h"], ["--help"]):
        print(f"devstack/{command} [--instance NAME] ...\n\n{COMMANDS[command]}")
        sys.exit(0)
    try:
        paths = Paths.of()
        inside = os.environ.get(namespaces.INSIDE) == paths.mark
        if command in ("up", "test") and not inside:
            prepare(paths, command)
        if command == "test":
            become(paths, command, rest)
        if command == "image":
            packages.ensure(packages.BASE)
            environment.ensure(paths, ["control", "compute", "devstack"])
            if paths.instance and not inside and namespaces.find_holder(paths):
                environment.run_module(paths, "devstack", ["image", *rest, "--quiet"])
                namespaces.enter(paths, create=False)  # starts this command again, inside
            become(paths, command, rest)
        if command == "up" and not inside:
            _build_image(paths)
        elif not paths.python.exists():
            raise Refused(f"There is no cloud here (no {paths.python}): devstack/up makes one.")
        if paths.instance and not (command == "down" and not inside):
            namespaces.enter(paths, create=command == "up")
        if command == _RUN:
            _run(paths, rest)
        if command == "down" and paths.instance and not inside:
            _down_instance(paths, rest)
        become(paths, command, rest)
    except (Refused, BadInstance) as refusal:
        sys.exit(f"devstack: {refusal}")
    except KeyboardInterrupt:
        sys.exit("devstack: interrupted; run the command again to go on")


def _run(paths: Paths, command: list[str]) -> None:
    """Become a command inside the cloud's namespaces, with the programs of its environment first
    on the path."""
    if not command:
        raise Refused("devstack/run [--instance NAME] COMMAND [ARGUMENTS]")
    path = f"{paths.venv}/bin:{os.environ.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')}"
    try:
        os.execvpe(command[0], command, {**os.environ, **paths.environment(), "PATH": path})
    except FileNotFoundError as absent:
        raise Refused(f"There is no program {command[0]!r}.") from absent


def _down_instance(paths: Paths, rest: list[str]) -> None:
    "`down` inside the namespaces, then the namespaces themselves."
    if namespaces.find_holder(paths):
        child = os.fork()
        if child == 0:
            namespaces.enter(paths, create=False)  # starts this command again, inside
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(os.waitstatus_to_exitcode(status))
    namespaces.remove(paths)
    if "--purge" in rest:
        shutil.rmtree(paths.root, ignore_errors=True)
    sys.exit(0)


def _instance_argument(rest: list[str]) -> list[str]:
    "`--instance NAME` in front of the other arguments is the same as ALTOSTRATUS_INSTANCE=NAME."
    if len(rest) >= 2 and rest[0] == "--instance":
        os.environ["ALTOSTRATUS_INSTANCE"] = rest[1]
        return rest[2:]
    return rest


def prepare(paths: Paths, command: str) -> None:
    "Debian packages and the virtual environment."
    preflight.machine(paths)
    extras = ["control", "compute", "dashboard", "devstack"]
    wanted = packages.BASE + packages.CLOUD
    if command == "test":
        extras.append("test")
        wanted = wanted + packages.TEST
    packages.ensure(wanted)
    environment.ensure(paths, extras)


def _build_image(paths: Paths) -> None:
    "Outside any namespace, because it downloads packages; cheap when the image is there already."
    with step("Guest image") as shown:
        shown.result = environment.run_module(paths, "devstack", ["image", "tiny", "--quiet"])


def become(paths: Paths, command: str, rest: list[str]) -> None:
    "Replace this process by the command's own in the virtual environment."
    found = {**os.environ, **paths.environment()}
    os.execve(str(paths.python), [str(paths.python), "-m", "devstack", command, *rest], found)


if __name__ == "__main__":
    main(sys.argv[1:])
