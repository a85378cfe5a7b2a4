"/v2.0/quotas"

from typing import Any

from common.http import Api
from common.schema import Schema
from network.core import quotas

api = Api("/v2.0/quotas")
_LIMIT = {
    "anyOf": [
        {"type": "integer", "minimum": -1, "maximum": 2147483647},
        {"type": "string", "pattern": "^(-1|[0-9]{1,9})$"},
    ]
}
_UPDATE = Schema(
    {
        "type": "object",
        "required": ["quota"],
        "properties": {
            "quota": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **dict.fromkeys(quotas.RESOURCES, _LIMIT),
                    "tenant_id": {"type": "string"},
                    "project_id": {"type": "string"},
                    "check_limit": {"type": "boolean"},
                    "force": {"type": "boolean"},
                },
            }
        },
    }
)


@api.get("", policy="update_quota")
def index(deps: Any) -> dict[str, Any]:
    "Every project with limits of its own."
    return {"quotas": quotas.listed(deps)}


@api.get("/tenant", policy="get_quota")
@api.get("/project", policy="get_quota")
def mine(ctx: Any) -> dict[str, Any]:
    "Which project the token is for."
    return {"tenant": {"tenant_id": ctx.project_id, "project_id": ctx.project_id}}


@api.get("/<project_id>")
def show(ctx: Any, deps: Any, project_id: str) -> dict[str, Any]:
    "The limits of a project."
    ctx.enforce("get_quota", {"project_id": project_id})
    return {"quota": quotas.show(deps, project_id)}


@api.get("/<project_id>/default")
def default(ctx: Any, deps: Any, project_id: str) -> dict[str, Any]:
    "The limits of a project for which none were set."
    ctx.enforce("get_quota", {"project_id": project_id})
    return {"quota": quotas.defaults(deps)}


@api.get("/<project_id>/details")
@api.get("/<project_id>/details.json")
def details(ctx: Any, deps: Any, project_id: str) -> dict[str, Any]:
    "Limits and use."
    ctx.enforce("get_quota", {"project_id": project_id})
    return {"quota": quotas.details(deps, project_id)}


@api.put("/<project_id>", body=_UPDATE)
def update(ctx: Any, deps: Any, body: Any, project_id: str) -> dict[str, Any]:
    "Set limits; below what is used only with `force`."
    ctx.enforce("update_quota", {"project_id": project_id})
    sent = {k: int(v) for k, v in body["quota"].items() if k in quotas.RESOURCES}
    force = bool(body["quota"].get("force"))
    return {"quota": quotas.update(deps, project_id, sent, force)}


@api.delete("/<project_id>")
def delete(ctx: Any, deps: Any, project_id: str) -> None:
    "Back to the defaults."
    ctx.enforce("delete_quota", {"project_id": project_id})
    quotas.delete(deps, project_id)
