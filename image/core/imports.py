"""Asking for an import: what method, into which stores, and whether the image is ready for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.context import Context
from common.db import after_commit
from common.errors import Forbidden
from common.ids import is_uuid
from image.core import Deps, images, importing, quota
from image.core.importing import Plan
from image.errors import FormatsNotSet, ImportRefused, UnknownStore, WrongStatus
from image.schemas.images import BASE
from image.store import tasks
from image.store.models import Task

NEEDS = {
    "glance-direct": "uploading",
    "web-download": "queued",
    "glance-download": "queued",
    "copy-image": "active",
    "location": "queued",
}
"""The status that an image must have for each method."""
LOCATION = "location"
"""Not a method that clients name: see `core.locations`."""
METHODS = tuple(m for m in NEEDS if m != LOCATION)
RULES = {"copy-image": "copy_image", LOCATION: "add_image_location"}


class CopyForbidden(Forbidden):
    "You may only copy images that you own."


@dataclass(frozen=True)
class Request:
    "What a client asks for."

    method: str
    stores: tuple[str, ...] = ()
    all_stores: bool = False
    all_must_succeed: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)


def parse(body: dict[str, Any], header_store: str | None) -> Request:
    "The request in a validated body, and in the header that older clients send."
    method = body["method"]
    named = tuple(dict.fromkeys(body.get("stores", [])))
    if header_store:
        if named or body.get("all_stores"):
            reason = "stores are named in the body and in X-Image-Meta-Store."
            raise ImportRefused(reason=reason)
        named = (header_store,)
    if named and body.get("all_stores"):
        raise ImportRefused(reason="all_stores cannot be used together with stores.")
    return Request(
        method["name"],
        named,
        body.get("all_stores", False),
        body.get("all_stores_must_succeed", True),
        {k: v for k, v in method.items() if k != "name"},
    )


def start(deps: Deps, ctx: Context, image_id: str, request: Request) -> Task:
    "Begin an import; it goes on in a job. Raises ImportRefused, UriRefused, WrongStatus."
    if request.method != LOCATION:
        check_method(deps, request)
    stores = _stores(deps, request)
    deps.worker.ensure()
    rule = RULES.get(request.method, "modify_image")
    with deps.db.write() as session:
        image = images.require_in(session, deps, ctx, image_id, rule, lock=True)
        wanted = NEEDS[request.method]
        if image.status != wanted:
            raise WrongStatus(
                image_id=image_id, status=image.status, action="import", wanted=wanted
            )
        if not (image.disk_format and image.container_format):
            raise FormatsNotSet()
        if request.method == "copy-image":
            stores = _missing(image, stores, request)
        else:
            if image.owner:
                quota.check_upload(deps.limits.of(image.owner), session, image.owner)
            image.status = "importing"
            images.mark_changed(image)
        task = tasks.add(
            session,
            type="location_import" if request.method == LOCATION else "api_image_import",
            owner=ctx.project_id,
            user_id=ctx.user_id,
            request_id=ctx.request_id,
            image_id=image_id,
            worker_id=deps.worker.id,
            input={
                "image_id": image_id,
                "import_req": {
                    "method": {"name": request.method, **request.arguments},
                    "stores": list(stores),
                    "all_stores_must_succeed": request.all_must_succeed,
                },
                "backend": list(stores),
            },
        )
        plan = Plan(
            task.id,
            image_id,
            request.method,
            tuple(stores),
            request.all_must_succeed,
            request.arguments,
        )
        after_commit(session, lambda: deps.jobs.put(lambda: importing.run(deps, ctx, plan)))
    return task


def check_method(deps: Deps, request: Request) -> None:
    "Whether the method is offered and its arguments can be right."
    if request.method not in deps.config.imports.methods or request.method not in METHODS:
        raise ImportRefused(reason=f"unknown import method name '{request.method}'.")
    if request.method == "web-download":
        uri = request.arguments.get("uri")
        if not isinstance(uri, str) or not uri:
            raise ImportRefused(reason="web-download needs 'uri'.")
        deps.fetch.guard.check_form(uri)
    if request.method == "glance-download":
        if not is_uuid(request.arguments.get("glance_image_id")):
            reason = "glance-download needs 'glance_image_id': image id does not look like a UUID."
            raise ImportRefused(reason=reason)
        if not isinstance(request.arguments.get("glance_region"), str):
            raise ImportRefused(reason="glance-download needs 'glance_region'.")
        if not isinstance(request.arguments.get("glance_service_interface", "public"), str):
            raise ImportRefused(reason="'glance_service_interface' is a text.")


def _stores(deps: Deps, request: Request) -> tuple[str, ...]:
    if request.all_stores:
        return tuple(deps.shelves.by_name)
    for name in request.stores:
        if name not in deps.shelves.by_name:
            raise UnknownStore(store=name)
    return request.stores or (deps.shelves.default,)


def _missing(image: Any, stores: tuple[str, ...], request: Request) -> tuple[str, ...]:
    have = {b.store for b in image.blobs if b.state != "deleting"}
    missing = tuple(s for s in stores if s not in have)
    if not missing and not request.all_stores:
        raise ImportRefused(reason="the image is in all of these stores already.")
    if len(missing) < len(stores) and not request.all_stores and request.all_must_succeed:
        there = ", ".join(s for s in stores if s in have)
        raise ImportRefused(reason=f"the image is already in {there}.")
    return missing


def import_task(deps: Deps, ctx: Context, given: dict[str, Any]) -> Task:
    "The tasks API's import: a new image from a URI."
    uri = given["import_from"]
    deps.fetch.guard.check_form(uri)
    body = {k: v for k, v in given["image_properties"].items() if k in BASE or isinstance(v, str)}
    image = images.create(deps, ctx, body)
    return start(deps, ctx, image.id, Request("web-download", arguments={"uri": uri}))
