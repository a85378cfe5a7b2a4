"Projects and domains."

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from identity.store.models import Project
from identity.views import links


def address() -> str:
    "Below which every project has its address."
    return links.own("projects/")["self"]


def projects(rows: Iterable[Project], tags: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    "Many projects; the tags of each by its id."
    at = address()
    return [project(row, tags.get(row.id) or [], at) for row in rows]


def project(row: Project, tags: list[str], at: str | None = None) -> dict[str, Any]:
    "A project; `at` is the address of all projects, where that is known."
    if at is None:
        at = address()
    shown = {
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id or None,
        "description": row.description or "",
        "enabled": row.enabled,
        "parent_id": row.parent_id,
        "is_domain": row.is_domain,
        "tags": tags,
        "options": row.options,
        "links": {"self": at + row.id},
    }
    return {**row.extra, **shown} if row.extra else shown


def domain(row: Project) -> dict[str, Any]:
    "A domain."
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "description": row.description or "",
        "enabled": row.enabled,
        "tags": [],
        "options": row.options,
        "links": links.own(f"domains/{row.id}"),
    }
