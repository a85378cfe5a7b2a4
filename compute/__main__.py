"python -m compute {api | conductor | agent | metadata | console | db upgrade | config sample}"

from typing import Any

from common.cli import Cli
from compute import config

cli = Cli("compute", config)


@cli.command("conductor", "Drive the work that requests began.")
def conductor(conf: Any, arguments: Any) -> None:
    "The conductor process."
    from common.bus.events import Events
    from compute.conductor.service import run
    from compute.deps import make_deps

    run(make_deps(conf, events=Events(conf.bus.url)))


@cli.command("metadata", "Serve metadata to guests.")
def metadata(conf: Any, arguments: Any) -> None:
    "The metadata service, on its own port."
    from common.service import serve_api

    for name in ("bind_host", "bind_port", "threads"):
        conf.set_override(name, conf.metadata[name], "api")
    conf.set_override("workers", 1, "api")
    serve_api(conf, "compute.metadata.app:application")


@cli.command("agent", "Run the servers of this host.")
def agent(conf: Any, arguments: Any) -> None:
    "The node daemon."
    from compute.agent.server import run

    run(conf)


@cli.command("console", "Serve consoles to browsers.")
def console(conf: Any, arguments: Any) -> None:
    "The console proxy."
    from compute.console import run

    run(conf)


if __name__ == "__main__":
    cli.main()
