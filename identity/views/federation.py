"Identity providers, mappings and protocols; service providers."

from __future__ import annotations

from typing import Any

from identity.store.models import IdentityProvider, Mapping, Protocol, ServiceProvider
from identity.views import links

_FED = "OS-FEDERATION"


def provider(row: IdentityProvider) -> dict[str, Any]:
    "An identity provider."
    path = f"{_FED}/identity_providers/{row.id}"
    protocols = links.own(f"{path}/protocols")["self"]
    return {
        "id": row.id,
        "enabled": row.enabled,
        "description": row.description,
        "domain_id": row.domain_id,
        "authorization_ttl": row.authorization_ttl,
        "remote_ids": row.remote_ids,
        "links": links.own(path) | {"protocols": protocols},
    }


def mapping(row: Mapping) -> dict[str, Any]:
    "A mapping."
    return {
        "id": row.id,
        "rules": row.rules,
        "schema_version": row.schema_version,
        "links": links.own(f"{_FED}/mappings/{row.id}"),
    }


def protocol(row: Protocol) -> dict[str, Any]:
    "A protocol of an identity provider."
    above = f"{_FED}/identity_providers/{row.idp_id}"
    provider_link = links.own(above)["self"]
    return {
        "id": row.id,
        "mapping_id": row.mapping_id,
        "remote_id_attribute": row.remote_id_attribute,
        "links": links.own(f"{above}/protocols/{row.id}") | {"identity_provider": provider_link},
    }


def service_provider(row: ServiceProvider) -> dict[str, Any]:
    "Another cloud that trusts this one."
    return {
        "id": row.id,
        "auth_url": row.auth_url,
        "sp_url": row.sp_url,
        "enabled": row.enabled,
        "description": row.description,
        "relay_state_prefix": row.relay_state_prefix,
        "links": links.own(f"{_FED}/service_providers/{row.id}"),
    }
