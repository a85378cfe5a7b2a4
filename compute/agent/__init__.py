"""The node daemon: makes servers real on one host, by order of the conductor, without a database
or any password.

`python -m compute agent` runs `main(config)`. An order is journaled on disk before it is answered,
carried out by a driver (`drivers/libvirt` or `drivers/fake.py`) and ends in exactly one report,
whatever is killed in between. State: `state_dir/compute/{jobs,instances,images}`."""

from typing import Any


def main(config: Any) -> None:
    "Run the agent until SIGTERM."
    from compute.agent.server import run

    run(config)
