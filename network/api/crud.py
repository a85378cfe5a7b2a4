"""The five routes that every resource of this API has alike: list, show, create (one or
several), update, delete. What the caller may not see is not in a list, and is not found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from common.http import Api, serving
from common.http.app import parse_json
from common.schema import InvalidBody
from network import errors
from network.core import access, listing, reading
from network.schemas.attributes import Resource

View = Callable[[Any, Any], dict[str, Any]]


@dataclass(frozen=True)
class Verbs:
    "What the core does for each verb; None where the API has no such route."

    create: Any = None
    update: Any = None
    delete: Any = None
    create_many: Any = None


def crud(
    resource: Resource,
    verbs: Verbs,
    view: View,
    *,
    path: str | None = None,
    policy: str | None = None,
    before_list: Callable[[Any, Any, Any], None] | None = None,
) -> Api:
    "The routes of a resource. `policy` is its name in the rules, where it differs."
    api = Api()
    base = f"/v2.0/{path or resource.plural.replace('_', '-')}"
    rule = policy or resource.name

    @api.get(base)
    def index(ctx: Any, deps: Any, args: Any) -> dict[str, Any]:
        mine = {"project_id": ctx.project_id, "network:project_id": ctx.project_id}
        if not ctx.allows(f"get_{rule}", mine):
            return {resource.plural: []}
        if before_list:
            before_list(deps, ctx, args)
        query = listing.parse(resource.name, args)
        rows = reading.page(deps, ctx, resource.name, query)
        show = shaper(resource, rule, ctx, args)
        out: dict[str, Any] = {resource.plural: [show(view(row, deps)) for row in rows]}
        return out | links(resource.plural, query, args, rows)

    @api.get(f"{base}/<key>")
    def show(ctx: Any, deps: Any, args: Any, key: str) -> dict[str, Any]:
        row = reading.show(deps, ctx, resource.name, key)
        if not ctx.allows(f"get_{rule}", target_of(row, ctx)):
            raise errors.missing(resource.name, key)
        return {resource.name: shaper(resource, rule, ctx, args)(view(row, deps))}

    if verbs.create:
        _create_route(api, base, resource, verbs, view, rule)
    if verbs.update:
        _update_route(api, base, resource, verbs, view, rule)
    if verbs.delete:

        @api.delete(f"{base}/<key>")
        def delete(ctx: Any, deps: Any, request: Any, key: str) -> None:
            ctx.allows("admin_only")
            verbs.delete(deps, ctx, key, listing.revision(request.headers.get("If-Match")))

    return api


def _create_route(
    api: Api, base: str, resource: Resource, verbs: Verbs, view: View, rule: str
) -> None:
    @api.post(base, status=201)
    def create(ctx: Any, deps: Any, request: Any) -> dict[str, Any]:
        body = parse_json(request.get_data(cache=False))
        show = shaper(resource, rule, ctx, None)
        if isinstance(body, dict) and resource.plural in body and resource.bulk:
            body = {resource.plural: _unwrapped(body[resource.plural], resource.name)}
            resource.create_many.check(body)
            sent = body[resource.plural]
            many = [_owned(resource.values(one, ctx.project_id), ctx) for one in sent]
            guarded = [resource.guarded(one) for one in sent]
            if verbs.create_many:
                rows = verbs.create_many(deps, ctx, many, guarded)
            else:
                rows = _one_by_one(deps, ctx, verbs, many, guarded)
            return {resource.plural: [show(view(row, deps)) for row in rows]}
        resource.create.check(body)
        one = body[resource.name]
        values = _owned(resource.values(one, ctx.project_id), ctx)
        row = verbs.create(deps, ctx, values, resource.guarded(one))
        return {resource.name: show(view(row, deps))}


def _unwrapped(sent: Any, name: str) -> Any:
    # Each of several may be in an object of its own, as one alone is.
    if not isinstance(sent, list):
        return sent
    return [one[name] if isinstance(one, dict) and list(one) == [name] else one for one in sent]


def _owned(values: dict[str, Any], ctx: Any) -> dict[str, Any]:
    project = values.get("project_id")
    if project and project != ctx.project_id and not access.sees_all(ctx):
        raise errors.HTTPBadRequest(
            reason="Specifying 'project_id' other than the authenticated project in request "
            "requires admin privileges."
        )
    return values


def _one_by_one(
    deps: Any, ctx: Any, verbs: Verbs, many: list[Any], guarded: list[Any]
) -> list[Any]:
    # All or none: what was made before the failure goes again.
    made: list[Any] = []
    try:
        for values, names in zip(many, guarded, strict=True):
            made.append(verbs.create(deps, ctx, values, names))
    except Exception:
        for row in reversed(made):
            verbs.delete(deps, ctx, row.id, None)
        raise
    return made


def _update_route(
    api: Api, base: str, resource: Resource, verbs: Verbs, view: View, rule: str
) -> None:
    @api.put(f"{base}/<key>")
    def update(ctx: Any, deps: Any, request: Any, key: str) -> dict[str, Any]:
        ctx.allows("admin_only")
        body = parse_json(request.get_data(cache=False))
        if not isinstance(body, dict) or resource.name not in body:
            raise InvalidBody(reason=f"{resource.name} is missing.")
        _check_update(resource, body)
        sent = body[resource.name]
        row = verbs.update(
            deps,
            ctx,
            key,
            resource.values(sent, put=True),
            resource.guarded(sent, put=True),
            listing.revision(request.headers.get("If-Match")),
        )
        return {resource.name: shaper(resource, rule, ctx, None)(view(row, deps))}


def _check_update(resource: Resource, body: dict[str, Any]) -> None:
    sent = body[resource.name]
    for name in sent if isinstance(sent, dict) else ():
        attribute = resource.attributes.get(name)
        if (attribute is not None and not attribute.put) or name in (
            "id",
            "status",
            "created_at",
            "tenant_id",
            "project_id",
        ):
            raise errors.HTTPBadRequest(reason=f"Cannot update read-only attribute {name}")
    resource.update.check(body)


def target_of(row: Any, ctx: Any) -> dict[str, Any]:
    "The policy target of a row that is shown; a port's network owner counts too."
    project = getattr(row, "project_id", ctx.project_id)
    network = getattr(row, "__dict__", {}).get("network")
    return {
        "project_id": project,
        "tenant_id": project,
        "network:project_id": network.project_id if network is not None else project,
    }


def shaper(
    resource: Resource, rule: str, ctx: Any, args: Any
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    "Leaves out what the caller may not see and, with `fields`, what it did not ask for."
    hidden = {
        name
        for name in resource.secrets
        if not ctx.allows(f"get_{rule}:{name}", {"project_id": ctx.project_id})
    }
    fields = set(args.getlist("fields")) if args is not None and "fields" in args else None

    def shape(view: dict[str, Any]) -> dict[str, Any]:
        if fields is not None:
            return {k: v for k, v in view.items() if k in fields and k not in hidden}
        for name in hidden:
            view.pop(name, None)
        return view

    return shape


def links(plural: str, query: Any, args: Any, rows: list[Any]) -> dict[str, Any]:
    "`*_links` to the pages around this one, when a limit was given."
    if not query.limit:
        return {}
    url, out = serving().request.base_url, []
    there = [(k, v) for k, v in args.items(multi=True) if k not in ("marker", "page_reverse")]

    def link(rel: str, *more: tuple[str, str]) -> None:
        out.append({"rel": rel, "href": f"{url}?{urlencode([*there, *more])}"})

    full = len(rows) == query.limit
    if full or query.reverse:
        link("next", *([("marker", rows[-1].id)] if rows else []))
    if query.marker and not query.reverse or full and query.reverse:
        # Before the first of these; past the end, the last page.
        link("previous", *([("marker", rows[0].id)] if rows else []), ("page_reverse", "True"))
    return {f"{plural}_links": out} if out else {}
