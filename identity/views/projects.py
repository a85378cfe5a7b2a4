"Projects and domains."

from __future__ import annotations

from typing import Any

from identity.store.models import Project
from identity.views import links


def project(row: Project, tags: list[str]) -> dict[str, Any]:
    "A project."
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id or None,
        "description": row.description or "",
        "enabled": row.enabled,
        "parent_id": row.parent_id,
        "is_domain": row.is_domain,
        "tags": tags,
        "options": row.options,
        "links": links.own(f"projects/{row.id}"),
    }


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
