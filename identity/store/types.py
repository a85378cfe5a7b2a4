"What core and store both speak of: plain values, no behaviour."

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Filter:
    "A condition on a column; `compare` is equals, not, in, contains, icontains, ..., lt, gte, ..."

    name: str
    compare: str
    value: Any


@dataclass(frozen=True)
class Listing:
    "Which rows of a list, from where, in which order."

    filters: tuple[Filter, ...] = ()
    limit: int | None = None
    marker: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """(column, descending)"""


@dataclass(slots=True)
class Account:
    "What a login needs to know of a user: one row of a join."

    user_id: str
    name: str
    domain_id: str
    domain_name: str
    domain_enabled: bool
    enabled: bool
    options: dict[str, Any]
    default_project_id: str | None
    created_at: datetime.datetime
    last_active_at: datetime.datetime | None
    failed_count: int
    failed_at: datetime.datetime | None
    password_id: int | None = None
    password_hash: str | None = field(default=None, repr=False)
    password_created_at: datetime.datetime | None = None
    password_expires_at: datetime.datetime | None = None
    password_self_service: bool = False


@dataclass(slots=True)
class Target:
    "A project or domain that a token may be scoped to."

    id: str
    name: str
    is_domain: bool
    enabled: bool
    domain_id: str
    domain_name: str
    domain_enabled: bool
    path: str

    @property
    def ancestor_ids(self) -> list[str]:
        "Ids from the domain down to the parent."
        return self.path.strip("/").split("/")[:-1]
