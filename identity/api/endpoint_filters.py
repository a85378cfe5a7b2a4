"Endpoint filtering of projects (OS-EP-FILTER) and policies of endpoints (OS-ENDPOINT-POLICY)."

from __future__ import annotations

from typing import Any

from common.http import Api
from identity.core import Deps, endpoint_filters
from identity.views import catalog as views
from identity.views import links
from identity.views.projects import project

api = Api()
_EPF = "/v3/OS-EP-FILTER"
_POLICY = "/v3/policies/<policy_id>/OS-ENDPOINT-POLICY"


def _projects(found: list[Any]) -> dict[str, Any]:
    return links.collection("projects", found, lambda row: project(row, []))


@api.put(
    f"{_EPF}/projects/<project_id>/endpoints/<endpoint_id>",
    policy="identity:add_endpoint_to_project",
    status=204,
)
def give_endpoint(deps: Deps, project_id: str, endpoint_id: str) -> None:
    endpoint_filters.give(deps, "endpoint", endpoint_id, project_id)


@api.get(
    f"{_EPF}/projects/<project_id>/endpoints/<endpoint_id>",
    policy="identity:check_endpoint_in_project",
    status=204,
)
def check_endpoint(deps: Deps, project_id: str, endpoint_id: str) -> None:
    endpoint_filters.check(deps, "endpoint", endpoint_id, project_id)


@api.delete(
    f"{_EPF}/projects/<project_id>/endpoints/<endpoint_id>",
    policy="identity:remove_endpoint_from_project",
)
def take_endpoint(deps: Deps, project_id: str, endpoint_id: str) -> None:
    endpoint_filters.take(deps, "endpoint", endpoint_id, project_id)


@api.get(f"{_EPF}/projects/<project_id>/endpoints", policy="identity:list_endpoints_for_project")
def project_endpoints(deps: Deps, project_id: str) -> dict[str, Any]:
    found = endpoint_filters.endpoints_of_project(deps, project_id)
    return links.collection("endpoints", found, views.endpoint)


@api.get(f"{_EPF}/endpoints/<endpoint_id>/projects", policy="identity:list_projects_for_endpoint")
def endpoint_projects(deps: Deps, endpoint_id: str) -> dict[str, Any]:
    return _projects(endpoint_filters.projects_of_endpoint(deps, endpoint_id))


@api.put(
    f"{_EPF}/endpoint_groups/<group_id>/projects/<project_id>",
    policy="identity:add_endpoint_group_to_project",
    status=204,
)
def give_group(deps: Deps, group_id: str, project_id: str) -> None:
    endpoint_filters.give(deps, "endpoint_group", group_id, project_id)


@api.get(
    f"{_EPF}/endpoint_groups/<group_id>/projects/<project_id>",
    policy="identity:get_endpoint_group_in_project",
)
def check_group(deps: Deps, group_id: str, project_id: str) -> dict[str, Any]:
    given = endpoint_filters.check(deps, "endpoint_group", group_id, project_id)
    own = links.own(f"OS-EP-FILTER/endpoint_groups/{group_id}/projects/{project_id}")
    return {"project_endpoint_group": {**given, "links": own}}


@api.delete(
    f"{_EPF}/endpoint_groups/<group_id>/projects/<project_id>",
    policy="identity:remove_endpoint_group_from_project",
)
def take_group(deps: Deps, group_id: str, project_id: str) -> None:
    endpoint_filters.take(deps, "endpoint_group", group_id, project_id)


@api.get(
    f"{_EPF}/endpoint_groups/<group_id>/projects",
    policy="identity:list_projects_associated_with_endpoint_group",
)
def group_projects(deps: Deps, group_id: str) -> dict[str, Any]:
    return _projects(endpoint_filters.projects_of_group(deps, group_id))


@api.get(
    f"{_EPF}/endpoint_groups/<group_id>/endpoints",
    policy="identity:list_endpoints_associated_with_endpoint_group",
)
def group_endpoints(deps: Deps, group_id: str) -> dict[str, Any]:
    found = endpoint_filters.endpoints_of_group(deps, group_id)
    return links.collection("endpoints", found, views.endpoint)


@api.get(
    f"{_EPF}/projects/<project_id>/endpoint_groups",
    policy="identity:list_endpoint_groups_for_project",
)
def project_groups(deps: Deps, project_id: str) -> dict[str, Any]:
    found = endpoint_filters.groups_of(deps, project_id)
    return links.collection("endpoint_groups", found, views.endpoint_group)


def _associations(path: str, what: str) -> None:
    "The three calls on the policy of one kind of place."

    def associate(deps: Deps, policy_id: str, **place: str) -> None:
        endpoint_filters.associate(deps, policy_id, **place)

    def check(deps: Deps, policy_id: str, **place: str) -> None:
        endpoint_filters.check_association(deps, policy_id, **place)

    def dissociate(deps: Deps, policy_id: str, **place: str) -> None:
        endpoint_filters.dissociate(deps, policy_id, **place)

    rule = f"policy_association_for_{what}"
    api.put(f"{_POLICY}/{path}", policy=f"identity:create_{rule}", status=204)(associate)
    api.get(f"{_POLICY}/{path}", policy=f"identity:check_{rule}", status=204)(check)
    api.delete(f"{_POLICY}/{path}", policy=f"identity:delete_{rule}")(dissociate)


_associations("endpoints/<endpoint_id>", "endpoint")
_associations("services/<service_id>", "service")
_associations("services/<service_id>/regions/<region_id>", "region_and_service")


@api.get(f"{_POLICY}/endpoints", policy="identity:list_endpoints_for_policy")
def policy_endpoints(deps: Deps, policy_id: str) -> dict[str, Any]:
    found = endpoint_filters.endpoints_of_policy(deps, policy_id)
    return links.collection("endpoints", found, views.endpoint)


@api.get(
    "/v3/endpoints/<endpoint_id>/OS-ENDPOINT-POLICY/policy",
    policy="identity:get_policy_for_endpoint",
)
def endpoint_policy(deps: Deps, endpoint_id: str) -> dict[str, Any]:
    return {"policy": views.policy(endpoint_filters.policy_of(deps, endpoint_id))}
