"Configuration of single domains: whole, by group, by option; defaults; password rules."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api, Reply
from identity.core import Deps, domain_config
from identity.schemas import projects as schemas

api = Api()
_ALL = "/v3/domains/<domain_id>/config"
_GROUP = f"{_ALL}/<group>"
_OPTION = f"{_GROUP}/<option>"
_DEFAULT = "/v3/domains/config/default"
_RULES = f"{_ALL}/security_compliance"


@api.get(_DEFAULT, policy="identity:get_domain_config_default")
def default() -> dict[str, Any]:
    return {"config": domain_config.default()}


@api.get("/v3/domains/config/<group>/default", policy="identity:get_domain_config_default")
def default_group(group: str) -> dict[str, Any]:
    return {"config": domain_config.default(group)}


@api.get("/v3/domains/config/<group>/<option>/default", policy="identity:get_domain_config_default")
def default_option(group: str, option: str) -> dict[str, Any]:
    return {"config": domain_config.default(group, option)}


@api.get(_RULES, policy="identity:get_security_compliance_domain_config")
def rules(deps: Deps, domain_id: str) -> dict[str, Any]:
    return {"config": domain_config.password_rules(deps, domain_id)}


@api.get(f"{_RULES}/<option>", policy="identity:get_security_compliance_domain_config")
def rule(deps: Deps, domain_id: str, option: str) -> dict[str, Any]:
    return {"config": domain_config.password_rules(deps, domain_id, option)}


@api.get(_ALL, policy="identity:get_domain_config")
def show(deps: Deps, domain_id: str) -> dict[str, Any]:
    return {"config": domain_config.get(deps, domain_id)}


@api.put(_ALL, policy="identity:create_domain_config", body=schemas.CONFIG)
def replace(ctx: Context, deps: Deps, body: Any, domain_id: str) -> Reply:
    made, new = domain_config.replace(deps, ctx, domain_id, body["config"])
    return Reply({"config": made}, 201 if new else 200)


@api.patch(_ALL, policy="identity:update_domain_config", body=schemas.CONFIG)
def update(ctx: Context, deps: Deps, body: Any, domain_id: str) -> dict[str, Any]:
    return {"config": domain_config.update(deps, ctx, domain_id, body["config"])}


@api.delete(_ALL, policy="identity:delete_domain_config")
def delete(ctx: Context, deps: Deps, domain_id: str) -> None:
    domain_config.delete(deps, ctx, domain_id)


@api.get(_GROUP, policy="identity:get_domain_config")
def show_group(deps: Deps, domain_id: str, group: str) -> dict[str, Any]:
    return {"config": domain_config.get(deps, domain_id, group)}


@api.patch(_GROUP, policy="identity:update_domain_config", body=schemas.CONFIG)
def update_group(ctx: Context, deps: Deps, body: Any, domain_id: str, group: str) -> dict[str, Any]:
    return {"config": domain_config.update(deps, ctx, domain_id, body["config"], group)}


@api.delete(_GROUP, policy="identity:delete_domain_config")
def delete_group(ctx: Context, deps: Deps, domain_id: str, group: str) -> None:
    domain_config.delete(deps, ctx, domain_id, group)


@api.get(_OPTION, policy="identity:get_domain_config")
def show_option(deps: Deps, domain_id: str, group: str, option: str) -> dict[str, Any]:
    return {"config": domain_config.get(deps, domain_id, group, option)}


@api.patch(_OPTION, policy="identity:update_domain_config", body=schemas.CONFIG)
def update_option(
    ctx: Context, deps: Deps, body: Any, domain_id: str, group: str, option: str
) -> dict[str, Any]:
    changed = domain_config.update(deps, ctx, domain_id, body["config"], group, option)
    return {"config": changed}


@api.delete(_OPTION, policy="identity:delete_domain_config")
def delete_option(ctx: Context, deps: Deps, domain_id: str, group: str, option: str) -> None:
    domain_config.delete(deps, ctx, domain_id, group, option)
