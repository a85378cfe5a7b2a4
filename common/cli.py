"""The command line that every service has: `python -m SERVICE api`, `db upgrade`, `config sample`;
services add their own.

cli = Cli("image", config)          # the service's config module
@cli.command("purge", "Forget deleted images.")
def purge(config, arguments): ...
cli.main()
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from common import log


class Cli:
    "Commands of one service. `config_module` has OPTIONS and load()."

    def __init__(self, service: str, config_module: Any, app: str | None = None) -> None:
        self.service, self.config_module = service, config_module
        self.parser = argparse.ArgumentParser(prog=f"python -m {service}")
        self._commands = self.parser.add_subparsers(
            dest="command", required=True, metavar="COMMAND"
        )
        self.command("api", "Serve the API.")(
            lambda config, _: self._serve(config, app or f"{service}.app:application")
        )
        database = self.command(
            "db",
            "upgrade: bring the database to this version; check: is it?",
            lambda p: p.add_argument("action", choices=["upgrade", "check"]),
        )
        database(self._database)
        self.command(
            "config",
            "Print every option with its help and default.",
            lambda p: p.add_argument("action", choices=["sample"]),
        )(self._sample)

    def command(
        self,
        name: str,
        help_text: str,
        arguments: Callable[[argparse.ArgumentParser], Any] | None = None,
    ) -> Callable[[Any], Any]:
        """Add a command: the decorated function gets (config, arguments) and may return an exit
        code."""
        sub = self._commands.add_parser(name, help=help_text, description=help_text)
        if arguments:
            arguments(sub)

        def add(function: Any) -> Any:
            sub.set_defaults(run=function)
            return function

        return add

    def main(self, argv: list[str] | None = None) -> None:
        "Run the command that the arguments name and exit with its code."
        arguments = self.parser.parse_args(argv)
        config = self.config_module.load()
        log.setup(debug=config.debug, log_format=config.log_format)
        sys.exit(arguments.run(config, arguments) or 0)

    def _serve(self, config: Any, target: str) -> None:
        from common.service import serve_api

        serve_api(config, target)

    def _database(self, config: Any, arguments: argparse.Namespace) -> int:
        from common import db

        if arguments.action == "upgrade":
            db.upgrade(self.service, config.database.url)
            return 0
        return 0 if db.current_is_head(self.service, config.database.url) else 1

    def _sample(self, config: Any, arguments: argparse.Namespace) -> None:
        from common.config import sample

        print(sample(self.service, self.config_module.OPTIONS), end="")
