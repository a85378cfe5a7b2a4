"""The commands of identity: api, db upgrade, bootstrap, import-keystone, keys rotate, credentials
rotate."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from common.cli import Cli
from identity import config as identity_config

cli = Cli("identity", identity_config)


def _bootstrap_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password",
        default=os.environ.get("OS_BOOTSTRAP_PASSWORD"),
        help="password of the administrator; "
        "OS_BOOTSTRAP_PASSWORD keeps it out of the process list",
    )
    parser.add_argument("--username", default="admin")
    parser.add_argument("--project", default="admin")
    parser.add_argument("--region", default=None)
    parser.add_argument("--public-url", default=None, help="with /v3")
    parser.add_argument("--internal-url", default=None)
    parser.add_argument("--admin-url", default=None)
    parser.add_argument(
        "--file",
        default=None,
        help="JSON of more to make sure of: users, projects, grants, services; - is stdin",
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="bring the database to this version first"
    )


@cli.command(
    "bootstrap",
    "Make sure of the domain, roles, administrator and catalog that a cloud begins with.",
    _bootstrap_arguments,
)
def bootstrap(config: Any, arguments: argparse.Namespace) -> int:
    from identity.app import make_deps
    from identity.core import bootstrap as core

    if arguments.upgrade:
        from common import db

        db.upgrade("identity", config.database.url)
    plan = core.plan(arguments, config)
    core.run(make_deps(config), plan)
    return 0


@cli.command(
    "keys",
    "rotate: sign with the next key; list: show the keys.",
    lambda p: p.add_argument("action", choices=["rotate", "list"]),
)
def keys(config: Any, arguments: argparse.Namespace) -> None:
    from identity.app import make_deps

    ring = make_deps(config).keys
    if arguments.action == "rotate":
        print(f"signing with {ring.rotate()}")
        return
    for key_id in ring.public:
        print(key_id, "current" if key_id == ring.signer.key_id else "")


@cli.command(
    "credentials",
    "rotate: encrypt all credentials with a new key.",
    lambda p: p.add_argument("action", choices=["rotate"]),
)
def credentials(config: Any, arguments: argparse.Namespace) -> None:
    from identity.app import make_deps
    from identity.core import credentials as core

    print(f"{core.rotate(make_deps(config))} credentials encrypted anew")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        help="URL of Keystone's database (mysql+pymysql://, postgresql+psycopg://, sqlite:///), or "
        "a dump of it by mysqldump, pg_dump or SQLite's .dump",
    )
    parser.add_argument(
        "--credential-keys",
        type=Path,
        default=None,
        help="Keystone's [credential] key_repository; without it credentials stay behind",
    )


@cli.command(
    "import-keystone",
    "Take over a Keystone: users with their passwords, projects, roles, assignments, catalog.",
    _import_arguments,
)
def import_keystone(config: Any, arguments: argparse.Namespace) -> int:
    from common.errors import Error
    from identity.app import make_deps
    from identity.core import keystone_import

    try:
        report = keystone_import.run(make_deps(config), arguments.source, arguments.credential_keys)
    except (Error, ValueError, OSError) as error:
        print(f"nothing imported: {error}", file=sys.stderr)
        return 1
    for noun, count in report.items():
        print(f"{count} {noun}")
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    cli.main()
