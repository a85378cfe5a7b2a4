"Keypairs."

from typing import Any

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Api, Reply, Version
from compute.api.listing import limit_of
from compute.core import Deps, keypairs
from compute.schemas import flavors as schemas
from compute.views import flavors as views
from compute.views.links import base

api = Api("/v2.1/os-keypairs")


def _user(
    ctx: Context,
    version: Version,
    args: MultiDict[str, str] | None,
    rule: str,
    asked: str | None = None,
) -> str:
    "Whose keypairs: the caller's, or from 2.10 another user's for an administrator."
    if version >= "2.10":
        asked = asked or (args.get("user_id") if args is not None else None)
    else:
        asked = None
    user = asked or ctx.user_id or ""
    ctx.enforce(
        f"os_compute_api:os-keypairs:{rule}", {"user_id": user, "project_id": ctx.project_id}
    )
    return user


@api.get("", query=schemas.LIST_KEYPAIRS)
def index(ctx: Context, deps: Deps, args: MultiDict[str, str], version: Version) -> dict[str, Any]:
    "All of a user."
    user = _user(ctx, version, args, "index")
    if version < "2.35":
        return {
            "keypairs": [{"keypair": views.keypair(r, version)} for r in keypairs.find(deps, user)]
        }
    limit = limit_of(deps, args)
    rows = keypairs.find(deps, user, limit, args.get("marker"))
    out: dict[str, Any] = {"keypairs": [{"keypair": views.keypair(r, version)} for r in rows]}
    if rows and len(rows) == limit:
        out["keypairs_links"] = [
            {"rel": "next", "href": f"{base()}/os-keypairs?limit={limit}&marker={rows[-1].name}"}
        ]
    return out


@api.post("", body=schemas.CREATE_KEYPAIR)
def create(ctx: Context, deps: Deps, body: dict[str, Any], version: Version) -> Any:
    "Import a key or make a pair."
    wish = body["keypair"]
    user = _user(ctx, version, None, "create", wish.get("user_id"))
    row, private = keypairs.create(
        deps, ctx, user, wish["name"], wish.get("public_key"), wish.get("type", "ssh")
    )
    return Reply(
        {"keypair": views.keypair_made(row, version, private)}, 201 if version >= "2.2" else 200
    )


@api.get("/<name>", query=schemas.USER_OF_KEYPAIR)
def show(
    ctx: Context, deps: Deps, name: str, args: MultiDict[str, str], version: Version
) -> dict[str, Any]:
    "One."
    row = keypairs.get(deps, _user(ctx, version, args, "show"), name)
    return {"keypair": views.keypair_detail(row, version)}


@api.delete("/<name>", query=schemas.USER_OF_KEYPAIR)
def delete(
    ctx: Context, deps: Deps, name: str, args: MultiDict[str, str], version: Version
) -> Reply:
    "Delete it."
    keypairs.delete(deps, _user(ctx, version, args, "delete"), name)
    return Reply(None, 204 if version >= "2.2" else 202)
