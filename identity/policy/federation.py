"Federation and limits."

from identity.policy.rows import ADMIN, ALL, READ, crud, rows

_FED = "/v3/OS-FEDERATION"
FEDERATION = (
    *crud("identity_provider", "identity_providers", f"{_FED}/identity_providers", create="PUT"),
    *crud("mapping", "mappings", f"{_FED}/mappings", create="PUT"),
    *crud("protocol", "protocols", f"{_FED}/identity_providers/{{idp_id}}/protocols", create="PUT"),
    *crud("service_provider", "service_providers", f"{_FED}/service_providers", create="PUT"),
)

LIMITS = (
    *rows(
        "/v3/limits/model",
        ("get_limit_model", "", "Show the model of limits.", "GET HEAD"),
        scope=ALL,
    ),
    *rows(
        "/v3/limits",
        ("list_limits", "", "List limits.", "GET HEAD"),
        ("create_limits", ADMIN, "Create limits.", "POST"),
        scope=ALL,
    ),
    *rows(
        "/v3/limits/{limit_id}",
        (
            "get_limit",
            f"{READ} or (domain_id:%(target.limit.domain.id)s and not "
            f"None:%(target.limit.domain.id)s) or "
            "(domain_id:%(target.limit.project.domain_id)s and not "
            "None:%(target.limit.project.domain_id)s) or "
            "(project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)",
            "Show a limit.",
            "GET HEAD",
        ),
        ("update_limit", ADMIN, "Change a limit.", "PATCH"),
        ("delete_limit", ADMIN, "Delete a limit.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/registered_limits",
        ("list_registered_limits", "", "List registered limits.", "GET HEAD"),
        ("create_registered_limits", ADMIN, "Create registered limits.", "POST"),
        scope=ALL,
    ),
    *rows(
        "/v3/registered_limits/{registered_limit_id}",
        ("get_registered_limit", "", "Show a registered limit.", "GET HEAD"),
        ("update_registered_limit", ADMIN, "Change a registered limit.", "PATCH"),
        ("delete_registered_limit", ADMIN, "Delete a registered limit.", "DELETE"),
        scope=ALL,
    ),
)
