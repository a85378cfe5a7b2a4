"""Who may do what: Keystone's defaults since 2023 (personas of system, domain and project), one row for each rule.

An operator overrides rows in `identity-policy.yaml`. Targets are flat: `target.user.domain_id` is one key.
"""

from collections.abc import Iterator

from common.policy import Rule, RuleDefault, rule

SYSTEM = ("system", "project")
ALL = ("system", "domain", "project")
ADMIN = "rule:admin_required"
READ = "rule:admin_required or (role:reader and system_scope:all)"


def _own(noun: str, role: str) -> str:
    "The domain persona: `role` on the domain that the target belongs to."
    key = f"target.{noun}.domain_id"
    return f"(role:{role} and domain_id:%({key})s and not None:%({key})s)"


def _rows(path: str, *rows: tuple[str, str, str, str], scope: tuple[str, ...] = SYSTEM) -> Iterator[Rule]:
    "(name, check, description, methods) rows about one path."
    for name, check, description, methods in rows:
        yield rule(f"identity:{name}", check, description, *((m, path) for m in methods.split()), scope=scope)


def _crud(noun: str, plural: str, path: str, *, read: str = READ, write: str = ADMIN,
          create: str = "POST", suffix: str = "", scope: tuple[str, ...] = SYSTEM) -> Iterator[Rule]:
    one = f"{path}/{{{noun}_id}}"
    words = noun.replace("_", " ")
    yield from _rows(one, (f"get_{noun}", read, f"Show a {words}.", "GET HEAD"),
                     (f"update_{noun}", write, f"Change a {words}.", "PATCH"),
                     (f"delete_{noun}", write, f"Delete a {words}.", "DELETE"), scope=scope)
    yield from _rows(path, (f"list_{plural}", read, f"List {plural.replace('_', ' ')}.", "GET HEAD"), scope=scope)
    yield from _rows(path if create == "POST" else one,
                     (f"create_{noun}{suffix}", write, f"Create a {words}.", create), scope=scope)


_BASE = (
    RuleDefault("admin_required", "role:admin or is_admin:1"),
    RuleDefault("service_role", "role:service"),
    RuleDefault("service_or_admin", "rule:admin_required or rule:service_role"),
    RuleDefault("owner", "user_id:%(user_id)s"),
    RuleDefault("admin_or_owner", "rule:admin_required or rule:owner"),
    RuleDefault("token_subject", "user_id:%(target.token.user_id)s"),
    RuleDefault("domain_managed_target_role",
                "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s"),
    RuleDefault("system_reader", "role:reader and system_scope:all"),
    RuleDefault("trust_party", "user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s"),
)

_AUTH = (
    *_rows("/v3/auth/tokens",
           ("check_token", f"{READ} or rule:token_subject", "Check a token.", "HEAD"),
           ("validate_token", f"{READ} or rule:service_role or rule:token_subject", "Show a token.", "GET"),
           ("revoke_token", f"{ADMIN} or rule:token_subject", "Revoke a token.", "DELETE"), scope=ALL),
    *_rows("/v3/auth/revocations", ("list_revocations", "rule:service_or_admin",
                                    "Read the revocations that verifiers of tokens need.", "GET"), scope=ALL),
    *_rows("/v3/OS-REVOKE/events", ("list_revoke_events", "rule:service_or_admin", "List revocation events.", "GET")),
    rule("identity:get_auth_catalog", "", "Show the catalog of a token.", ("GET", "/v3/auth/catalog")),
    rule("identity:get_auth_projects", "", "List projects that the caller may scope to.", ("GET", "/v3/auth/projects")),
    rule("identity:get_auth_domains", "", "List domains that the caller may scope to.", ("GET", "/v3/auth/domains")),
    rule("identity:get_auth_system", "", "List system scopes of the caller.", ("GET", "/v3/auth/system")),
    *_rows("/v3/ec2tokens", ("ec2tokens_validate", "rule:service_or_admin", "Check an EC2 signature.", "POST"), scope=ALL),
    *_rows("/v3/s3tokens", ("s3tokens_validate", "rule:service_or_admin", "Check an S3 signature.", "POST"), scope=ALL),
)

