"What the JSON of nearly every resource has."

from __future__ import annotations

import datetime
from typing import Any


def time(value: datetime.datetime | None) -> str | None:
    "A time as Neutron prints it: UTC, whole seconds, Z."
    return value.isoformat(timespec="seconds")[:19] + "Z" if value else None


def standard(row: Any) -> dict[str, Any]:
    "id, project, description, times, revision, tags."
    return {
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "description": row.description,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
        "revision_number": row.revision,
        "tags": row.tags or [],
    }


def named(row: Any) -> dict[str, Any]:
    "The standard attributes and a name."
    return {**standard(row), "name": row.name}
