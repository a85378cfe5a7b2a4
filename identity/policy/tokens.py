"Named checks, tokens and what verifiers need."

from common.policy import RuleDefault, rule
from identity.policy.rows import ADMIN, ALL, READ, rows

BASE = (
    RuleDefault("admin_required", "role:admin or is_admin:1"),
    RuleDefault("service_role", "role:service"),
    RuleDefault("service_or_admin", "rule:admin_required or rule:service_role"),
    RuleDefault("owner", "user_id:%(user_id)s"),
    RuleDefault("admin_or_owner", "rule:admin_required or rule:owner"),
    RuleDefault("token_subject", "user_id:%(target.token.user_id)s"),
    RuleDefault(
        "domain_managed_target_role",
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s or "
        "'reader':%(target.role.name)s",
    ),
    RuleDefault("system_reader", "role:reader and system_scope:all"),
    RuleDefault(
        "trust_party",
        "user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s",
    ),
)

AUTH = (
    *rows(
        "/v3/auth/tokens",
        ("check_token", f"{READ} or rule:token_subject", "Check a token.", "HEAD"),
        (
            "validate_token",
            f"{READ} or rule:service_role or rule:token_subject",
            "Show a token.",
            "GET",
        ),
        ("revoke_token", f"{ADMIN} or rule:token_subject", "Revoke a token.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/auth/revocations",
        (
            "list_revocations",
            "rule:service_or_admin",
            "Read the revocations that verifiers of tokens need.",
            "GET",
        ),
        scope=ALL,
    ),
    *rows(
        "/v3/OS-REVOKE/events",
        ("list_revoke_events", "rule:service_or_admin", "List revocation events.", "GET"),
    ),
    rule(
        "identity:get_auth_catalog", "", "Show the catalog of a token.", ("GET", "/v3/auth/catalog")
    ),
    rule(
        "identity:get_auth_projects",
        "",
        "List projects that the caller may scope to.",
        ("GET", "/v3/auth/projects"),
    ),
    rule(
        "identity:get_auth_domains",
        "",
        "List domains that the caller may scope to.",
        ("GET", "/v3/auth/domains"),
    ),
    rule(
        "identity:get_auth_system",
        "",
        "List system scopes of the caller.",
        ("GET", "/v3/auth/system"),
    ),
    *rows(
        "/v3/ec2tokens",
        ("ec2tokens_validate", "rule:service_or_admin", "Check an EC2 signature.", "POST"),
        scope=ALL,
    ),
    *rows(
        "/v3/s3tokens",
        ("s3tokens_validate", "rule:service_or_admin", "Check an S3 signature.", "POST"),
        scope=ALL,
    ),
)
