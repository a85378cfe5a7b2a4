"""python -m image {api | db upgrade | check | config sample}"""

from common.cli import Cli
from image import config

cli = Cli("image", config)


@cli.command("check", "List data in the stores that nobody owns; exit 1 if there is any.")
def check(conf, arguments):
    "Strays are data that no row knows."
    from image.app import make_deps
    from image.core import sweep

    found = sweep.strays(make_deps(conf))
    for store, keys in found.items():
        for key in keys:
            print(store, key)
    return 1 if found else 0


@cli.command("metadefs", "Load the standard metadata definitions that are not there yet.")
def metadefs(conf, arguments):
    "After an upgrade that brought new ones, say."
    from image.app import make_deps
    from image.core.catalogue import NAMESPACES
    from image.core.metadefs import load

    print(f"{load(make_deps(conf), NAMESPACES)} namespaces added")


if __name__ == "__main__":
    cli.main()
