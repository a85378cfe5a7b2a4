"Credentials, application credentials, trusts."

from identity.policy.rows import ADMIN, ALL, READ, crud, rows

_CRED = f"{READ} or user_id:%(target.credential.user_id)s"
_CRED_WRITE = f"{ADMIN} or user_id:%(target.credential.user_id)s"
_EC2_WRITE = f"{ADMIN} or (role:member and user_id:%(target.credential.user_id)s)"
_TRUST_READ = f"{READ} or rule:trust_party"
ACCESS = (
    *crud("credential", "credentials", "/v3/credentials", read=_CRED, write=_CRED_WRITE, scope=ALL),
    *rows(
        "/v3/users/{user_id}/credentials/OS-EC2",
        ("ec2_list_credentials", f"{READ} or rule:owner", "List EC2 credentials.", "GET"),
        ("ec2_create_credential", _EC2_WRITE, "Create an EC2 credential.", "POST"),
    ),
    *rows(
        "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}",
        ("ec2_get_credential", _CRED, "Show an EC2 credential.", "GET"),
        ("ec2_delete_credential", _EC2_WRITE, "Delete an EC2 credential.", "DELETE"),
    ),
    *rows(
        "/v3/users/{user_id}/application_credentials/{application_credential_id}",
        (
            "get_application_credential",
            f"{READ} or rule:owner",
            "Show an application credential.",
            "GET HEAD",
        ),
        (
            "delete_application_credential",
            "rule:admin_or_owner",
            "Delete an application credential.",
            "DELETE",
        ),
    ),
    *rows(
        "/v3/users/{user_id}/application_credentials",
        (
            "list_application_credentials",
            f"{READ} or rule:owner",
            "List application credentials.",
            "GET HEAD",
        ),
        (
            "create_application_credential",
            "rule:owner",
            "Create an application credential.",
            "POST",
        ),
    ),
    *rows(
        "/v3/users/{user_id}/access_rules/{access_rule_id}",
        ("get_access_rule", f"{READ} or rule:owner", "Show an access rule.", "GET HEAD"),
        (
            "delete_access_rule",
            "(role:admin and system_scope:all) or rule:owner",
            "Delete an access rule.",
            "DELETE",
        ),
    ),
    *rows(
        "/v3/users/{user_id}/access_rules",
        ("list_access_rules", f"{READ} or rule:owner", "List access rules.", "GET HEAD"),
    ),
    *rows(
        "/v3/OS-TRUST/trusts",
        ("create_trust", "user_id:%(target.trust.trustor_user_id)s", "Create a trust.", "POST"),
        ("list_trusts", READ, "List all trusts.", "GET HEAD"),
        (
            "list_trusts_for_trustor",
            f"{READ} or user_id:%(target.trust.trustor_user_id)s",
            "List trusts that a user gave.",
            "GET HEAD",
        ),
        (
            "list_trusts_for_trustee",
            f"{READ} or user_id:%(target.trust.trustee_user_id)s",
            "List trusts that a user was given.",
            "GET HEAD",
        ),
    ),
    *rows(
        "/v3/OS-TRUST/trusts/{trust_id}",
        ("get_trust", _TRUST_READ, "Show a trust.", "GET HEAD"),
        (
            "delete_trust",
            f"{ADMIN} or user_id:%(target.trust.trustor_user_id)s",
            "End a trust.",
            "DELETE",
        ),
    ),
    *rows(
        "/v3/OS-TRUST/trusts/{trust_id}/roles",
        ("list_roles_for_trust", _TRUST_READ, "List roles of a trust.", "GET HEAD"),
    ),
    *rows(
        "/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}",
        ("get_role_for_trust", _TRUST_READ, "Show a role of a trust.", "GET HEAD"),
    ),
)

_OWN = "rule:admin_or_owner"
_OWN_READ = f"{READ} or rule:owner"
OAUTH1 = (
    *crud("consumer", "consumers", "/v3/OS-OAUTH1/consumers"),
    *rows(
        "/v3/OS-OAUTH1/authorize/{token_id}",
        ("authorize_request_token", "", "Let a consumer use own roles.", "PUT"),
        scope=ALL,
    ),
    *rows(
        "/v3/users/{user_id}/OS-OAUTH1/access_tokens",
        ("list_access_tokens", _OWN_READ, "List what a user allowed consumers.", "GET HEAD"),
        scope=ALL,
    ),
    *rows(
        "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{token_id}",
        ("get_access_token", _OWN_READ, "Show what a user allowed a consumer.", "GET HEAD"),
        ("delete_access_token", _OWN, "Take back what a user allowed a consumer.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{token_id}/roles",
        ("list_access_token_roles", _OWN_READ, "List the roles of an access token.", "GET HEAD"),
        scope=ALL,
    ),
    *rows(
        "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{token_id}/roles/{role_id}",
        ("get_access_token_role", _OWN_READ, "Show a role of an access token.", "GET HEAD"),
        scope=ALL,
    ),
)
