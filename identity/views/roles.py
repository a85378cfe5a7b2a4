"Roles and implications."

from __future__ import annotations

from typing import Any

from identity.store.models import Role
from identity.views import links


def role(row: Role) -> dict[str, Any]:
    "A role."
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id or None,
        "description": row.description,
        "options": row.options,
        "links": links.own(f"roles/{row.id}"),
    }


def short(row: Role) -> dict[str, Any]:
    "A role inside an implication."
    return {
        "id": row.id,
        "name": row.name,
        "links": links.own(f"roles/{row.id}"),
        **({"domain_id": row.domain_id} if row.domain_id else {}),
    }


def inference(prior: Role, implied: Role) -> dict[str, Any]:
    "One implication."
    return {
        "role_inference": {"prior_role": short(prior), "implies": short(implied)},
        "links": links.own(f"roles/{prior.id}/implies/{implied.id}"),
    }
