"""python -m network {api | db upgrade | sync [--check] | metadata-agent | config sample}"""

from typing import Any

from common.cli import Cli
from network import config

cli = Cli("network", config)


@cli.command(
    "sync",
    "Bring OVN's northbound database to what the tables say, and print the differences.",
    lambda p: p.add_argument(
        "--check", action="store_true", help="only print them; exit 1 if there are any"
    ),
)
def sync(conf: Any, arguments: Any) -> int:
    "A full comparison, once."
    from network.ovn.connect import compare

    changes = compare(conf, apply=not arguments.check)
    for change in changes:
        print(change)
    return 1 if changes and arguments.check else 0


@cli.command("metadata-agent", "Serve this node's guests the metadata address.")
def metadata_agent(conf: Any, arguments: Any) -> None:
    "Runs until SIGTERM."
    from network.agent.metadata import run

    run(conf)


if __name__ == "__main__":
    cli.main()
