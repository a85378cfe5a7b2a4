"""The narrow border to OVN: rows as we want them, and who keeps them.

A `Row` names its parents (the rows whose column refers to it), so that a port or an address
translation can be changed without
reading its switch or router. `ovn.Ovn` keeps them in a real northbound database, the tests'
stand-in in a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Key = tuple[str, str]
"""(table, our name for the row)"""
Parent = tuple[str, str, str]
"""(table, our name, column) of a row that refers to this one."""


@dataclass(frozen=True)
class Row:
    """One northbound row. `scope` is what it was computed from ("port:ID"): all rows of a scope
    are computed, compared and applied
    together. Column values: text, numbers, booleans, lists (sets), dicts (maps). `refs` are
    columns that refer to another row of ours."""

    table: str
    key: str
    scope: str
    columns: Mapping[str, Any]
    parents: tuple[Parent, ...] = ()
    refs: Mapping[str, Key | None] = field(default_factory=dict)

    @property
    def id(self) -> Key:
        "(table, key)"
        return self.table, self.key


@dataclass(frozen=True)
class Change:
    """What is to be done to one row: create, update (only `columns`, `refs`) or delete, and its
    parents."""

    kind: str
    row: Row
    columns: Mapping[str, Any] = field(default_factory=dict)
    refs: Mapping[str, Key | None] = field(default_factory=dict)
    join: tuple[Parent, ...] = ()
    leave: tuple[Parent, ...] = ()

    def __str__(self) -> str:
        what = sorted([*self.columns, *self.refs]) if self.kind == "update" else []
        more = [f"+{t}.{c}" for t, _, c in self.join] + [f"-{t}.{c}" for t, _, c in self.leave]
        return " ".join(
            [
                self.kind,
                self.row.table,
                self.row.key,
                *what,
                *(more if self.kind == "update" else []),
            ]
        )


@dataclass(frozen=True)
class Chassis:
    "A node that runs OVN's controller."

    name: str
    hostname: str
    bridge_mappings: Mapping[str, str]
    datapath_type: str = "system"
    alive: bool = True
    is_gateway: bool = False
    seen_at: float = 0.0
    description: str = ""


class Northbound(Protocol):
    "OVN, as far as this service knows it."

    def actual(self, scopes: set[str] | None) -> Iterable[Row]:
        "Our rows as they are: of some scopes, or all, with their real parents."
        ...

    def apply(self, changes: Iterable[Change]) -> None:
        "All changes in one transaction. Raises common.errors.Unavailable."
        ...

    def is_writer(self) -> bool:
        "Whether this process holds the lock that lets it write: one of all API processes does."
        ...

    def ports_up(self) -> Mapping[str, bool]:
        "For each of our logical ports whether it is bound and its flows are in place."
        ...

    def watch(self, on_port: Callable[[str, bool], None], on_doubt: Callable[[], None]) -> None:
        """Have these called when a port goes up or down, and when everything is to be compared: a
        node came or went, or the database is back after it was away."""
        ...

    def chassis(self) -> list[Chassis]:
        "The nodes."
        ...

    def describe_chassis(self, name: str, description: str) -> None:
        "Note what an operator says of a node. Raises common.errors.Unavailable."
        ...

    def forget_chassis(self, name: str) -> None:
        "Remove a node that will not come back. Raises common.errors.Unavailable."
        ...

    def datapath_of(self, host: str) -> str:
        '"netdev" for a node with the userspace datapath, "system" for one with the kernel\'s.'
        ...

    def beat(self) -> None:
        "Ask every node for a sign of life."
        ...

    def close(self) -> None:
        "Disconnect."
        ...
