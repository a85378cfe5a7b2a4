"""Tasks as JSON."""

from __future__ import annotations

import datetime
from typing import Any

from image.core import Deps
from image.store.models import Task
from image.views.images import moment


def brief(task: Task) -> dict[str, Any]:
    "A task in a list."
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "created_at": moment(task.created_at),
        "updated_at": moment(task.updated_at),
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
        "image_id": task.image_id,
        "request_id": task.request_id,
        "user_id": task.user_id,
    }


def document(task: Task, deps: Deps) -> dict[str, Any]:
    "All of a task."
    ended = task.status in ("success", "failure")
    lifetime = datetime.timedelta(hours=deps.config.imports.task_lifetime_h)
    expires = {"expires_at": moment(task.updated_at + lifetime)} if ended else {}
    return {
        **brief(task),
        **expires,
        "input": task.input,
        "result": task.result,
        "message": task.message,
    }