_DOMAIN_READ = (f"{READ} or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s")
_PROJECT_READ = f"{READ} or {_own('project', 'reader')} or project_id:%(target.project.id)s"
_PROJECT_WRITE = f"{ADMIN} or {_own('project', 'manager')}"
_PROJECTS = (
    *_rows("/v3/domains/{domain_id}",
           ("get_domain", _DOMAIN_READ, "Show a domain.", "GET HEAD"),
           ("update_domain", ADMIN, "Change a domain.", "PATCH"),
           ("delete_domain", ADMIN, "Delete a domain.", "DELETE"), scope=ALL),
    *_rows("/v3/domains",
           ("list_domains", f"{READ} or (role:reader and domain_id:%(target.domain.id)s)", "List domains.", "GET HEAD"),
           ("create_domain", ADMIN, "Create a domain.", "POST"), scope=ALL),
    *_crud("project", "projects", "/v3/projects", read=_PROJECT_READ, write=_PROJECT_WRITE, scope=ALL),
    *_rows("/v3/users/{user_id}/projects",
           ("list_user_projects", f"{READ} or {_own('user', 'reader')} or user_id:%(target.user.id)s",
            "List projects of a user.", "GET HEAD"), scope=ALL),
    *_rows("/v3/projects/{project_id}/tags",
           ("list_project_tags", _PROJECT_READ, "List tags of a project.", "GET HEAD"),
           ("update_project_tags", _PROJECT_WRITE, "Replace the tags of a project.", "PUT"),
           ("delete_project_tags", _PROJECT_WRITE, "Remove all tags of a project.", "DELETE"), scope=ALL),
    *_rows("/v3/projects/{project_id}/tags/{value}",
           ("get_project_tag", _PROJECT_READ, "Check a tag of a project.", "GET HEAD"),
           ("create_project_tag", _PROJECT_WRITE, "Add a tag to a project.", "PUT"),
           ("delete_project_tag", _PROJECT_WRITE, "Remove a tag of a project.", "DELETE"), scope=ALL),
    *_rows("/v3/domains/{domain_id}/config",
           ("get_domain_config", READ, "Show the configuration of a domain.", "GET HEAD"),
           ("create_domain_config", ADMIN, "Set the configuration of a domain.", "PUT"),
           ("update_domain_config", ADMIN, "Change the configuration of a domain.", "PATCH"),
           ("delete_domain_config", ADMIN, "Delete the configuration of a domain.", "DELETE")),
    *_rows("/v3/domains/config/default",
           ("get_domain_config_default", READ, "Show defaults of domain configuration.", "GET HEAD")),
    *_rows("/v3/domains/{domain_id}/config/security_compliance",
           ("get_security_compliance_domain_config", "", "Show the password rules of a domain.", "GET HEAD"), scope=ALL),
)

_USER_READ = f"{READ} or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
_USER_WRITE = f"{ADMIN} or (role:manager and token.domain.id:%(target.user.domain_id)s)"
_GROUP_READ = f"{READ} or {_own('group', 'reader')}"
_GROUP_WRITE = f"{ADMIN} or {_own('group', 'manager')}"
_MEMBER = "domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s"
_PEOPLE = (
    *_crud("user", "users", "/v3/users", read=_USER_READ, write=_USER_WRITE, scope=ALL),
    *_crud("group", "groups", "/v3/groups", read=_GROUP_READ, write=_GROUP_WRITE, scope=ALL),
    *_rows("/v3/users/{user_id}/groups",
           ("list_groups_for_user", f"{READ} or {_own('user', 'reader')} or user_id:%(user_id)s",
            "List groups of a user.", "GET HEAD"), scope=ALL),
    *_rows("/v3/groups/{group_id}/users",
           ("list_users_in_group", _GROUP_READ, "List users of a group.", "GET HEAD"), scope=ALL),
    *_rows("/v3/groups/{group_id}/users/{user_id}",
           ("check_user_in_group", f"{READ} or (role:reader and {_MEMBER})", "Check a membership.", "GET HEAD"),
           ("add_user_to_group", f"{ADMIN} or (role:manager and {_MEMBER})", "Add a user to a group.", "PUT"),
           ("remove_user_from_group", f"{ADMIN} or (role:manager and {_MEMBER})", "Remove a user from a group.", "DELETE"),
           scope=ALL),
)


def _pairs(role: str) -> str:
    "The domain persona on a grant: actor and target both in the caller's domain."
    return "(" + " or ".join(
        f"(role:{role} and domain_id:%(target.{actor}.domain_id)s and domain_id:%(target.{target})s)"
        for actor in ("user", "group") for target in ("project.domain_id", "domain.id")) + ")"


