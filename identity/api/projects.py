"Projects and their tags."

from __future__ import annotations

from typing import Any

from common.context import Context
from common.http import Api, Reply
from identity.core import Deps, projects
from identity.core.listing import flag
from identity.errors import Invalid, NoSuch
from identity.schemas import projects as schemas
from identity.views import links
from identity.views import projects as views

api = Api()
_TAGS = "/v3/projects/<project_id>/tags"


@api.get("/v3/projects", policy=None)
def index(ctx: Context, deps: Deps, args: Any) -> dict[str, Any]:
    text = projects.list_as_json(deps, ctx, args, views.address())
    if text is not None:
        return links.page("projects", text)
    found, more, tags = projects.list_projects(deps, ctx, args)
    return links.page("projects", views.projects(found, tags), more=more)


@api.post("/v3/projects", policy=None, body=schemas.CREATE, status=201)
def create(ctx: Context, deps: Deps, body: Any) -> dict[str, Any]:
    project = projects.create(deps, ctx, body["project"])
    return {"project": views.project(project, projects.tags_of(deps, project.id))}


@api.get("/v3/projects/<project_id>", policy=None)
def show(ctx: Context, deps: Deps, args: Any, project_id: str) -> dict[str, Any]:
    project = _seen(ctx, deps, project_id, "identity:get_project")
    tree = projects.tree(deps, ctx, project, args)
    for side, found in tree.items():
        if isinstance(found, list):
            tree[side] = [{"project": views.project(p, [])} for p in found]
    return {"project": {**views.project(project, projects.tags_of(deps, project_id)), **tree}}


@api.patch("/v3/projects/<project_id>", policy=None, body=schemas.UPDATE)
def update(ctx: Context, deps: Deps, body: Any, project_id: str) -> dict[str, Any]:
    project = projects.update(deps, ctx, project_id, body["project"])
    return {"project": views.project(project, projects.tags_of(deps, project_id))}


@api.delete("/v3/projects/<project_id>", policy=None)
def delete(ctx: Context, deps: Deps, args: Any, project_id: str) -> None:
    if flag(args, "cascade"):
        projects.delete_cascade(deps, ctx, project_id)
    else:
        projects.delete(deps, ctx, project_id)


def _seen(ctx: Context, deps: Deps, project_id: str, rule: str) -> Any:
    try:
        project = projects.get(deps, project_id)
    except NoSuch:
        ctx.enforce(rule, {})
        raise
    ctx.enforce(rule, projects.target(project))
    return project


@api.get(_TAGS, policy=None)
def list_tags(ctx: Context, deps: Deps, project_id: str) -> dict[str, Any]:
    _seen(ctx, deps, project_id, "identity:list_project_tags")
    return {
        "tags": projects.tags_of(deps, project_id),
        "links": links.own(f"projects/{project_id}/tags") | {"next": None, "previous": None},
    }


@api.put(_TAGS, policy=None, body=schemas.SET_TAGS)
def set_tags(ctx: Context, deps: Deps, body: Any, project_id: str) -> dict[str, Any]:
    _seen(ctx, deps, project_id, "identity:update_project_tags")
    return {
        "tags": projects.set_tags(deps, ctx, project_id, body["tags"]),
        "links": links.own(f"projects/{project_id}/tags") | {"next": None, "previous": None},
    }


@api.delete(_TAGS, policy=None)
def delete_tags(ctx: Context, deps: Deps, project_id: str) -> None:
    _seen(ctx, deps, project_id, "identity:delete_project_tags")
    projects.set_tags(deps, ctx, project_id, [])


@api.get(f"{_TAGS}/<value>", policy=None)
def check_tag(ctx: Context, deps: Deps, project_id: str, value: str) -> None:
    _seen(ctx, deps, project_id, "identity:get_project_tag")
    if value not in projects.tags_of(deps, project_id):
        raise NoSuch("project tag", value)


@api.put(f"{_TAGS}/<value>", policy=None)
def add_tag(ctx: Context, deps: Deps, project_id: str, value: str) -> Reply:
    _seen(ctx, deps, project_id, "identity:create_project_tag")
    if "," in value or len(value) > 255:
        raise Invalid("tag", "a tag has at most 255 characters and no comma or slash.")
    projects.add_tag(deps, ctx, project_id, value)
    return Reply(None, 201, {"Location": links.own(f"projects/{project_id}/tags/{value}")["self"]})


@api.delete(f"{_TAGS}/<value>", policy=None)
def delete_tag(ctx: Context, deps: Deps, project_id: str, value: str) -> None:
    _seen(ctx, deps, project_id, "identity:delete_project_tag")
    projects.remove_tag(deps, ctx, project_id, value)
