"Users and groups."

from __future__ import annotations

import datetime
from typing import Any

from identity.core import times
from identity.store.models import Group, User
from identity.views import links


def user(
    row: User, expires: datetime.datetime | None, federated: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    "A user; `federated` only where the API shows it."
    body: dict[str, Any] = {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "enabled": row.enabled,
        "password_expires_at": None
        if row.options.get("ignore_password_expiry")
        else times.iso(expires),
        "options": row.options,
        "links": links.own(f"users/{row.id}"),
    }
    if row.default_project_id is not None:
        body["default_project_id"] = row.default_project_id
    if row.description is not None:
        body["description"] = row.description
    if federated is not None:
        body["federated"] = federated
    return body


def group(row: Group, ends: datetime.datetime | None = None) -> dict[str, Any]:
    "A group; `ends` is when the membership of the user in question does."
    body = {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description or "",
        "links": links.own(f"groups/{row.id}"),
    }
    if ends is not None:
        body["membership_expires_at"] = times.iso(ends)
    return body
