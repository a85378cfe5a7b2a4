"Application credentials, access rules, trusts, credentials, limits."

from __future__ import annotations

import json
from typing import Any

from identity.core import times
from identity.store.models import (
    AccessRule,
    ApplicationCredential,
    Credential,
    Limit,
    RegisteredLimit,
    Role,
    Trust,
)
from identity.views import links
from identity.views import roles as role_views


def application_credential(
    row: ApplicationCredential,
    roles: list[Role],
    rules: list[AccessRule],
    secret: str | None = None,
) -> dict[str, Any]:
    "An application credential; its secret only in the answer to its creation."
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "user_id": row.user_id,
        "system": None,
        "expires_at": times.iso(row.expires_at).removesuffix("Z") if row.expires_at else None,  # type: ignore[union-attr]
        "unrestricted": row.unrestricted,
        "roles": [{"id": r.id, "name": r.name, "domain_id": r.domain_id or None} for r in roles],
        "links": links.own(f"users/{row.user_id}/application_credentials/{row.id}"),
    }
    if row.has_rules:
        body["access_rules"] = [
            {"id": r.id, "service": r.service, "method": r.method, "path": r.path} for r in rules
        ]
    if secret is not None:
        body["secret"] = secret
    return body


def access_rule(row: AccessRule) -> dict[str, Any]:
    "An access rule."
    return {
        "id": row.id,
        "service": row.service,
        "method": row.method,
        "path": row.path,
        "links": links.own(f"users/{row.user_id}/access_rules/{row.id}"),
    }


def trust(row: Trust, roles: list[Role] | None) -> dict[str, Any]:
    "A trust; lists leave the roles out."
    body: dict[str, Any] = {
        "id": row.id,
        "trustor_user_id": row.trustor_user_id,
        "trustee_user_id": row.trustee_user_id,
        "project_id": row.project_id,
        "impersonation": row.impersonation,
        "expires_at": times.iso(row.expires_at),
        "deleted_at": None,
        "remaining_uses": row.remaining_uses,
        "redelegated_trust_id": row.redelegated_trust_id,
        "redelegation_count": row.redelegation_count,
        "links": links.own(f"OS-TRUST/trusts/{row.id}"),
    }
    if roles is not None:
        body["roles"] = [role_views.role(r) for r in roles]
        body["roles_links"] = {
            **links.own(f"OS-TRUST/trusts/{row.id}/roles"),
            "next": None,
            "previous": None,
        }
    return body


def credential(row: Credential, blob: str) -> dict[str, Any]:
    "A credential with its secret, for those who may see it."
    return {
        **row.extra,
        "id": row.id,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "type": row.type,
        "blob": blob,
        "links": links.own(f"credentials/{row.id}"),
    }


def ec2_credential(row: Credential, blob: str) -> dict[str, Any]:
    "An EC2 key pair."
    pair = json.loads(blob)
    return {
        "user_id": row.user_id,
        "tenant_id": row.project_id,
        "access": pair["access"],
        "secret": pair["secret"],
        "trust_id": pair.get("trust_id"),
        "links": links.own(f"users/{row.user_id}/credentials/OS-EC2/{pair['access']}"),
    }


def registered_limit(row: RegisteredLimit) -> dict[str, Any]:
    "A registered limit."
    return {
        "id": row.id,
        "service_id": row.service_id,
        "region_id": row.region_id or None,
        "resource_name": row.resource_name,
        "default_limit": row.default_limit,
        "description": row.description,
        "links": links.own(f"registered_limits/{row.id}"),
    }


def limit(pair: tuple[Limit, RegisteredLimit]) -> dict[str, Any]:
    "A limit with the place and resource of the registered one."
    row, parent = pair
    return {
        "id": row.id,
        "project_id": row.project_id or None,
        "domain_id": row.domain_id or None,
        "service_id": parent.service_id,
        "region_id": parent.region_id or None,
        "resource_name": parent.resource_name,
        "resource_limit": row.resource_limit,
        "description": row.description,
        "links": links.own(f"limits/{row.id}"),
    }
