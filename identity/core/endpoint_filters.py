"""Which endpoints a project's catalog shows (OS-EP-FILTER), and which policy document an endpoint
has (OS-ENDPOINT-POLICY).

A project that was given endpoints or endpoint groups sees these and no others; one that was given
none sees all.
Source: Identity API v3 extensions, "OS-EP-FILTER" and "OS-ENDPOINT-POLICY".
"""

from __future__ import annotations

from typing import Any

from identity.core import Deps, memory
from identity.errors import Conflict, NoSuch
from identity.store import Session, rows
from identity.store.models import (
    Base,
    Endpoint,
    EndpointGroup,
    Policy,
    PolicyAssociation,
    Project,
    ProjectEndpoint,
    ProjectEndpointGroup,
    Region,
    Service,
)

_GIVEN: dict[str, tuple[type[Base], type[Base]]] = {
    "endpoint": (ProjectEndpoint, Endpoint),
    "endpoint_group": (ProjectEndpointGroup, EndpointGroup),
}


def _both(session: Session, kind: str, row_id: str, project_id: str) -> dict[str, str]:
    "The key of what a project was given. Raises NoSuch unless both are there."
    rows.get(session, _GIVEN[kind][1], row_id, kind)
    rows.get(session, Project, project_id, "project")
    return {"project_id": project_id, f"{kind}_id": row_id}


def give(deps: Deps, kind: str, row_id: str, project_id: str) -> None:
    """Give a project an endpoint or an endpoint group. Raises NoSuch; Conflict where it has that
    already."""
    with deps.db.write() as session:
        key = _both(session, kind, row_id, project_id)
        if rows.find(session, _GIVEN[kind][0], **key) is not None:
            raise Conflict(f"The project {project_id} has the {kind} {row_id} already.")
        rows.add(session, _GIVEN[kind][0](**key))
        rows.bump(session, "catalog")
    deps.memory.refresh()


def check(deps: Deps, kind: str, row_id: str, project_id: str) -> dict[str, str]:
    "Raise NoSuch unless the project was given it; the ids."
    with deps.db.read() as session:
        key = _both(session, kind, row_id, project_id)
        if rows.find(session, _GIVEN[kind][0], **key) is None:
            raise NoSuch(f"{kind} of the project", row_id)
    return key


def take(deps: Deps, kind: str, row_id: str, project_id: str) -> None:
    "Take it away again. Raises NoSuch."
    check(deps, kind, row_id, project_id)
    with deps.db.write() as session:
        key = {"project_id": project_id, f"{kind}_id": row_id}
        rows.remove(session, _GIVEN[kind][0], **key)
        rows.bump(session, "catalog")
    deps.memory.refresh()


def _chosen(session: Session, group: EndpointGroup) -> list[Endpoint]:
    services = {service.id: service for service in rows.every(session, Service)}
    return [
        endpoint
        for endpoint in rows.every(session, Endpoint)
        if memory.in_group(group.filters, services[endpoint.service_id], endpoint)
    ]


def groups_of(deps: Deps, project_id: str) -> list[EndpointGroup]:
    "The endpoint groups of a project. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, Project, project_id, "project")
        given = rows.every(session, ProjectEndpointGroup, project_id=project_id)
        return rows.by_keys(session, EndpointGroup, [g.endpoint_group_id for g in given])


def endpoints_of_project(deps: Deps, project_id: str) -> list[Endpoint]:
    "The endpoints that a project was given, by themselves or by groups. Raises NoSuch."
    groups = groups_of(deps, project_id)
    with deps.db.read() as session:
        given = rows.every(session, ProjectEndpoint, project_id=project_id)
        found = {e.id: e for e in rows.by_keys(session, Endpoint, [g.endpoint_id for g in given])}
        for group in groups:
            found |= {e.id: e for e in _chosen(session, group)}
    return list(found.values())


