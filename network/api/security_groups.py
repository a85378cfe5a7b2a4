"/v2.0/security-groups, /v2.0/security-group-rules"

from typing import Any

from network.api.crud import Verbs, crud
from network.core import access, security_groups, security_rules
from network.schemas.nouns import SECURITY_GROUP, SECURITY_GROUP_RULE
from network.views import security as views


def _look(deps: Any, ctx: Any, args: Any) -> None:
    named = args.get("project_id") or args.get("tenant_id")
    security_groups.look(deps, named if named and access.sees_all(ctx) else ctx.project_id)


api = crud(
    SECURITY_GROUP,
    Verbs(security_groups.create, security_groups.update, security_groups.delete),
    views.security_group,
    before_list=_look,
)
rule_api = crud(
    SECURITY_GROUP_RULE,
    Verbs(
        security_rules.create,
        security_rules.update,
        security_rules.delete,
        security_rules.create_many,
    ),
    views.security_group_rule,
)
