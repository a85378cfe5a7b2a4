"""What the image service decides and does. Use cases are functions `verb(deps, ctx, ...)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oslo_config import cfg

from common.client import Services
from common.context import Context
from common.db import Database
from common.schema import Schema
from image.core.blobs import Shelves
from image.core.jobs import Jobs
from image.core.notices import Notices
from image.core.protections import Protections
from image.core.quota import Limits
from image.core.rendered import Rendered
from image.core.workers import LocalWorker
from image.store.images import Viewer


@dataclass
class Deps:
    "What use cases work with; made once in `app.py`."

    config: cfg.ConfigOpts
    db: Database
    shelves: Shelves
    staging: Any
    worker: LocalWorker
    limits: Limits
    notices: Notices
    services: Services
    schema: Schema
    rendered: Rendered = field(default_factory=Rendered)
    protections: Protections = field(default_factory=Protections)
    jobs: Jobs = field(default_factory=lambda: Jobs(1))
    fetch: Any = None
    remote: Any = None
    convert: Any = None
    cache: Any = None


def viewer(ctx: Context) -> Viewer:
    "How the database sees the caller: services see all images, as administrators do."
    return Viewer(ctx.project_id, ctx.is_admin or "service" in ctx.roles)
