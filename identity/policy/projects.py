"Domains, projects, tags, domain configuration."

from identity.policy.rows import ADMIN, ALL, READ, crud, own, rows

_DOMAIN_READ = (
    f"{READ} or token.domain.id:%(target.domain.id)s"
    " or token.project.domain.id:%(target.domain.id)s"
)
_PROJECT_READ = f"{READ} or {own('project', 'reader')} or project_id:%(target.project.id)s"
_PROJECT_WRITE = f"{ADMIN} or {own('project', 'manager')}"
PROJECTS = (
    *rows(
        "/v3/domains/{domain_id}",
        ("get_domain", _DOMAIN_READ, "Show a domain.", "GET HEAD"),
        ("update_domain", ADMIN, "Change a domain.", "PATCH"),
        ("delete_domain", ADMIN, "Delete a domain.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/domains",
        (
            "list_domains",
            f"{READ} or (role:reader and domain_id:%(target.domain.id)s)",
            "List domains.",
            "GET HEAD",
        ),
        ("create_domain", ADMIN, "Create a domain.", "POST"),
        scope=ALL,
    ),
    *crud(
        "project", "projects", "/v3/projects", read=_PROJECT_READ, write=_PROJECT_WRITE, scope=ALL
    ),
    *rows(
        "/v3/users/{user_id}/projects",
        (
            "list_user_projects",
            f"{READ} or {own('user', 'reader')} or user_id:%(target.user.id)s",
            "List projects of a user.",
            "GET HEAD",
        ),
        scope=ALL,
    ),
    *rows(
        "/v3/projects/{project_id}/tags",
        ("list_project_tags", _PROJECT_READ, "List tags of a project.", "GET HEAD"),
        ("update_project_tags", _PROJECT_WRITE, "Replace the tags of a project.", "PUT"),
        ("delete_project_tags", _PROJECT_WRITE, "Remove all tags of a project.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/projects/{project_id}/tags/{value}",
        ("get_project_tag", _PROJECT_READ, "Check a tag of a project.", "GET HEAD"),
        ("create_project_tag", _PROJECT_WRITE, "Add a tag to a project.", "PUT"),
        ("delete_project_tag", _PROJECT_WRITE, "Remove a tag of a project.", "DELETE"),
        scope=ALL,
    ),
    *rows(
        "/v3/domains/{domain_id}/config",
        ("get_domain_config", READ, "Show the configuration of a domain.", "GET HEAD"),
        ("create_domain_config", ADMIN, "Set the configuration of a domain.", "PUT"),
        ("update_domain_config", ADMIN, "Change the configuration of a domain.", "PATCH"),
        ("delete_domain_config", ADMIN, "Delete the configuration of a domain.", "DELETE"),
    ),
    *rows(
        "/v3/domains/config/default",
        ("get_domain_config_default", READ, "Show defaults of domain configuration.", "GET HEAD"),
    ),
    *rows(
        "/v3/domains/{domain_id}/config/security_compliance",
        (
            "get_security_compliance_domain_config",
            "",
            "Show the password rules of a domain.",
            "GET HEAD",
        ),
        scope=ALL,
    ),
)
