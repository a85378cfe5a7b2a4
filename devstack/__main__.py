"""python -m devstack COMMAND: the second half of every command, inside the virtual environment
and the namespaces."""

from __future__ import annotations

import argparse
import os
import sys

from devstack.paths import Paths
from devstack.progress import Refused


def parser() -> argparse.ArgumentParser:
    "The commands and their arguments."
    top = argparse.ArgumentParser(prog="devstack")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start or repair the cloud")
    down = commands.add_parser("down", help="stop everything")
    down.add_argument("--purge", action="store_true", help="and remove every trace")
    commands.add_parser("status", help="processes, memory, health")
    logs = commands.add_parser("logs", help="the log of one process")
    logs.add_argument("name", nargs="?")
    logs.add_argument("-n", "--lines", type=int, default=100)
    logs.add_argument("-f", "--follow", action="store_true")
    restart = commands.add_parser("restart", help="restart processes")
    restart.add_argument("names", nargs="+", metavar="NAME")
    image = commands.add_parser("image", help="build a guest image and upload it")
    image.add_argument("kind", nargs="?", default="tiny")
    image.add_argument("--quiet", action="store_true")
    test = commands.add_parser("test", help="install what the tests need and run them all")
    test.add_argument("only", nargs="*", help="suites; all without")
    return top


def main(argv: list[str]) -> None:
    "Run one command; exit 1 with a sentence when it cannot be done."
    arguments = parser().parse_args(argv)
    try:
        sys.exit(run(arguments, Paths.of()) or 0)
    except Refused as refusal:
        sys.exit(f"devstack: {refusal}")
    except KeyboardInterrupt:
        sys.exit("devstack: interrupted; run the command again to go on")


def run(arguments: argparse.Namespace, paths: Paths) -> int | None:
    "Dispatch; imports only what the command needs."
    if arguments.command == "up":
        from devstack.up import up

        up(paths)
    elif arguments.command == "down":
        from devstack.down import down

        down(paths, purge=arguments.purge)
    elif arguments.command == "status":
        from devstack.status import status

        return status(paths)
    elif arguments.command == "logs":
        log = paths.log / f"{arguments.name}.log"
        if not arguments.name or not log.exists():
            raise Refused(
                "Logs: " + ", ".join(sorted(path.stem for path in paths.log.glob("*.log")))
            )
        follow = ["-F"] if arguments.follow else []
        os.execvp("tail", ["tail", "-n", str(arguments.lines), *follow, str(log)])
    elif arguments.command == "restart":
        from devstack import programs
        from devstack.supervision import Supervisor
        from devstack.up import wait_healthy

        keeper = Supervisor(paths)
        known = keeper.states() if keeper.alive() else ()
        for name in arguments.names:
            if name not in known:
                raise Refused(f"No process {name!r}: {', '.join(sorted(known)) or 'nothing runs'}")
        for name in arguments.names:
            keeper.restart(name)
        # whoever uses it next, as scripts do, finds it there
        wait_healthy(keeper, [p for p in programs.services() if p.name in arguments.names])
    elif arguments.command == "image":
        from devstack.images import build, offer

        built = build(paths, arguments.kind, quiet=arguments.quiet)
        if not arguments.quiet:
            offer(paths, arguments.kind, built)
    elif arguments.command == "test":
        from devstack.testing import main as run_all

        return run_all(paths, arguments.only)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
