"""Limits: what the operator configured, for the default class, a project, a user; and what counts
against them."""

from collections.abc import Mapping
from typing import Any

from compute.config import QUOTA_DEFAULTS
from compute.core import Deps
from compute.errors import InvalidParameter, QuotaExceeded, TooManyItems
from compute.store import flavors as flavor_store
from compute.store import quotas as store
from compute.store import servers as server_store

COUNTED = ("instances", "cores", "ram")
NETWORK = {"floating_ips": 10, "fixed_ips": -1, "security_groups": 10, "security_group_rules": 20}
"""Resources of the network service that old versions of the API still show; a class may have
other numbers, as in Nova, but they limit nothing here."""


def effective(
    deps: Deps, session: Any, project_id: str | None, user_id: str | None = None
) -> dict[str, int]:
    """The limits that hold: the user's, else the project's, else the default class's, else the
    configured."""
    owners = [("class", "default")]
    if project_id:
        owners.append(("project", project_id))
    if project_id and user_id:
        owners.append(("user", f"{project_id}/{user_id}"))
    found = store.limits(session, owners)
    limits = {name: int(getattr(deps.config.quota, name)) for name in QUOTA_DEFAULTS}
    for scope, _ in owners:
        limits |= {k: v for k, v in found[scope].items() if k in limits}
    return limits


def defaults(deps: Deps) -> dict[str, int]:
    "The limits of a project for which nothing was set."
    with deps.db.read() as session:
        return effective(deps, session, None)


def show(deps: Deps, project_id: str, user_id: str | None = None) -> dict[str, int]:
    "The limits of a project, or of a user in it."
    with deps.db.read() as session:
        return effective(deps, session, project_id, user_id)


def usage(deps: Deps, project_id: str, user_id: str | None = None) -> dict[str, int]:
    "What is used of each limit; what cannot be counted for a project is 0."
    with deps.db.read() as session:
        count, cores, ram = server_store.usage(session, project_id, user_id)
        used = dict.fromkeys(QUOTA_DEFAULTS, 0)
        used |= {
            "instances": count,
            "cores": cores,
            "ram": ram,
            "server_groups": store.count_groups(session, project_id, user_id),
        }
        if user_id:
            used["key_pairs"] = flavor_store.count_keypairs(session, user_id)
    return used


def update(
    deps: Deps,
    project_id: str,
    changes: Mapping[str, int],
    *,
    user_id: str | None = None,
    force: bool = False,
) -> dict[str, int]:
    """Set limits. Raises InvalidParameter for less than is used (unless `force`), or a user's
    limit above the project's."""
    used = usage(deps, project_id, user_id)
    with deps.db.write() as session:
        ceiling = effective(deps, session, project_id) if user_id else {}
        for name, limit in changes.items():
            if name not in QUOTA_DEFAULTS:
                continue
            if limit != -1 and limit < used[name] and not force:
                raise InvalidParameter(field=name, value=limit, reason=f"{used[name]} are in use.")
            most = ceiling.get(name, -1)
            if user_id and most != -1 and (limit > most or limit == -1):
                raise InvalidParameter(
                    field=name, value=limit, reason=f"The project's limit is {most}."
                )
            scope, owner = (
                ("user", f"{project_id}/{user_id}") if user_id else ("project", project_id)
            )
            store.set_limit(session, scope, owner, name, limit)
    return show(deps, project_id, user_id)


def clear(deps: Deps, project_id: str, user_id: str | None = None) -> None:
    "Back to the defaults."
    with deps.db.write() as session:
        if user_id:
            store.clear(session, "user", f"{project_id}/{user_id}")
        else:
            store.clear(session, "project", project_id)


def show_class(deps: Deps, name: str) -> dict[str, int]:
    "Limits of a quota class; only `default` has an effect."
    with deps.db.read() as session:
        limits = {n: int(getattr(deps.config.quota, n)) for n in QUOTA_DEFAULTS}
        return NETWORK | limits | store.limits(session, [("class", name)])["class"]


def update_class(deps: Deps, name: str, changes: Mapping[str, int]) -> dict[str, int]:
    "Set limits of a quota class."
    with deps.db.write() as session:
        for resource, limit in changes.items():
            if resource in QUOTA_DEFAULTS or resource in NETWORK:
                store.set_limit(session, "class", name, resource, limit)
    return show_class(deps, name)


def admit(
    deps: Deps,
    session: Any,
    project_id: str,
    user_id: str,
    flavor: Mapping[str, Any],
    least: int,
    most: int,
    limits: Mapping[str, int] | None = None,
) -> int:
    """How many servers of `flavor`, `least` to `most`, the project may have in addition. Call it
    in the transaction that adds them. Raises QuotaExceeded naming what is short."""
    store.take_turn(session, project_id)
    limits = limits or effective(deps, session, project_id, user_id)
    used = dict(zip(COUNTED, server_store.usage(session, project_id), strict=True))
    each = {"instances": 1, "cores": int(flavor["vcpus"]), "ram": int(flavor["memory_mib"])}
    allowed = most
    for name in COUNTED:
        if limits[name] != -1 and each[name]:
            allowed = min(allowed, (limits[name] - used[name]) // each[name])
    if allowed < least:
        short = [n for n in COUNTED if limits[n] != -1 and used[n] + each[n] * least > limits[n]]
        raise QuotaExceeded(
            over=", ".join(short),
            requested=", ".join(str(each[n] * least) for n in short),
            used=", ".join(str(used[n]) for n in short),
            limit=", ".join(str(limits[n]) for n in short),
        )
    return allowed


def check_metadata(deps: Deps, project_id: str, items: Mapping[str, str]) -> None:
    "Raise TooManyItems for more metadata items than the project may have."
    limit = show(deps, project_id)["metadata_items"]
    if limit != -1 and len(items) > limit:
        raise TooManyItems(what="metadata items", given=len(items), limit=limit)


def admit_growth(
    deps: Deps,
    session: Any,
    project_id: str,
    user_id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> None:
    "The same for a resize: only what the new flavor has more counts."
    store.take_turn(session, project_id)
    limits = effective(deps, session, project_id, user_id)
    used = dict(zip(COUNTED, server_store.usage(session, project_id), strict=True))
    for name, key in (("cores", "vcpus"), ("ram", "memory_mib")):
        more = int(new[key]) - int(old[key])
        if more > 0 and limits[name] != -1 and used[name] + more > limits[name]:
            raise QuotaExceeded(over=name, requested=more, used=used[name], limit=limits[name])
