"Role assignments."

from __future__ import annotations

from typing import Any

from identity.core.assignments import Shown
from identity.views import links


def assignment(line: Shown, names: dict[str, Any]) -> dict[str, Any]:
    "One line of the list, with names where `names` has them."
    scope: dict[str, Any]
    if line.target_kind == "system":
        scope = {"system": {"all": True}}
    else:
        scope = {line.target_kind: _named(line.target_id, names)}
    if line.inherited or (line.source is not None and line.source.inherited):
        scope["OS-INHERIT:inherited_to"] = "projects"
    body = {
        "role": _named(line.role_id, names),
        line.actor_kind: _named(line.actor_id, names),
        "scope": scope,
        "links": {"assignment": _url(line)},
    }
    if line.via_group:
        body["links"]["membership"] = links.own(f"groups/{line.via_group}/users/{line.actor_id}")[
            "self"
        ]
    if line.prior_role:
        body["links"]["prior_role"] = links.own(f"roles/{line.prior_role}/implies/{line.role_id}")[
            "self"
        ]
    return body


def _named(row_id: str, names: dict[str, Any]) -> dict[str, Any]:
    row = names.get(row_id)
    if row is None:
        return {"id": row_id}
    body = {"id": row_id, "name": row.name}
    domain = names.get(row.domain_id)
    if domain is not None and row.domain_id:
        body["domain"] = {"id": domain.id, "name": domain.name}
    return body


def _url(line: Shown) -> str:
    a = line.source
    if a is None:
        return links.own("role_assignments")["self"]
    actor = f"{a.actor_kind}s/{a.actor_id}/roles/{a.role_id}"
    if a.target_kind == "system":
        return links.own(f"system/{actor}")["self"]
    path = f"{a.target_kind}s/{a.target_id}/{actor}"
    return links.own(f"OS-INHERIT/{path}/inherited_to_projects" if a.inherited else path)["self"]
