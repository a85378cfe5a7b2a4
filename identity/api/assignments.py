"""Grants, in the sixteen places where the API has them, and the list of all.

`/v3/{projects,domains}/ID/{users,groups}/ID/roles[/ID]`, the same below /v3/OS-INHERIT with
`/inherited_to_projects`, and `/v3/system/{users,groups}/ID/roles[/ID]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, assignments, grants
from identity.core.grants import Where
from identity.views import assignments as views
from identity.views import links
from identity.views import roles as role_views

api = Api()


def _routes(path: str, where: Callable[..., Where], suffix: str = "") -> None:
    "The five calls on one kind of grant."
    one = f"{path}/roles/<role_id>{suffix}"

    def index(ctx: Context, deps: Deps, **ids: str) -> dict[str, Any]:
        return links.collection(
            "roles", grants.list_roles(deps, ctx, where(**ids)), role_views.role
        )

    def check(ctx: Context, deps: Deps, role_id: str, **ids: str) -> None:
        grants.check(deps, ctx, where(**ids), role_id)

    def grant(ctx: Context, deps: Deps, role_id: str, **ids: str) -> None:
        grants.grant(deps, ctx, where(**ids), role_id)

    def revoke(ctx: Context, deps: Deps, role_id: str, **ids: str) -> None:
        grants.revoke(deps, ctx, where(**ids), role_id)

    api.get(f"{path}/roles{suffix}", policy=None)(index)
    api.get(one, policy=None)(check)
    api.put(one, policy=None, status=204)(grant)
    api.delete(one, policy=None)(revoke)


def _at(actor: str, target: str, inherited: bool) -> Callable[..., Where]:
    return lambda actor_id, target_id="all": Where(actor, actor_id, target, target_id, inherited)


for _actor in ("user", "group"):
    for _target in ("project", "domain"):
        _path = f"/{_target}s/<target_id>/{_actor}s/<actor_id>"
        _routes(f"/v3{_path}", _at(_actor, _target, False))
        _routes(f"/v3/OS-INHERIT{_path}", _at(_actor, _target, True), "/inherited_to_projects")
    _routes(f"/v3/system/{_actor}s/<actor_id>", _at(_actor, "system", False))


@api.get("/v3/role_assignments", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    lines, names = assignments.listed(deps, ctx, args)
    body = [views.assignment(line, names) for line in lines]
    return links.collection("role_assignments", body, lambda b: b)
