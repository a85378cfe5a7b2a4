"Service providers: other clouds that trust this one."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, service_providers
from identity.schemas import federation as schemas
from identity.views import federation as views
from identity.views import links

api = Api()
_ALL = "/v3/OS-FEDERATION/service_providers"
_ONE = f"{_ALL}/<sp_id>"


@api.get(_ALL, policy="identity:list_service_providers")
def index(deps: Deps, args: Any) -> dict[str, Any]:
    found, more = service_providers.list_all(deps, args)
    return links.collection("service_providers", found, views.service_provider, more=more)


@api.put(
    _ONE,
    policy="identity:create_service_provider",
    body=schemas.CREATE["service_provider"],
    status=201,
)
def create(ctx: Context, deps: Deps, body: Any, sp_id: str) -> dict[str, Any]:
    made = service_providers.create(deps, ctx, sp_id, body["service_provider"])
    return {"service_provider": views.service_provider(made)}


@api.get(_ONE, policy="identity:get_service_provider")
def show(deps: Deps, sp_id: str) -> dict[str, Any]:
    return {"service_provider": views.service_provider(service_providers.get(deps, sp_id))}


@api.patch(_ONE, policy="identity:update_service_provider", body=schemas.UPDATE["service_provider"])
def update(ctx: Context, deps: Deps, body: Any, sp_id: str) -> dict[str, Any]:
    row = service_providers.update(deps, ctx, sp_id, body["service_provider"])
    return {"service_provider": views.service_provider(row)}


@api.delete(_ONE, policy="identity:delete_service_provider")
def delete(ctx: Context, deps: Deps, sp_id: str) -> None:
    service_providers.delete(deps, ctx, sp_id)
