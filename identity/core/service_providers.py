"""Service providers: other clouds that trust this one (OS-FEDERATION). Tokens name those that are
enabled.

Source: Identity API v3 extensions, "OS-FEDERATION", service providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.context import Context
from identity.core import Deps, audit, listing
from identity.errors import Duplicate
from identity.store import listing as store
from identity.store import rows
from identity.store.models import ServiceProvider

_CHANGE = ("auth_url", "sp_url", "enabled", "description", "relay_state_prefix")


def list_all(deps: Deps, args: Mapping[str, str]) -> tuple[list[ServiceProvider], bool]:
    "Those that a query asks for."
    wanted = listing.parse(deps, args, "id", booleans="enabled")
    with deps.db.read() as session:
        return store.everything(session, ServiceProvider, wanted)


def get(deps: Deps, sp_id: str) -> ServiceProvider:
    "A service provider. Raises NoSuch."
    with deps.db.read() as session:
        return rows.get(session, ServiceProvider, sp_id, "service provider")


def create(deps: Deps, ctx: Context, sp_id: str, given: dict[str, Any]) -> ServiceProvider:
    "A new one. Raises Duplicate."
    row = ServiceProvider(id=sp_id, enabled=False, relay_state_prefix="ss:mem:")
    _apply(row, given)
    with deps.db.write() as session:
        if session.get(ServiceProvider, sp_id) is not None:
            raise Duplicate.name("service_provider", sp_id)
        rows.add(session, row, lambda: Duplicate.name("service_provider", sp_id))
        rows.bump(session, "catalog")
    _changed(deps, ctx, "created", sp_id)
    return row


def update(deps: Deps, ctx: Context, sp_id: str, given: dict[str, Any]) -> ServiceProvider:
    "Change one. Raises NoSuch."
    with deps.db.write() as session:
        row = rows.get(session, ServiceProvider, sp_id, "service provider")
        _apply(row, given)
        rows.bump(session, "catalog")
    _changed(deps, ctx, "updated", sp_id)
    return row


def delete(deps: Deps, ctx: Context, sp_id: str) -> None:
    "Forget one. Raises NoSuch."
    with deps.db.write() as session:
        session.delete(rows.get(session, ServiceProvider, sp_id, "service provider"))
        rows.bump(session, "catalog")
    _changed(deps, ctx, "deleted", sp_id)


def _apply(row: ServiceProvider, given: dict[str, Any]) -> None:
    for name in _CHANGE:
        if name in given and (given[name] is not None or name == "description"):
            setattr(row, name, given[name])


def _changed(deps: Deps, ctx: Context, operation: str, sp_id: str) -> None:
    deps.memory.refresh()
    audit.changed(deps, ctx, "service_provider", operation, sp_id)