_ROLE_IN_DOMAIN = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
_GRANT_READ = f"{ADMIN} or rule:system_reader or ({_pairs('reader')} and {_ROLE_IN_DOMAIN})"
_GRANT_WRITE = (f"{ADMIN} or ({_pairs('admin')} and {_ROLE_IN_DOMAIN}) or "
                f"({_pairs('manager')} and rule:domain_managed_target_role)")
_GRANTS = "/v3/{projects,domains}/{target_id}/{users,groups}/{actor_id}/roles"
_ROLES = (
    *_rows("/v3/roles/{role_id}",
           ("get_role", f"{READ} or (role:manager and rule:domain_managed_target_role)", "Show a role.", "GET HEAD"),
           ("update_role", ADMIN, "Change a role.", "PATCH"), ("delete_role", ADMIN, "Delete a role.", "DELETE"),
           ("get_domain_role", READ, "Show a role of a domain.", "GET HEAD"),
           ("update_domain_role", ADMIN, "Change a role of a domain.", "PATCH"),
           ("delete_domain_role", ADMIN, "Delete a role of a domain.", "DELETE"), scope=ALL),
    *_rows("/v3/roles",
           ("list_roles", f"{READ} or (role:manager and not domain_id:None)", "List roles.", "GET HEAD"),
           ("create_role", ADMIN, "Create a role.", "POST"),
           ("list_domain_roles", READ, "List roles of a domain.", "GET HEAD"),
           ("create_domain_role", ADMIN, "Create a role of a domain.", "POST"), scope=ALL),
    *_rows("/v3/roles/{prior_role_id}/implies",
           ("list_implied_roles", READ, "List what a role implies.", "GET HEAD")),
    *_rows("/v3/roles/{prior_role_id}/implies/{implied_role_id}",
           ("get_implied_role", READ, "Show an implication.", "GET"),
           ("check_implied_role", READ, "Check an implication.", "HEAD"),
           ("create_implied_role", ADMIN, "Let a role imply another.", "PUT"),
           ("delete_implied_role", ADMIN, "End an implication.", "DELETE")),
    *_rows("/v3/role_inferences", ("list_role_inference_rules", READ, "List all implications.", "GET HEAD")),
    *_rows(_GRANTS, ("list_grants", _GRANT_READ.replace(f" and {_ROLE_IN_DOMAIN}", ""), "List grants.", "GET HEAD"), scope=ALL),
    *_rows(f"{_GRANTS}/{{role_id}}",
           ("check_grant", _GRANT_READ, "Check a grant.", "GET HEAD"),
           ("create_grant", _GRANT_WRITE, "Grant a role.", "PUT"),
           ("revoke_grant", _GRANT_WRITE, "Take a role away.", "DELETE"), scope=ALL),
    *(row for kind in ("user", "group") for row in (
        *_rows(f"/v3/system/{kind}s/{{{kind}_id}}/roles",
               (f"list_system_grants_for_{kind}", READ, f"List system roles of a {kind}.", "GET HEAD")),
        *_rows(f"/v3/system/{kind}s/{{{kind}_id}}/roles/{{role_id}}",
               (f"check_system_grant_for_{kind}", READ, f"Check a system role of a {kind}.", "GET HEAD"),
               (f"create_system_grant_for_{kind}", ADMIN, f"Grant a system role to a {kind}.", "PUT"),
               (f"revoke_system_grant_for_{kind}", ADMIN, f"Take a system role from a {kind}.", "DELETE")))),
    *_rows("/v3/role_assignments",
           ("list_role_assignments", f"{READ} or (role:reader and domain_id:%(target.domain_id)s and "
            "not None:%(target.domain_id)s)", "List role assignments.", "GET HEAD"),
           ("list_role_assignments_for_tree", f"{READ} or (role:reader and domain_id:%(target.domain_id)s and "
            "not None:%(target.domain_id)s)", "List role assignments of a project and those below it.", "GET HEAD"), scope=ALL),
)

