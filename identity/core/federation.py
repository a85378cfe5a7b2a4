"""Federation: identity providers, their protocols and mappings.

Source: Identity API v3 extensions, "OS-FEDERATION".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.ids import new_hex
from identity.core import Deps, audit, listing, projects, revocation
from identity.errors import Duplicate, Invalid, NotAllowed
from identity.store import Session, rows
from identity.store import listing as listing_store
from identity.store.models import (
    FederatedUser,
    IdentityProvider,
    Membership,
    Project,
    Protocol,
)
from identity.store.models import Mapping as MappingRow

# Identity providers


def list_providers(deps: Deps, args: Mapping[str, str]) -> tuple[list[IdentityProvider], bool]:
    "Those that a query asks for."
    wanted = listing.parse(deps, args, "id", booleans="enabled")
    with deps.db.read() as session:
        return listing_store.everything(session, IdentityProvider, wanted)


def get_provider(deps: Deps, idp_id: str) -> IdentityProvider:
    "An identity provider. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, IdentityProvider, idp_id, "identity provider")


def find_provider(deps: Deps, idp_id: str, protocol_id: str) -> IdentityProvider | None:
    "The identity provider, if it is there and has the protocol."
    with deps.db.read() as session:
        if session.get(Protocol, (idp_id, protocol_id)) is None:
            return None
        return session.get(IdentityProvider, idp_id)


def create_provider(
    deps: Deps, ctx: Context, idp_id: str, given: dict[str, Any]
) -> IdentityProvider:
    """A new identity provider; without a domain one of its own is made for its users. Raises
    Duplicate, Invalid."""
    domain_id = given.get("domain_id")
    with deps.db.read() as session:
        if session.get(IdentityProvider, idp_id) is not None:
            raise Duplicate.name("identity_provider", idp_id)
        if domain_id is not None:
            domain = session.get(Project, domain_id)
            if domain is None or not domain.is_domain:
                raise Invalid("domain_id", f"there is no domain {domain_id}.")
    if domain_id is None:
        words = f"Auto generated federated domain for Identity Provider: {idp_id}"
        made = projects.create_domain(deps, ctx, {"name": new_hex(), "description": words})
        domain_id = made.id
    row = IdentityProvider(
        id=idp_id,
        enabled=given.get("enabled", False),
        description=given.get("description"),
        domain_id=domain_id,
        authorization_ttl=given.get("authorization_ttl"),
        remote_ids=given.get("remote_ids") or [],
    )
    with deps.db.write() as session:
        _refuse_taken(session, row)
        rows.add(session, row, lambda: Duplicate.name("identity_provider", idp_id))
    audit.changed(deps, ctx, "identity_provider", "created", idp_id)
    return row


def update_provider(
    deps: Deps, ctx: Context, idp_id: str, given: dict[str, Any]
) -> IdentityProvider:
    """Change one; whoever came by one that is switched off is logged out. Raises NoSuch,
    Duplicate, NotAllowed for another domain."""
    with deps.db.write() as session:
        row = rows.get(session, IdentityProvider, idp_id, "identity provider")
        if given.get("domain_id", row.domain_id) != row.domain_id:
            raise NotAllowed("the domain of an identity provider cannot be changed.")
        for name in ("enabled", "description", "authorization_ttl"):
            if name in given:
                setattr(row, name, given[name])
        if "remote_ids" in given:
            row.remote_ids = given["remote_ids"] or []
            _refuse_taken(session, row)
        if given.get("enabled") is False:
            _log_out(deps, session, idp_id)
    audit.changed(deps, ctx, "identity_provider", "updated", idp_id)
    return row


def _refuse_taken(session: Session, row: IdentityProvider) -> None:
    for other in rows.every(session, IdentityProvider):
        both = set(other.remote_ids) & set(row.remote_ids)
        if other.id != row.id and both:
            raise Duplicate("remote_id", f"Duplicate remote ID: {', '.join(sorted(both))}")


def _log_out(deps: Deps, session: Session, idp_id: str) -> None:
    users = {row.user_id for row in rows.every(session, FederatedUser, idp_id=idp_id)}
    if users:
        revocation.revoke(deps, session, *(f"user:{user_id}" for user_id in sorted(users)))


def delete_provider(deps: Deps, ctx: Context, idp_id: str) -> None:
    "Forget an identity provider, its protocols and what it knows users by. Raises NoSuch."
    with deps.db.write() as session:
        row = rows.get(session, IdentityProvider, idp_id, "identity provider")
        _log_out(deps, session, idp_id)
        rows.remove(session, Membership, idp_id=idp_id)
        session.delete(row)
    audit.changed(deps, ctx, "identity_provider", "deleted", idp_id)


# Mappings


def list_mappings(deps: Deps, args: Mapping[str, str]) -> tuple[list[MappingRow], bool]:
    "All mappings."
    with deps.db.read() as session:
        return listing_store.everything(session, MappingRow, listing.parse(deps, args, "id"))


def get_mapping(deps: Deps, mapping_id: str) -> MappingRow:
    "A mapping. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, MappingRow, mapping_id, "mapping")


def create_mapping(deps: Deps, ctx: Context, mapping_id: str, given: dict[str, Any]) -> MappingRow:
    "A new mapping. Raises Duplicate."
    row = MappingRow(
        id=mapping_id, rules=given["rules"], schema_version=given.get("schema_version") or "1.0"
    )
    with deps.db.write() as session:
        if session.get(MappingRow, mapping_id) is not None:
            raise Duplicate.name("mapping", mapping_id)
        rows.add(session, row, lambda: Duplicate.name("mapping", mapping_id))
    audit.changed(deps, ctx, "mapping", "created", mapping_id)
    return row


def update_mapping(deps: Deps, ctx: Context, mapping_id: str, given: dict[str, Any]) -> MappingRow:
    "Other rules. Raises NoSuch."
    with deps.db.write() as session:
        row = rows.get(session, MappingRow, mapping_id, "mapping")
        for name in ("rules", "schema_version"):
            if given.get(name) is not None:
                setattr(row, name, given[name])
    audit.changed(deps, ctx, "mapping", "updated", mapping_id)
    return row


def delete_mapping(deps: Deps, ctx: Context, mapping_id: str) -> None:
    "Forget a mapping; protocols that name it let nobody in. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, MappingRow, mapping_id, "mapping"))
    audit.changed(deps, ctx, "mapping", "deleted", mapping_id)


# Protocols


def list_protocols(deps: Deps, idp_id: str) -> list[Protocol]:
    "The protocols of a provider. Raises NoSuch."
    with deps.db.read() as session:
        rows.get(session, IdentityProvider, idp_id, "identity provider")
        return list(rows.every(session, Protocol, idp_id=idp_id))


def get_protocol(deps: Deps, idp_id: str, protocol_id: str) -> Protocol:
    "A protocol. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol")


def create_protocol(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, given: dict[str, Any]
) -> Protocol:
    "A new protocol. Raises NoSuch, Duplicate, Invalid."
    with deps.db.write() as session:
        rows.get(session, IdentityProvider, idp_id, "identity provider")
        _need_mapping(session, given)
        if session.get(Protocol, (idp_id, protocol_id)) is not None:
            raise Duplicate.name("federation_protocol", protocol_id)
        row = Protocol(
            idp_id=idp_id,
            id=protocol_id,
            mapping_id=given["mapping_id"],
            remote_id_attribute=given.get("remote_id_attribute"),
        )
        rows.add(session, row, lambda: Duplicate.name("federation_protocol", protocol_id))
    audit.changed(deps, ctx, "protocol", "created", protocol_id)
    return row


def update_protocol(
    deps: Deps, ctx: Context, idp_id: str, protocol_id: str, given: dict[str, Any]
) -> Protocol:
    "Another mapping. Raises NoSuch, Invalid."
    with deps.db.write() as session:
        row = rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol")
        _need_mapping(session, given)
        for name in ("mapping_id", "remote_id_attribute"):
            if name in given:
                setattr(row, name, given[name])
    audit.changed(deps, ctx, "protocol", "updated", protocol_id)
    return row


def _need_mapping(session: Session, given: dict[str, Any]) -> None:
    if "mapping_id" in given and session.get(MappingRow, given["mapping_id"]) is None:
        raise Invalid("mapping_id", f"there is no mapping {given['mapping_id']}.")


def delete_protocol(deps: Deps, ctx: Context, idp_id: str, protocol_id: str) -> None:
    "Forget a protocol. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, Protocol, (idp_id, protocol_id), "federation protocol"))
        rows.remove(session, FederatedUser, idp_id=idp_id, protocol_id=protocol_id)
    audit.changed(deps, ctx, "protocol", "deleted", protocol_id)
