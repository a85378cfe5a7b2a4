"""A Keystone database as a source of rows, and putting rows of its into ours.

Tables and columns are those of Keystone's releases since 2018 (Queens); a table that an older or
newer one does not have is empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, create_engine, insert, inspect, select
from sqlalchemy.orm import Session

from identity.store import keystone_dump
from identity.store.keystone_dump import Row

Tables = dict[str, list[Row]]

TABLES = frozenset(
    (
        "access_rule",
        "application_credential",
        "application_credential_access_rule",
        "application_credential_role",
        "assignment",
        "credential",
        "endpoint",
        "endpoint_group",
        "federated_user",
        "group",
        "id_mapping",
        "implied_role",
        "limit",
        "local_user",
        "nonlocal_user",
        "password",
        "policy",
        "policy_association",
        "project",
        "project_endpoint",
        "project_endpoint_group",
        "project_option",
        "project_tag",
        "region",
        "registered_limit",
        "role",
        "role_option",
        "sensitive_config",
        "service",
        "system_assignment",
        "trust",
        "trust_role",
        "user",
        "user_group_membership",
        "user_option",
        "whitelisted_config",
    )
)
"""What is read; the rest of a Keystone has no place here, or no meaning (tokens)."""


def read(source: str) -> Tables:
    """The rows of a database (`mysql+pymysql://...`, `postgresql+psycopg://...`, `sqlite:///...`)
    or of a dump in a file. Raises ValueError if it is none of Keystone's, OSError."""
    found = _database(source) if "://" in source else _dump(Path(source))
    missing = [name for name in ("user", "local_user", "project", "role") if name not in found]
    if missing:
        raise ValueError(f"this is no Keystone database: it has no table {missing[0]}")
    return {name: found.get(name, []) for name in TABLES}


def _database(url: str) -> Tables:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = {}
            for name in sorted(TABLES & set(inspect(connection).get_table_names())):
                # Only names are wanted: values come as the driver gives them.
                columns = inspect(connection).get_columns(name)
                table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
                query = select(*(table.c[column["name"]] for column in columns))
                found[name] = [dict(row) for row in connection.execute(query).mappings()]
            return found
    finally:
        engine.dispose()


def _dump(path: Path) -> Tables:
    found: Tables = {}
    with path.open(encoding="utf-8", newline="\n") as lines:
        for table, row in keystone_dump.read(lines, TABLES):
            found.setdefault(table, []).append(row)
    return found


def merge(session: Session, model: Any, rows: Iterable[Row]) -> int:
    """Insert the rows whose primary key is not here yet; returns how many. Raises IntegrityError
    if another unique key says no."""
    keys = [column.key for column in inspect(model).primary_key]
    here = {tuple(row) for row in session.execute(select(*(getattr(model, k) for k in keys)))}
    new = {}
    for row in rows:
        key = tuple(row[k] for k in keys)
        if key not in here:
            new[key] = row
    if new:
        session.execute(insert(model), list(new.values()))
    return len(new)


def names(session: Session, model: Any, column: str) -> dict[tuple[str, str], str]:
    "{(domain id, name): id} of all rows; `column` holds the name."
    query = select(model.domain_id, getattr(model, column), model.id)
    return {(domain, name): key for domain, name, key in session.execute(query) if name is not None}


def with_password(session: Session, model: Any) -> set[str]:
    "Ids of the users who have a password."
    return set(session.scalars(select(model.user_id)))