_EPF = "/v3/OS-EP-FILTER"
_POL = "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY"
_CATALOG = (
    *_crud("region", "regions", "/v3/regions", read="", scope=ALL),
    *_crud("service", "services", "/v3/services"),
    *_crud("endpoint", "endpoints", "/v3/endpoints"),
    *_crud("endpoint_group", "endpoint_groups", f"{_EPF}/endpoint_groups"),
    *_rows(f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/projects/{{project_id}}",
           ("get_endpoint_group_in_project", READ, "Check an endpoint group of a project.", "GET HEAD"),
           ("add_endpoint_group_to_project", ADMIN, "Give a project an endpoint group.", "PUT"),
           ("remove_endpoint_group_from_project", ADMIN, "Take an endpoint group from a project.", "DELETE")),
    *_rows(f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/projects",
           ("list_projects_associated_with_endpoint_group", READ, "List projects of an endpoint group.", "GET")),
    *_rows(f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/endpoints",
           ("list_endpoints_associated_with_endpoint_group", READ, "List endpoints of an endpoint group.", "GET")),
    *_rows(f"{_EPF}/projects/{{project_id}}/endpoint_groups",
           ("list_endpoint_groups_for_project", READ, "List endpoint groups of a project.", "GET")),
    *_rows(f"{_EPF}/projects/{{project_id}}/endpoints/{{endpoint_id}}",
           ("check_endpoint_in_project", READ, "Check an endpoint of a project.", "GET HEAD"),
           ("add_endpoint_to_project", ADMIN, "Give a project an endpoint.", "PUT"),
           ("remove_endpoint_from_project", ADMIN, "Take an endpoint from a project.", "DELETE")),
    *_rows(f"{_EPF}/projects/{{project_id}}/endpoints",
           ("list_endpoints_for_project", READ, "List endpoints of a project.", "GET")),
    *_rows(f"{_EPF}/endpoints/{{endpoint_id}}/projects",
           ("list_projects_for_endpoint", READ, "List projects of an endpoint.", "GET")),
    *_crud("policy", "policies", "/v3/policies"),
    *(row for what, path in (
        ("endpoint", "endpoints/{endpoint_id}"), ("service", "services/{service_id}"),
        ("region_and_service", "services/{service_id}/regions/{region_id}"))
      for row in _rows(f"{_POL}/{path}",
                       (f"create_policy_association_for_{what}", ADMIN, "Associate a policy.", "PUT"),
                       (f"check_policy_association_for_{what}", READ, "Check the association of a policy.", "GET HEAD"),
                       (f"delete_policy_association_for_{what}", ADMIN, "End the association of a policy.", "DELETE"))),
    *_rows("/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy",
           ("get_policy_for_endpoint", READ, "Show the policy of an endpoint.", "GET HEAD")),
    *_rows(f"{_POL}/endpoints", ("list_endpoints_for_policy", READ, "List endpoints of a policy.", "GET")),
)

