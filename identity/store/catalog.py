"The whole catalog in three statements, and which endpoints a project sees."

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from identity.store.models import (
    Endpoint,
    EndpointGroup,
    ProjectEndpoint,
    ProjectEndpointGroup,
    Service,
    ServiceProvider,
)


def enabled_endpoints(session: Session) -> list[tuple[Service, Endpoint]]:
    "Every enabled endpoint of an enabled service."
    query = (
        select(Service, Endpoint)
        .join(Endpoint, Endpoint.service_id == Service.id)
        .where(Service.enabled.is_(True), Endpoint.enabled.is_(True))
        .order_by(Service.type, Service.id, Endpoint.id)
    )
    return list(session.execute(query).tuples())


def services_without_endpoints(session: Session) -> list[Service]:
    "Enabled services that have no endpoint at all."
    query = select(Service).where(
        Service.enabled.is_(True), ~Service.id.in_(select(Endpoint.service_id))
    )
    return list(session.scalars(query))


def project_endpoints(session: Session) -> dict[str, set[str]]:
    "Endpoint ids by project (OS-EP-FILTER)."
    found: dict[str, set[str]] = {}
    for project_id, endpoint_id in session.execute(
        select(ProjectEndpoint.project_id, ProjectEndpoint.endpoint_id)
    ).tuples():
        found.setdefault(project_id, set()).add(endpoint_id)
    return found


def project_groups(session: Session) -> dict[str, list[EndpointGroup]]:
    "Endpoint groups by project (OS-EP-FILTER)."
    query = select(ProjectEndpointGroup.project_id, EndpointGroup).join(
        EndpointGroup, EndpointGroup.id == ProjectEndpointGroup.endpoint_group_id
    )
    found: dict[str, list[EndpointGroup]] = {}
    for project_id, group in session.execute(query).tuples():
        found.setdefault(project_id, []).append(group)
    return found


def service_providers(session: Session) -> list[dict[str, str]]:
    "The enabled service providers, as tokens name them."
    query = select(ServiceProvider).where(ServiceProvider.enabled.is_(True))
    found = session.scalars(query.order_by(ServiceProvider.id))
    return [{"id": r.id, "auth_url": r.auth_url, "sp_url": r.sp_url} for r in found]
