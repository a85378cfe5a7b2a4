"Regions, services, endpoints, endpoint groups, policies."

from identity.policy.rows import ADMIN, ALL, READ, crud, rows

_EPF = "/v3/OS-EP-FILTER"
_POL = "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY"
CATALOG = (
    *crud("region", "regions", "/v3/regions", read="", scope=ALL),
    *crud("service", "services", "/v3/services"),
    *crud("endpoint", "endpoints", "/v3/endpoints"),
    *crud("endpoint_group", "endpoint_groups", f"{_EPF}/endpoint_groups"),
    *rows(
        f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/projects/{{project_id}}",
        (
            "get_endpoint_group_in_project",
            READ,
            "Check an endpoint group of a project.",
            "GET HEAD",
        ),
        ("add_endpoint_group_to_project", ADMIN, "Give a project an endpoint group.", "PUT"),
        (
            "remove_endpoint_group_from_project",
            ADMIN,
            "Take an endpoint group from a project.",
            "DELETE",
        ),
    ),
    *rows(
        f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/projects",
        (
            "list_projects_associated_with_endpoint_group",
            READ,
            "List projects of an endpoint group.",
            "GET",
        ),
    ),
    *rows(
        f"{_EPF}/endpoint_groups/{{endpoint_group_id}}/endpoints",
        (
            "list_endpoints_associated_with_endpoint_group",
            READ,
            "List endpoints of an endpoint group.",
            "GET",
        ),
    ),
    *rows(
        f"{_EPF}/projects/{{project_id}}/endpoint_groups",
        ("list_endpoint_groups_for_project", READ, "List endpoint groups of a project.", "GET"),
    ),
    *rows(
        f"{_EPF}/projects/{{project_id}}/endpoints/{{endpoint_id}}",
        ("check_endpoint_in_project", READ, "Check an endpoint of a project.", "GET HEAD"),
        ("add_endpoint_to_project", ADMIN, "Give a project an endpoint.", "PUT"),
        ("remove_endpoint_from_project", ADMIN, "Take an endpoint from a project.", "DELETE"),
    ),
    *rows(
        f"{_EPF}/projects/{{project_id}}/endpoints",
        ("list_endpoints_for_project", READ, "List endpoints of a project.", "GET"),
    ),
    *rows(
        f"{_EPF}/endpoints/{{endpoint_id}}/projects",
        ("list_projects_for_endpoint", READ, "List projects of an endpoint.", "GET"),
    ),
    *crud("policy", "policies", "/v3/policies"),
    *(
        row
        for what, path in (
            ("endpoint", "endpoints/{endpoint_id}"),
            ("service", "services/{service_id}"),
            ("region_and_service", "services/{service_id}/regions/{region_id}"),
        )
        for row in rows(
            f"{_POL}/{path}",
            (f"create_policy_association_for_{what}", ADMIN, "Associate a policy.", "PUT"),
            (
                f"check_policy_association_for_{what}",
                READ,
                "Check the association of a policy.",
                "GET HEAD",
            ),
            (
                f"delete_policy_association_for_{what}",
                ADMIN,
                "End the association of a policy.",
                "DELETE",
            ),
        )
    ),
    *rows(
        "/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy",
        ("get_policy_for_endpoint", READ, "Show the policy of an endpoint.", "GET HEAD"),
    ),
    *rows(
        f"{_POL}/endpoints",
        ("list_endpoints_for_policy", READ, "List endpoints of a policy.", "GET"),
    ),
)
