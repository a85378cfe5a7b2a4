"Quotas: how many of each resource a project may have."

from __future__ import annotations

from typing import Any

from network import errors
from network.core import Deps
from network.store import quotas as store

RESOURCES = tuple(store.COUNTED)


def default(deps: Deps, resource: str) -> int:
    "The limit of a project for which none was set."
    return int(getattr(deps.config.quota, resource))


def check(session: Any, deps: Deps, project_id: str, resource: str, adding: int = 1) -> None:
    """Raise OverQuota if the project may not have `adding` more. Call it in the transaction that
    adds them: until its end nobody else adds to the project."""
    if not project_id:
        return
    limit = store.limit(session, project_id, resource)
    limit = default(deps, resource) if limit is None else limit
    if limit < 0:
        return
    store.take_turn(session, project_id)
    if store.used(session, resource, project_id) + adding > limit:
        raise errors.OverQuota(resource=resource)


def show(deps: Deps, project_id: str) -> dict[str, int]:
    "All limits of a project."
    with deps.db.read() as session:
        return {r: default(deps, r) for r in RESOURCES} | store.limits(session, project_id)


def details(deps: Deps, project_id: str) -> dict[str, dict[str, int]]:
    "All limits of a project with what is used."
    with deps.db.read() as session:
        limits = {r: default(deps, r) for r in RESOURCES} | store.limits(session, project_id)
        return {
            r: {"limit": limits[r], "used": store.used(session, r, project_id), "reserved": 0}
            for r in RESOURCES
        }


def defaults(deps: Deps) -> dict[str, int]:
    "The limits of a project for which none were set."
    return {r: default(deps, r) for r in RESOURCES}


def update(deps: Deps, project_id: str, values: dict[str, int], force: bool) -> dict[str, int]:
    "Set limits of a project. Raises QuotaBelowUse, unless `force`."

    def work(session: Any) -> None:
        if not force:
            store.take_turn(session, project_id)
            for name, limit in values.items():
                used = store.used(session, name, project_id)
                if 0 <= limit < used:
                    raise errors.QuotaBelowUse(resource=name, used=used, limit=limit)
        store.set_limits(session, project_id, values)

    deps.write(work)
    return show(deps, project_id)


def delete(deps: Deps, project_id: str) -> None:
    "Back to the defaults."
    deps.write(lambda session: store.reset(session, project_id))


def listed(deps: Deps) -> list[dict[str, Any]]:
    "Every project with limits of its own."
    with deps.db.read() as session:
        base = defaults(deps)
        return [
            {"project_id": p, "tenant_id": p, **base, **store.limits(session, p)}
            for p in store.projects(session)
        ]
