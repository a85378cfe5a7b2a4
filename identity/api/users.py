"Users, their passwords, groups and memberships."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api
from identity.core import Deps, groups, passwords, self_service, users
from identity.schemas import people as schemas
from identity.views import links
from identity.views import people as views
from identity.views import projects as project_views

api = Api()


@api.get("/v3/users", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more, ends = users.list_users(deps, ctx, args)
    return links.collection("users", found, lambda u: views.user(u, ends.get(u.id)), more=more)


@api.post("/v3/users", policy=None, body=schemas.CREATE_USER, status=201)
def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    user = users.create(deps, ctx, body["user"])
    return {
        "user": views.user(
            user, users.expiry(deps, user.id), users.federated(deps, user.id) or None
        )
    }


@api.get("/v3/users/<user_id>", policy=None)
def show(ctx: Context, deps: Deps, user_id: str) -> dict[str, Any]:
    user = users.load(deps, ctx, user_id, "identity:get_user")
    return {"user": views.user(user, users.expiry(deps, user_id), users.federated(deps, user_id))}


@api.patch("/v3/users/<user_id>", policy=None, body=schemas.UPDATE_USER)
def update(ctx: Context, deps: Deps, body: Any, user_id: str) -> dict[str, Any]:
    user = users.update(deps, ctx, user_id, body["user"])
    return {
        "user": views.user(
            user, users.expiry(deps, user_id), users.federated(deps, user_id) or None
        )
    }


@api.delete("/v3/users/<user_id>", policy=None)
def delete(ctx: Context, deps: Deps, user_id: str) -> None:
    users.delete(deps, ctx, user_id)


@api.post("/v3/users/<user_id>/password", open=True, body=schemas.CHANGE_PASSWORD, status=204)
def change_password(deps: Deps, body: Any, user_id: str) -> None:
    passwords.change(deps, user_id, body["user"]["original_password"], body["user"]["password"])


@api.get("/v3/users/<user_id>/groups", policy=None)
def groups_of(ctx: Context, deps: Deps, args: Any, user_id: str) -> dict[str, Any]:
    users.load(deps, ctx, user_id, "identity:list_groups_for_user")
    found, more = groups.list_groups(deps, ctx, args, user_id)
    ends = groups.membership_ends(deps, user_id)
    return links.collection("groups", found, lambda g: views.group(g, ends.get(g.id)), more=more)


@api.get("/v3/users/<user_id>/projects", policy=None)
def projects_of(ctx: Context, deps: Deps, args: Any, user_id: str) -> dict[str, Any]:
    users.load(deps, ctx, user_id, "identity:list_user_projects")
    found, more, tags = self_service.projects_of(deps, user_id, args)
    return links.collection(
        "projects", found, lambda p: project_views.project(p, tags.get(p.id, [])), more=more
    )


@api.get("/v3/groups", policy=None)
def list_groups(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    found, more = groups.list_groups(deps, ctx, args)
    return links.collection("groups", found, views.group, more=more)


@api.post("/v3/groups", policy=None, body=schemas.CREATE_GROUP, status=201)
def create_group(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    return {"group": views.group(groups.create(deps, ctx, body["group"]))}


@api.get("/v3/groups/<group_id>", policy=None)
def show_group(ctx: Context, deps: Deps, group_id: str) -> dict[str, Any]:
    return {"group": views.group(groups.load(deps, ctx, group_id, "identity:get_group"))}


@api.patch("/v3/groups/<group_id>", policy=None, body=schemas.UPDATE_GROUP)
def update_group(ctx: Context, deps: Deps, body: Any, group_id: str) -> dict[str, Any]:
    return {"group": views.group(groups.update(deps, ctx, group_id, body["group"]))}


@api.delete("/v3/groups/<group_id>", policy=None)
def delete_group(ctx: Context, deps: Deps, group_id: str) -> None:
    groups.delete(deps, ctx, group_id)


@api.get("/v3/groups/<group_id>/users", policy=None)
def users_of(ctx: Context, deps: Deps, args: Any, group_id: str) -> dict[str, Any]:
    groups.load_with_members(deps, ctx, group_id, "identity:list_users_in_group")
    found, more, ends = users.list_users(deps, ctx, args, group_id)
    return links.collection("users", found, lambda u: views.user(u, ends.get(u.id)), more=more)


@api.get("/v3/groups/<group_id>/users/<user_id>", policy=None)
def check_member(ctx: Context, deps: Deps, group_id: str, user_id: str) -> None:
    groups.check_member(deps, ctx, group_id, user_id)


@api.put("/v3/groups/<group_id>/users/<user_id>", policy=None, status=204)
def add_member(ctx: Context, deps: Deps, group_id: str, user_id: str) -> None:
    groups.add_member(deps, ctx, group_id, user_id)


@api.delete("/v3/groups/<group_id>/users/<user_id>", policy=None)
def remove_member(ctx: Context, deps: Deps, group_id: str, user_id: str) -> None:
    groups.remove_member(deps, ctx, group_id, user_id)
