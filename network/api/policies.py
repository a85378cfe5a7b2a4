"/v2.0/rbac-policies, /v2.0/qos, /v2.0/trunks, /v2.0/address-groups, /v2.0/metering, default rules."

from typing import Any

from common.http import Api
from common.http.app import parse_json
from common.schema import Schema
from network import errors
from network.api.crud import Verbs, crud
from network.core import address_groups, metering, qos, rbac, reading, trunks
from network.schemas import attributes as a
from network.schemas import nouns
from network.views import policies as views
from network.views import security

rbac_api = crud(nouns.RBAC_POLICY, Verbs(rbac.create, rbac.update, rbac.delete), views.rbac_policy)
qos_api = crud(
    nouns.QOS_POLICY, Verbs(qos.create, qos.update, qos.delete), views.policy, path="qos/policies"
)
trunk_api = crud(nouns.TRUNK, Verbs(trunks.create, trunks.update, trunks.delete), views.trunk)
group_api = crud(
    nouns.ADDRESS_GROUP,
    Verbs(address_groups.create, address_groups.update, address_groups.delete),
    security.address_group,
)
label_api = crud(
    nouns.METERING_LABEL,
    Verbs(metering.create_label, None, metering.deleter("metering_label")),
    views.metering_label,
    path="metering/metering-labels",
)
meter_api = crud(
    nouns.METERING_RULE,
    Verbs(metering.create_rule, None, metering.deleter("metering_label_rule")),
    views.metering_rule,
    path="metering/metering-label-rules",
)
default_api = crud(
    nouns.DEFAULT_RULE,
    Verbs(metering.create_default_rule, None, metering.deleter("default_security_group_rule")),
    security.default_rule,
)
api = Api("/v2.0")
_SUBPORTS = Schema(
    {
        "type": "object",
        "required": ["sub_ports"],
        "properties": {"sub_ports": nouns.SUB_PORTS.schema},
    }
)
_ADDRESSES = Schema(
    {
        "type": "object",
        "required": ["addresses"],
        "properties": {"addresses": {**a.list_of(a.CIDR).schema, "minItems": 1}},
    }
)


def _kind(plural: str) -> str:
    kind = plural.removesuffix("_rules")
    if kind not in nouns.QOS_RULES:
        raise errors.missing("extension", plural)
    return kind


@api.get("/qos/rule-types", policy="get_rule_type")
def rule_types() -> dict[str, Any]:
    "The types of rules that there are."
    return {"rule_types": [{"type": kind} for kind in nouns.QOS_RULES]}


@api.get("/qos/rule-types/<kind>", policy="admin_only")
def rule_type(kind: str) -> dict[str, Any]:
    "What a type of rules takes; administrators ask which backend enforces it."
    if kind not in nouns.QOS_RULES:
        raise errors.missing("rule_type", kind)
    return {"rule_type": views.rule_type(kind, nouns.QOS_RULES[kind].attributes)}


@api.get("/qos/policies/<policy_id>/<plural>")
def rules(ctx: Any, deps: Any, policy_id: str, plural: str) -> dict[str, Any]:
    "The rules of one type."
    found = qos.rules(deps, ctx, policy_id, _kind(plural))
    return {plural: [views.qos_rule(r, deps) for r in found]}


@api.get("/qos/policies/<policy_id>/<plural>/<key>")
def rule(ctx: Any, deps: Any, policy_id: str, plural: str, key: str) -> dict[str, Any]:
    "One rule."
    kind = _kind(plural)
    return {f"{kind}_rule": views.qos_rule(qos.rule(deps, ctx, policy_id, kind, key), deps)}


@api.post("/qos/policies/<policy_id>/<plural>", status=201)
def add_rule(ctx: Any, deps: Any, request: Any, policy_id: str, plural: str) -> dict[str, Any]:
    "Add a rule."
    kind = _kind(plural)
    resource, body = nouns.QOS_RULES[kind], parse_json(request.get_data(cache=False))
    resource.create.check(body)
    row = qos.add_rule(deps, ctx, policy_id, kind, resource.values(body[resource.name]))
    return {resource.name: views.qos_rule(row, deps)}


@api.put("/qos/policies/<policy_id>/<plural>/<key>")
def change_rule(
    ctx: Any, deps: Any, request: Any, policy_id: str, plural: str, key: str
) -> dict[str, Any]:
    "Change a rule."
    kind = _kind(plural)
    resource, body = nouns.QOS_RULES[kind], parse_json(request.get_data(cache=False))
    resource.update.check(body)
    values = resource.values(body[resource.name], put=True)
    return {
        resource.name: views.qos_rule(
            qos.change_rule(deps, ctx, policy_id, kind, key, values), deps
        )
    }


@api.delete("/qos/policies/<policy_id>/<plural>/<key>")
def remove_rule(ctx: Any, deps: Any, policy_id: str, plural: str, key: str) -> None:
    "Remove a rule."
    qos.remove_rule(deps, ctx, policy_id, _kind(plural), key)


@api.put("/trunks/<key>/add_subports", body=_SUBPORTS)
def add_subports(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Put ports into a trunk."
    return views.trunk(trunks.change_subports(deps, ctx, key, body["sub_ports"], True), deps)


@api.put("/trunks/<key>/remove_subports", body=_SUBPORTS)
def remove_subports(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Take ports out."
    return views.trunk(trunks.change_subports(deps, ctx, key, body["sub_ports"], False), deps)


@api.get("/trunks/<key>/get_subports")
def get_subports(ctx: Any, deps: Any, key: str) -> dict[str, Any]:
    "The ports of a trunk."
    row = reading.show(deps, ctx, "trunk", key)
    ctx.enforce("get_subports", reading.owner(row))
    return {"sub_ports": views.sub_ports(row.subports)}


@api.put("/address-groups/<key>/add_addresses", body=_ADDRESSES)
def add_addresses(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Add prefixes."
    row = address_groups.change(deps, ctx, key, body["addresses"], True)
    return {"address_group": security.address_group(row, deps)}


@api.put("/address-groups/<key>/remove_addresses", body=_ADDRESSES)
def remove_addresses(ctx: Any, deps: Any, body: Any, key: str) -> dict[str, Any]:
    "Take prefixes away."
    row = address_groups.change(deps, ctx, key, body["addresses"], False)
    return {"address_group": security.address_group(row, deps)}
