"Who may use placement: services and administrators; anybody may read usages of the own project."

from common.policy import RuleDefault, rule

ADMIN = "role:admin or role:service"
RULES = (
    RuleDefault("admin_api", ADMIN),
    rule(
        "placement:read",
        ADMIN,
        "Read providers, inventories, allocations.",
        ("GET", "/resource_providers"),
    ),
    rule("placement:write", ADMIN, "Change them.", ("PUT", "/resource_providers/{uuid}")),
    rule(
        "placement:usages",
        "role:admin or role:service or (role:reader and project_id:%(project_id)s)",
        "Read the usages of a project.",
        ("GET", "/usages"),
    ),
)
