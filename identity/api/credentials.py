"Credentials, EC2 key pairs, and the signatures made with them."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api, Reply
from identity.core import Deps, credentials
from identity.errors import Invalid
from identity.schemas import access as schemas
from identity.views import access as views
from identity.views import links
from identity.views import tokens as token_views

api = Api()
_EC2 = "/v3/users/<user_id>/credentials/OS-EC2"


def _shown(deps: Deps, row: Any) -> dict[str, Any]:
    return {"credential": views.credential(row, credentials.blob(deps, row))}


@api.get("/v3/credentials", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more = credentials.list_all(deps, ctx, args)
    return links.collection(
        "credentials", found, lambda c: views.credential(c, credentials.blob(deps, c)), more=more
    )


@api.post("/v3/credentials", policy=None, body=schemas.CREATE_CREDENTIAL, status=201)
def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    return _shown(deps, credentials.create(deps, ctx, body["credential"]))


@api.get("/v3/credentials/<credential_id>", policy=None)
def show(ctx: Context, deps: Deps, credential_id: str) -> dict[str, Any]:
    return _shown(deps, credentials.load(deps, ctx, credential_id, "identity:get_credential"))


@api.patch("/v3/credentials/<credential_id>", policy=None, body=schemas.UPDATE_CREDENTIAL)
def update(ctx: Context, deps: Deps, body: Any, credential_id: str) -> dict[str, Any]:
    return _shown(deps, credentials.update(deps, ctx, credential_id, body["credential"]))


@api.delete("/v3/credentials/<credential_id>", policy=None)
def delete(ctx: Context, deps: Deps, credential_id: str) -> None:
    credentials.delete(
        deps, ctx, credentials.load(deps, ctx, credential_id, "identity:delete_credential")
    )


@api.get(_EC2, policy=None)
def list_ec2(ctx: Context, deps: Deps, user_id: str) -> dict[str, Any]:
    ctx.enforce("identity:ec2_list_credentials", {"user_id": user_id})
    return links.collection(
        "credentials",
        [
            views.ec2_credential(c, credentials.blob(deps, c))
            for c in credentials.list_ec2(deps, user_id)
        ],
        lambda b: b,
    )


@api.post(_EC2, policy=None, body=schemas.CREATE_EC2, status=201)
def create_ec2(ctx: Context, deps: Deps, body: Any, user_id: str) -> dict[str, Any]:
    row = credentials.create_ec2(deps, ctx, user_id, body["tenant_id"])
    return {"credential": views.ec2_credential(row, credentials.blob(deps, row))}


@api.get(f"{_EC2}/<access>", policy=None)
def show_ec2(ctx: Context, deps: Deps, user_id: str, access: str) -> dict[str, Any]:
    row = credentials.load_ec2(deps, ctx, user_id, access, "identity:ec2_get_credential")
    return {"credential": views.ec2_credential(row, credentials.blob(deps, row))}


@api.delete(f"{_EC2}/<access>", policy=None)
def delete_ec2(ctx: Context, deps: Deps, user_id: str, access: str) -> None:
    row = credentials.load_ec2(deps, ctx, user_id, access, "identity:ec2_delete_credential")
    credentials.delete(deps, ctx, row)


def _token(deps: Deps, body: Any, *, s3: bool) -> Reply:
    given = body.get("credentials") or body.get("ec2Credentials")
    if not given:
        raise Invalid("credentials", "it is required, an object.")
    token, claims, day_key = credentials.login_ec2(deps, given, s3=s3)
    catalog = deps.memory.catalog(claims.project_id, claims.user_id)
    answer: dict[str, Any] = {"token": token_views.token(claims, catalog)}
    if day_key is not None:
        answer["signing_key"] = day_key
    return Reply(answer, 200, {"X-Subject-Token": token})


@api.post("/v3/ec2tokens", policy="identity:ec2tokens_validate", body=schemas.SIGNED)
def ec2_token(deps: Deps, body: Any) -> Reply:
    return _token(deps, body, s3=False)


@api.post("/v3/s3tokens", policy="identity:s3tokens_validate", body=schemas.SIGNED)
def s3_token(deps: Deps, body: Any) -> Reply:
    return _token(deps, body, s3=True)
