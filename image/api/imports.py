"/v2/images/{id}/import, and the tasks that imports are."

from common.http import Api, Reply
from common.http.paging import parse_limit
from image.core import imports, tasks
from image.schemas.imports import IMPORT
from image.schemas.tasks import CREATE
from image.views.tasks import brief, document

api = Api()


@api.post("/v2/images/<image_id>/import", policy=None, body=IMPORT, status=202)
def start(ctx, deps, image_id, body, request):
    "Begin an import."
    wanted = imports.parse(body, request.headers.get("X-Image-Meta-Store"))
    imports.start(deps, ctx, image_id, wanted)
    return Reply(None, 202)


@api.get("/v2/images/<image_id>/tasks", policy=None)
def of_image(ctx, deps, image_id):
    "What is and was being done with an image."
    return {"tasks": [document(t, deps) for t in tasks.of_image(deps, ctx, image_id)]}


@api.get("/v2/tasks", policy="tasks_api_access")
def index(ctx, deps, args):
    "All tasks, page by page."
    conf = deps.config.image
    limit = parse_limit(args, default=conf.page_default, most=conf.page_most) or 0
    found = tasks.find(deps, ctx, args, limit)
    page = {
        "tasks": [brief(t) for t in found],
        "first": "/v2/tasks",
        "schema": "/v2/schemas/tasks",
    }
    if found and len(found) == limit:
        page["next"] = f"/v2/tasks?marker={found[-1].id}&limit={limit}"
    return page


@api.post("/v2/tasks", policy="tasks_api_access", body=CREATE, status=201)
def create(ctx, deps, body):
    "Import an image from a URI."
    task = imports.import_task(deps, ctx, body["input"])
    return Reply(document(task, deps), 201, {"Location": f"/v2/tasks/{task.id}"})


@api.get("/v2/tasks/<task_id>", policy="tasks_api_access")
def show(ctx, deps, task_id):
    "One task."
    return document(tasks.get(deps, ctx, task_id), deps)
