"""python -m objectstore {api | keeper | db upgrade | config sample}"""

from common.cli import Cli
from objectstore import config

cli = Cli("objectstore", config)


@cli.command("keeper", "Replicate, audit, expire and synchronise objects.")
def keeper(conf, arguments):
    from objectstore.keeper import run

    return run(conf)


cli.main()
