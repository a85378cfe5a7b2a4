"Roles, implications, grants, assignments."

from identity.policy.rows import ADMIN, ALL, READ, rows


def _pairs(role: str) -> str:
    "The domain persona on a grant: actor and target both in the caller's domain."
    return (
        "("
        + " or ".join(
            f"(role:{role} and domain_id:%(target.{actor}.domain_id)s and "
            f"domain_id:%(target.{target})s)"
            for actor in ("user", "group")
            for target in ("project.domain_id", "domain.id")
        )
        + ")"
    )


_ROLE_IN_DOMAIN = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
_GRANT_READ = f"{ADMIN} or rule:system_reader or ({_pairs('reader')} and {_ROLE_IN_DOMAIN})"
_GRANT_WRITE = (
    f"{ADMIN} or ({_pairs('admin')} and {_ROLE_IN_DOMAIN}) or "
    f"({_pairs('manager')} and rule:domain_managed_target_role)"
)
_GRANTS = "/v3/{projects,domains}/{target_id}/{users,groups}/{actor_id}/roles"
ROLES = (
    *rows(
        "/v3/roles/{role_id}",
        (
            "get_role",
            f"{READ} or (role:manager and rule:domain_managed_target_role)",
            "Show a role.",
            "GET HEAD",
        ),
        ("update_role", ADMIN, "Change a role.", "PATCH"),
        ("delete_role", ADMIN, "Delete a role.", "DELETE"),
        ("get_domain_role", READ, "Show a role of a domain.", "GET HEAD"),
        ("update_domain_role", ADMIN, "Change a role of a domain.", "PATCH"),
        ("delete_domain_role", ADMIN, "Delete a role of a domain.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/roles",
        (
            "list_roles",
            f"{READ} or (role:manager and not domain_id:None)",
            "List roles.",
            "GET HEAD",
        ),
        ("create_role", ADMIN, "Create a role.", "POST"),
        ("list_domain_roles", READ, "List roles of a domain.", "GET HEAD"),
        ("create_domain_role", ADMIN, "Create a role of a domain.", "POST"),
        scope=ALL,
    ),
    *rows(
        "/v3/roles/{prior_role_id}/implies",
        ("list_implied_roles", READ, "List what a role implies.", "GET HEAD"),
    ),
    *rows(
        "/v3/roles/{prior_role_id}/implies/{implied_role_id}",
        ("get_implied_role", READ, "Show an implication.", "GET"),
        ("check_implied_role", READ, "Check an implication.", "HEAD"),
        ("create_implied_role", ADMIN, "Let a role imply another.", "PUT"),
        ("delete_implied_role", ADMIN, "End an implication.", "DELETE"),
    ),
    *rows(
        "/v3/role_inferences",
        ("list_role_inference_rules", READ, "List all implications.", "GET HEAD"),
    ),
    *rows(
        _GRANTS,
        (
            "list_grants",
            _GRANT_READ.replace(f" and {_ROLE_IN_DOMAIN}", ""),
            "List grants.",
            "GET HEAD",
        ),
        scope=ALL,
    ),
    *rows(
        f"{_GRANTS}/{{role_id}}",
        ("check_grant", _GRANT_READ, "Check a grant.", "GET HEAD"),
        ("create_grant", _GRANT_WRITE, "Grant a role.", "PUT"),
        ("revoke_grant", _GRANT_WRITE, "Take a role away.", "DELETE"),
        scope=ALL,
    ),
    *(
        row
        for kind in ("user", "group")
        for row in (
            *rows(
                f"/v3/system/{kind}s/{{{kind}_id}}/roles",
                (
                    f"list_system_grants_for_{kind}",
                    READ,
                    f"List system roles of a {kind}.",
                    "GET HEAD",
                ),
            ),
            *rows(
                f"/v3/system/{kind}s/{{{kind}_id}}/roles/{{role_id}}",
                (
                    f"check_system_grant_for_{kind}",
                    READ,
                    f"Check a system role of a {kind}.",
                    "GET HEAD",
                ),
                (
                    f"create_system_grant_for_{kind}",
                    ADMIN,
                    f"Grant a system role to a {kind}.",
                    "PUT",
                ),
                (
                    f"revoke_system_grant_for_{kind}",
                    ADMIN,
                    f"Take a system role from a {kind}.",
                    "DELETE",
                ),
            ),
        )
    ),
    *rows(
        "/v3/role_assignments",
        (
            "list_role_assignments",
            f"{READ} or (role:reader and domain_id:%(target.domain_id)s and "
            "not None:%(target.domain_id)s)",
            "List role assignments.",
            "GET HEAD",
        ),
        (
            "list_role_assignments_for_tree",
            f"{READ} or (role:reader and domain_id:%(target.domain_id)s and "
            "not None:%(target.domain_id)s)",
            "List role assignments of a project and those below it.",
            "GET HEAD",
        ),
        scope=ALL,
    ),
)
