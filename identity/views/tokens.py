"Tokens as GET /v3/auth/tokens shows them."

from __future__ import annotations

from typing import Any

from common.tokens import Claims
from identity.core import times


def token(claims: Claims, catalog: Any = None) -> dict[str, Any]:
    "The value of `token` in an answer; `catalog` None leaves it out."
    user: dict[str, Any] = {
        "id": claims.user_id,
        "name": claims.user_name,
        "domain": {"id": claims.user_domain_id, "name": claims.user_domain_name},
        "password_expires_at": claims.password_expires_at,
    }
    if claims.federation is not None:
        user["OS-FEDERATION"] = {
            "groups": [{"id": i} for i in claims.groups or ()],
            "identity_provider": {"id": claims.federation["idp"]},
            "protocol": {"id": claims.federation["protocol"]},
        }
    body: dict[str, Any] = {
        "methods": claims.methods,
        "user": user,
        "audit_ids": claims.audit_ids,
        "expires_at": times.iso(claims.expires_at),
        "issued_at": times.iso(claims.issued_at),
    }
    body |= _scope(claims)
    if claims.roles:
        body["roles"] = [{"id": i, "name": name} for i, name in claims.roles]
    if claims.trust:
        body["OS-TRUST:trust"] = {
            "id": claims.trust["id"],
            "impersonation": claims.trust["impersonation"],
            "trustor_user": {"id": claims.trust["trustor"]},
            "trustee_user": {"id": claims.trust["trustee"]},
        }
    if claims.application_credential:
        body["application_credential"] = claims.application_credential
    if claims.oauth:
        body["OS-OAUTH1"] = {
            "access_token_id": claims.oauth["token"],
            "consumer_id": claims.oauth["consumer"],
        }
    if claims.thumbprint:
        body["oauth2_credential"] = {"x5t#S256": claims.thumbprint}
    if catalog is not None and (claims.project_id or claims.domain_id or claims.system):
        body["catalog"] = catalog
    return body


def _scope(claims: Claims) -> dict[str, Any]:
    if claims.project_id:
        return {
            "project": {
                "id": claims.project_id,
                "name": claims.project_name,
                "domain": {"id": claims.project_domain_id, "name": claims.project_domain_name},
            },
            "is_domain": claims.is_domain,
        }
    if claims.domain_id:
        return {"domain": {"id": claims.domain_id, "name": claims.domain_name}}
    if claims.system:
        return {"system": {"all": True}}
    return {}