def endpoints_of_group(deps: Deps, group_id: str) -> list[Endpoint]:
    "The endpoints that a group's filters choose. Raises NoSuch."
    with deps.db.read() as session:
        return _chosen(session, rows.get(session, EndpointGroup, group_id, "endpoint_group"))


def projects_of_group(deps: Deps, group_id: str) -> list[Project]:
    "The projects that were given a group. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, EndpointGroup, group_id, "endpoint_group")
        given = rows.every(session, ProjectEndpointGroup, endpoint_group_id=group_id)
        return rows.by_keys(session, Project, [g.project_id for g in given])


def projects_of_endpoint(deps: Deps, endpoint_id: str) -> list[Project]:
    "The projects that were given an endpoint by itself. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, Endpoint, endpoint_id, "endpoint")
        given = rows.every(session, ProjectEndpoint, endpoint_id=endpoint_id)
        return rows.by_keys(session, Project, [g.project_id for g in given])


# Policies of endpoints


def _place(
    session: Session, endpoint_id: str = "", service_id: str = "", region_id: str = ""
) -> dict[str, str]:
    "The key of an association. Raises NoSuch."
    if endpoint_id:
        rows.get(session, Endpoint, endpoint_id, "endpoint")
    if service_id:
        rows.get(session, Service, service_id, "service")
    if region_id:
        rows.get(session, Region, region_id, "region")
    return {"endpoint_id": endpoint_id, "service_id": service_id, "region_id": region_id}


def associate(deps: Deps, policy_id: str, **place: str) -> None:
    "Make a policy that of an endpoint, a service, or a service in a region. Raises NoSuch."
    with deps.db.write() as session:
        rows.get(session, Policy, policy_id, "policy")
        key = _place(session, **place)
        row = rows.find(session, PolicyAssociation, **key)
        if row is None:
            rows.add(session, PolicyAssociation(**key, policy_id=policy_id))
        else:
            row.policy_id = policy_id


def check_association(deps: Deps, policy_id: str, **place: str) -> None:
    "Raise NoSuch unless the policy is that of the place."
    with deps.db.read() as session:
        rows.get(session, Policy, policy_id, "policy")
        key = _place(session, **place)
        if rows.find(session, PolicyAssociation, policy_id=policy_id, **key) is None:
            raise NoSuch("association of the policy", policy_id)


def dissociate(deps: Deps, policy_id: str, **place: str) -> None:
    "End that. Raises NoSuch."
    check_association(deps, policy_id, **place)
    with deps.db.write() as session:
        rows.remove(session, PolicyAssociation, **_place(session, **place))


def _policy_id(session: Session, endpoint: Endpoint) -> str | None:
    """An endpoint's own policy, else that of its service in its region or the regions above, else
    that of its service."""
    keys: list[dict[str, Any]] = [
        {"endpoint_id": endpoint.id, "service_id": "", "region_id": ""},
    ]
    region_id = endpoint.region_id
    while region_id:
        keys.append({"endpoint_id": "", "service_id": endpoint.service_id, "region_id": region_id})
        region = session.get(Region, region_id)
        region_id = region.parent_region_id if region is not None else None
    keys.append({"endpoint_id": "", "service_id": endpoint.service_id, "region_id": ""})
    for key in keys:
        row = rows.find(session, PolicyAssociation, **key)
        if row is not None:
            return row.policy_id
    return None


def policy_of(deps: Deps, endpoint_id: str) -> Policy:
    "The policy that an endpoint has. Raises NoSuch."
    with deps.db.read() as session:
        policy_id = _policy_id(session, rows.get(session, Endpoint, endpoint_id, "endpoint"))
        if policy_id is None:
            raise NoSuch("policy of the endpoint", endpoint_id)
        return rows.get(session, Policy, policy_id, "policy")


def endpoints_of_policy(deps: Deps, policy_id: str) -> list[Endpoint]:
    "The endpoints that have a policy. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, Policy, policy_id, "policy")
        return [e for e in rows.every(session, Endpoint) if _policy_id(session, e) == policy_id]
