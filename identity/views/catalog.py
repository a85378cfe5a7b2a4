"Regions, services, endpoints, endpoint groups, policies."

from __future__ import annotations

from typing import Any

from identity.store.models import Endpoint, EndpointGroup, Policy, Region, Service
from identity.views import links


def region(row: Region) -> dict[str, Any]:
    "A region."
    return {
        **row.extra,
        "id": row.id,
        "description": row.description or "",
        "parent_region_id": row.parent_region_id,
        "links": links.own(f"regions/{row.id}"),
    }


def service(row: Service) -> dict[str, Any]:
    "A service."
    body = {
        **row.extra,
        "id": row.id,
        "type": row.type,
        "enabled": row.enabled,
        "links": links.own(f"services/{row.id}"),
    }
    if row.name:
        body["name"] = row.name
    if row.description is not None:
        body["description"] = row.description
    return body


def endpoint(row: Endpoint) -> dict[str, Any]:
    "An endpoint; `region` repeats `region_id` for old clients."
    body = {
        **row.extra,
        "id": row.id,
        "interface": row.interface,
        "region_id": row.region_id,
        "region": row.region_id,
        "service_id": row.service_id,
        "url": row.url,
        "enabled": row.enabled,
        "links": links.own(f"endpoints/{row.id}"),
    }
    if row.description is not None:
        body["description"] = row.description
    return body


def endpoint_group(row: EndpointGroup) -> dict[str, Any]:
    "An endpoint group."
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "filters": row.filters,
        "links": links.own(f"OS-EP-FILTER/endpoint_groups/{row.id}"),
    }


def policy(row: Policy) -> dict[str, Any]:
    "A policy document."
    return {
        **row.extra,
        "id": row.id,
        "type": row.type,
        "blob": row.blob,
        "links": links.own(f"policies/{row.id}"),
    }


VIEWS: dict[str, links.View] = {
    "region": region,
    "service": service,
    "endpoint": endpoint,
    "endpoint_group": endpoint_group,
    "policy": policy,
}
