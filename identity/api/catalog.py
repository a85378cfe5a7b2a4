"Regions, services, endpoints, endpoint groups, policies: five nouns with the same five calls."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, catalog
from identity.errors import Invalid
from identity.schemas import catalog as schemas
from identity.views import links
from identity.views.catalog import VIEWS, region

api = Api()


def _routes(kind: str, plural: str, path: str) -> None:
    view, one = VIEWS[kind], f"{path}/<row_id>"

    def index(deps: Deps, args: Any) -> dict[str, Any]:
        found, more = catalog.list_all(deps, kind, args)
        return links.collection(plural, found, view, more=more)

    def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
        return {kind: view(catalog.create(deps, ctx, kind, body[kind]))}

    def show(deps: Deps, row_id: str) -> dict[str, Any]:
        return {kind: view(catalog.get(deps, kind, row_id))}

    def update(ctx: Context, deps: Deps, body: Any, row_id: str) -> dict[str, Any]:
        return {kind: view(catalog.update(deps, ctx, kind, row_id, body[kind]))}

    def delete(ctx: Context, deps: Deps, row_id: str) -> None:
        catalog.delete(deps, ctx, kind, row_id)

    api.get(path, policy=f"identity:list_{plural}")(index)
    api.post(path, policy=f"identity:create_{kind}", body=schemas.CREATE[kind], status=201)(create)
    api.get(one, policy=f"identity:get_{kind}")(show)
    api.patch(one, policy=f"identity:update_{kind}", body=schemas.UPDATE[kind])(update)
    api.delete(one, policy=f"identity:delete_{kind}")(delete)


for _kind in ("region", "service", "endpoint"):
    _routes(_kind, f"{_kind}s", f"/v3/{_kind}s")
_routes("endpoint_group", "endpoint_groups", "/v3/OS-EP-FILTER/endpoint_groups")
_routes("policy", "policies", "/v3/policies")


@api.put(
    "/v3/regions/<region_id>",
    policy="identity:create_region",
    body=schemas.CREATE["region"],
    status=201,
)
def put_region(ctx: Context, deps: Deps, body: Any, region_id: str) -> dict[str, Any]:
    given = body["region"]
    if given.setdefault("id", region_id) != region_id:
        raise Invalid("region.id", "it is not the id in the URL.")
    return {"region": region(catalog.create(deps, ctx, "region", given))}
