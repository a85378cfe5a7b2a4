"Flavors: sizes of servers, who may use them, and their extra specs."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from common.db import utcnow
from common.ids import new_id
from compute.core import Deps, extra_specs
from compute.errors import (
    Duplicate,
    ExtraSpecNotFound,
    FlavorAccessExists,
    FlavorAccessNotFound,
    FlavorIdExists,
    FlavorNotFound,
    InvalidParameter,
    MarkerNotFound,
    NotSupportedHere,
)
from compute.store import flavors as store
from compute.store.models import Flavor


def find(deps: Deps, ctx: Context, **filters: Any) -> list[Flavor]:
    "Flavors that the caller sees. `marker` is a flavor id; raises MarkerNotFound."
    with deps.db.read() as session:
        marker = filters.pop("marker", None)
        if marker is not None:
            found = store.get(session, marker)
            if found is None:
                raise MarkerNotFound(marker=marker)
            filters["marker"] = found
        if not ctx.is_admin:
            filters["is_public"] = True
        project = ctx.project_id if filters.get("is_public") is True else None
        return store.find(session, project_id=project, **filters)


def get(deps: Deps, ctx: Context, flavor_id: str) -> Flavor:
    "A flavor that the caller may see. Raises FlavorNotFound."
    with deps.db.read() as session:
        project = None if ctx.is_admin else ctx.project_id or ""
        flavor = store.get(session, flavor_id, project)
        if flavor is None:
            raise FlavorNotFound(flavor_id=flavor_id)
        return flavor


def create(deps: Deps, ctx: Context, wish: Mapping[str, Any]) -> Flavor:
    "A new flavor. Raises Duplicate and FlavorIdExists."
    flavorid = str(wish.get("id") or "").strip()
    if flavorid in ("", "auto"):
        flavorid = new_id()
    flavor = Flavor(
        flavorid=flavorid,
        name=wish["name"].strip(),
        vcpus=int(wish["vcpus"]),
        memory_mib=int(wish["ram"]),
        root_gib=int(wish["disk"]),
        ephemeral_gib=int(wish.get("OS-FLV-EXT-DATA:ephemeral", 0)),
        swap_mib=int(wish.get("swap") or 0),
        rxtx_factor=float(wish.get("rxtx_factor", 1.0)),
        is_public=_boolean(wish.get("os-flavor-access:is_public", True)),
        description=wish.get("description"),
        extra_specs={},
    )
    with deps.db.write() as session:
        if store.by_name(session, flavor.name):
            raise Duplicate(what="Flavor", name=flavor.name)
        if store.get(session, flavorid):
            raise FlavorIdExists(flavor_id=flavorid)
        session.add(flavor)
    return flavor


def _boolean(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "on", "yes", "t", "y")


def describe(deps: Deps, flavor_id: str, description: str | None) -> Flavor:
    "Change the description, the only thing that may change."
    with deps.db.write() as session:
        flavor = _get(session, flavor_id)
        flavor.description, flavor.updated_at = description, utcnow()
        return flavor


def delete(deps: Deps, flavor_id: str) -> None:
    "Delete it; servers keep their own copy."
    with deps.db.write() as session:
        session.delete(_get(session, flavor_id))


def _get(session: Any, flavor_id: str) -> Flavor:
    flavor = store.get(session, flavor_id)
    if flavor is None:
        raise FlavorNotFound(flavor_id=flavor_id)
    return flavor


def access(deps: Deps, flavor_id: str) -> list[str]:
    "Projects of a private flavor. Raises FlavorNotFound for a public one."
    with deps.db.read() as session:
        flavor = _get(session, flavor_id)
        if flavor.is_public:
            raise FlavorNotFound("Access list not available for public flavors.")
        return list(store.access(session, flavor))


def grant(deps: Deps, flavor_id: str, project_id: str, *, strict: bool) -> list[str]:
    "Give a project access. `strict` refuses public flavors (2.7)."
    with deps.db.write() as session:
        flavor = _get(session, flavor_id)
        if flavor.is_public and strict:
            raise NotSupportedHere(reason="Can not add access to a public flavor.")
        if not store.add_access(session, flavor, project_id):
            raise FlavorAccessExists(flavor_id=flavor_id, project_id=project_id)
        session.flush()
        return list(store.access(session, flavor))


def revoke(deps: Deps, flavor_id: str, project_id: str) -> list[str]:
    "Take a project's access."
    with deps.db.write() as session:
        flavor = _get(session, flavor_id)
        if not store.remove_access(session, flavor, project_id):
            raise FlavorAccessNotFound(flavor_id=flavor_id, project_id=project_id)
        return list(store.access(session, flavor))


def specs(deps: Deps, ctx: Context, flavor_id: str) -> dict[str, str]:
    "The extra specs."
    return dict(get(deps, ctx, flavor_id).extra_specs or {})


def spec(deps: Deps, ctx: Context, flavor_id: str, key: str) -> str:
    "One extra spec. Raises ExtraSpecNotFound."
    found = specs(deps, ctx, flavor_id)
    if key not in found:
        raise ExtraSpecNotFound(flavor_id=flavor_id, key=key)
    return found[key]


def add_specs(
    deps: Deps, flavor_id: str, new: Mapping[str, Any], *, validate: bool
) -> dict[str, str]:
    """Add or change extra specs; `validate` refuses unknown names in known scopes and wrong values
    (2.86)."""
    if validate:
        for key, value in new.items():
            why = extra_specs.refusal(key, str(value))
            if why:
                raise InvalidParameter(field=key, value=value, reason=why)
    with deps.db.write() as session:
        flavor = _get(session, flavor_id)
        flavor.extra_specs = {**(flavor.extra_specs or {}), **{k: str(v) for k, v in new.items()}}
        flavor.updated_at = utcnow()
        return dict(flavor.extra_specs)


def drop_spec(deps: Deps, flavor_id: str, key: str) -> None:
    "Remove an extra spec. Raises ExtraSpecNotFound."
    with deps.db.write() as session:
        flavor = _get(session, flavor_id)
        if key not in (flavor.extra_specs or {}):
            raise ExtraSpecNotFound(flavor_id=flavor_id, key=key)
        flavor.extra_specs = {k: v for k, v in flavor.extra_specs.items() if k != key}
