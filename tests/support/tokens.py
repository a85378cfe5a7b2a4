"""Tokens signed with a key of the tests, so that a service can be tested without identity."""

import secrets
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.auth import Authenticator
from common.tokens import Claims, Signer, Verifier

KEY = Ed25519PrivateKey.generate()
SIGNER = Signer(KEY, "test")
IMPLIED = {
    "admin": ["manager", "member", "reader"],
    "manager": ["member", "reader"],
    "member": ["reader"],
}


def token(
    user_id="user-1",
    project_id="project-1",
    roles=("member",),
    *,
    domain_id=None,
    system=None,
    expires_in=3600.0,
    issued_at=None,
    **more,
):
    "A signed token. Roles are names; the ones that they imply are added, as identity does."
    names = list(dict.fromkeys([*roles, *(i for r in roles for i in IMPLIED.get(r, []))]))
    now = time.time() if issued_at is None else issued_at
    scope = {}
    if system:
        scope = {"system": "all"}
    elif domain_id:
        scope = {"domain_id": domain_id, "domain_name": domain_id}
    elif project_id:
        scope = {
            "project_id": project_id,
            "project_name": f"name of {project_id}",
            "project_domain_id": "default",
            "project_domain_name": "Default",
        }
    return SIGNER.sign(
        Claims(
            **(
                {
                    "user_id": user_id,
                    "user_name": f"name of {user_id}",
                    "user_domain_id": "default",
                    "user_domain_name": "Default",
                    "issued_at": now,
                    "expires_at": now + expires_in,
                    "audit_ids": [secrets.token_urlsafe(16)],
                    "methods": ["password"],
                    "roles": [[f"id-of-{n}", n] for n in names],
                }
                | scope
                | more
            )
        )
    )


def authenticator(service_type, freshness=None):
    "An Authenticator that trusts the key of the tests."
    return Authenticator(Verifier(keys={"test": KEY.public_key()}), freshness, service_type)