_CRED = f"{READ} or user_id:%(target.credential.user_id)s"
_CRED_WRITE = f"{ADMIN} or user_id:%(target.credential.user_id)s"
_EC2_WRITE = f"{ADMIN} or (role:member and user_id:%(target.credential.user_id)s)"
_TRUST_READ = f"{READ} or rule:trust_party"
_ACCESS = (
    *_crud("credential", "credentials", "/v3/credentials", read=_CRED, write=_CRED_WRITE, scope=ALL),
    *_rows("/v3/users/{user_id}/credentials/OS-EC2",
           ("ec2_list_credentials", f"{READ} or rule:owner", "List EC2 credentials.", "GET"),
           ("ec2_create_credential", _EC2_WRITE, "Create an EC2 credential.", "POST")),
    *_rows("/v3/users/{user_id}/credentials/OS-EC2/{credential_id}",
           ("ec2_get_credential", _CRED, "Show an EC2 credential.", "GET"),
           ("ec2_delete_credential", _EC2_WRITE, "Delete an EC2 credential.", "DELETE")),
    *_rows("/v3/users/{user_id}/application_credentials/{application_credential_id}",
           ("get_application_credential", f"{READ} or rule:owner", "Show an application credential.", "GET HEAD"),
           ("delete_application_credential", "rule:admin_or_owner", "Delete an application credential.", "DELETE")),
    *_rows("/v3/users/{user_id}/application_credentials",
           ("list_application_credentials", f"{READ} or rule:owner", "List application credentials.", "GET HEAD"),
           ("create_application_credential", "rule:owner", "Create an application credential.", "POST")),
    *_rows("/v3/users/{user_id}/access_rules/{access_rule_id}",
           ("get_access_rule", f"{READ} or rule:owner", "Show an access rule.", "GET HEAD"),
           ("delete_access_rule", "(role:admin and system_scope:all) or rule:owner", "Delete an access rule.", "DELETE")),
    *_rows("/v3/users/{user_id}/access_rules",
           ("list_access_rules", f"{READ} or rule:owner", "List access rules.", "GET HEAD")),
    *_rows("/v3/OS-TRUST/trusts",
           ("create_trust", "user_id:%(target.trust.trustor_user_id)s", "Create a trust.", "POST"),
           ("list_trusts", READ, "List all trusts.", "GET HEAD"),
           ("list_trusts_for_trustor", f"{READ} or user_id:%(target.trust.trustor_user_id)s",
            "List trusts that a user gave.", "GET HEAD"),
           ("list_trusts_for_trustee", f"{READ} or user_id:%(target.trust.trustee_user_id)s",
            "List trusts that a user was given.", "GET HEAD")),
    *_rows("/v3/OS-TRUST/trusts/{trust_id}",
           ("get_trust", _TRUST_READ, "Show a trust.", "GET HEAD"),
           ("delete_trust", f"{ADMIN} or user_id:%(target.trust.trustor_user_id)s", "End a trust.", "DELETE")),
    *_rows("/v3/OS-TRUST/trusts/{trust_id}/roles", ("list_roles_for_trust", _TRUST_READ, "List roles of a trust.", "GET HEAD")),
    *_rows("/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}",
           ("get_role_for_trust", _TRUST_READ, "Show a role of a trust.", "GET HEAD")),
    *_crud("consumer", "consumers", "/v3/OS-OAUTH1/consumers"),
    *_rows("/v3/OS-OAUTH1/authorize/{request_token_id}",
           ("authorize_request_token", ADMIN, "Allow a consumer what it asks for.", "PUT")),
    *_rows("/v3/users/{user_id}/OS-OAUTH1/access_tokens",
           ("list_access_tokens", ADMIN, "List access that a user gave.", "GET")),
    *_rows("/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}",
           ("get_access_token", ADMIN, "Show access that a user gave.", "GET"),
           ("delete_access_token", ADMIN, "Take access back.", "DELETE")),
    *_rows("/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles",
           ("list_access_token_roles", ADMIN, "List roles of given access.", "GET")),
    *_rows("/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id}",
           ("get_access_token_role", ADMIN, "Show a role of given access.", "GET")),
)

_FED = "/v3/OS-FEDERATION"
_FEDERATION = (
    *_crud("identity_provider", "identity_providers", f"{_FED}/identity_providers", create="PUT"),
    *_crud("mapping", "mappings", f"{_FED}/mappings", create="PUT"),
    *_crud("protocol", "protocols", f"{_FED}/identity_providers/{{idp_id}}/protocols", create="PUT"),
    *_crud("service_provider", "service_providers", f"{_FED}/service_providers", create="PUT"),
)

_LIMITS = (
    *_rows("/v3/limits/model", ("get_limit_model", "", "Show the model of limits.", "GET HEAD"), scope=ALL),
    *_rows("/v3/limits",
           ("list_limits", "", "List limits.", "GET HEAD"), ("create_limits", ADMIN, "Create limits.", "POST"), scope=ALL),
    *_rows("/v3/limits/{limit_id}",
           ("get_limit", f"{READ} or (domain_id:%(target.limit.domain.id)s and not None:%(target.limit.domain.id)s) or "
            "(domain_id:%(target.limit.project.domain_id)s and not None:%(target.limit.project.domain_id)s) or "
            "(project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)", "Show a limit.", "GET HEAD"),
           ("update_limit", ADMIN, "Change a limit.", "PATCH"), ("delete_limit", ADMIN, "Delete a limit.", "DELETE"), scope=ALL),
    *_rows("/v3/registered_limits",
           ("list_registered_limits", "", "List registered limits.", "GET HEAD"),
           ("create_registered_limits", ADMIN, "Create registered limits.", "POST"), scope=ALL),
    *_rows("/v3/registered_limits/{registered_limit_id}",
           ("get_registered_limit", "", "Show a registered limit.", "GET HEAD"),
           ("update_registered_limit", ADMIN, "Change a registered limit.", "PATCH"),
           ("delete_registered_limit", ADMIN, "Delete a registered limit.", "DELETE"), scope=ALL),
)

RULES: tuple[RuleDefault, ...] = (*_BASE, *_AUTH, *_PROJECTS, *_PEOPLE, *_ROLES, *_CATALOG, *_ACCESS, *_FEDERATION, *_LIMITS)
"Every rule of the service."
