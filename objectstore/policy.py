"""Who may act on an account by role; what ACLs grant on top is decided in core/access.py."""

from common.policy import rule

RULES = (
    rule(
        "objectstore:operate",
        "(role:admin or role:manager or role:member or role:swiftoperator)"
        " and project_id:%(project_id)s",
        "Do everything in the account of the caller's project.",
        ("ANY", "/v1/{account}"),
        scope=["project"],
    ),
    rule(
        "objectstore:read",
        "role:reader and project_id:%(project_id)s",
        "Read everything in the account of the caller's project.",
        ("GET", "/v1/{account}"),
        scope=["project"],
    ),
    rule(
        "objectstore:reseller",
        "role:ResellerAdmin",
        "Do everything in every account, and set account quotas.",
        ("ANY", "/v1/{account}"),
    ),
    rule(
        "objectstore:read_all",
        "role:reader and system_scope:all",
        "Read every account.",
        ("GET", "/v1/{account}"),
        scope=["system"],
    ),
)
