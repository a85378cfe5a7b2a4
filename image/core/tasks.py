"""Tasks: asking what became of an import, and the tasks API of administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.context import Context
from image.core import Deps, images
from image.errors import InvalidFilter, TaskNotFound
from image.store import tasks as table
from image.store.models import Task

STATUSES = ("pending", "processing", "success", "failure")
TYPES = ("import", "api_image_import", "location_import")


def get(deps: Deps, ctx: Context, task_id: str) -> Task:
    "One task of the caller's project (of any, for administrators)."
    with deps.db.read() as session:
        task = table.get(session, task_id)
    if task is None or not (ctx.is_admin or task.owner == ctx.project_id):
        raise TaskNotFound(task_id=task_id)
    return task


def find(deps: Deps, ctx: Context, args: Mapping[str, str], limit: int) -> Sequence[Task]:
    "Tasks, the newest first; filters type and status."
    filters = {}
    for name, values in (("type", TYPES), ("status", STATUSES)):
        if name in args:
            if args[name] not in values:
                reason = f"One of {', '.join(values)}."
                raise InvalidFilter(field=name, value=args[name], reason=reason)
            filters[name] = args[name]
    direction = args.get("sort_dir", "desc")
    if direction not in ("asc", "desc"):
        raise InvalidFilter(field="sort_dir", value=direction, reason="asc or desc.")
    with deps.db.read() as session:
        owner = None if ctx.is_admin else ctx.project_id
        found = table.page(
            session,
            owner=owner,
            filters=filters,
            limit=limit,
            marker=args.get("marker"),
            descending=direction == "desc",
        )
    if found is None:
        raise InvalidFilter(field="marker", value=args["marker"], reason="There is no such task.")
    return found


def of_image(deps: Deps, ctx: Context, image_id: str) -> Sequence[Task]:
    "The tasks of an image that the caller may see."
    with deps.db.read() as session:
        images.require_in(session, deps, ctx, image_id, "get_image")
        return table.of_image(session, image_id)
