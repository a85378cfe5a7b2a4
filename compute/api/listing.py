"""The query of GET /servers as conditions: which filters there are, for whom, at which version.

Source: "List Servers" of the Compute API reference.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from common.context import Context
from common.http import Version
from compute.core import Deps
from compute.core.servers import Condition, Server, ServerQuery
from compute.core.state import states_of
from compute.errors import InvalidParameter
from compute.views.links import base

T = TypeVar("T")
SORT = {
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "auto_disk_config": "disk_config",
    "availability_zone": "availability_zone",
    "config_drive": "config_drive",
    "created_at": "created_at",
    "display_description": "description",
    "display_name": "name",
    "host": "host",
    "hostname": "hostname",
    "image_ref": "image_id",
    "instance_type_id": "flavor_id",
    "key_name": "key_name",
    "launch_index": "launch_index",
    "launched_at": "launched_at",
    "locked_by": "locked_by",
    "node": "node",
    "power_state": "power_state",
    "progress": "progress",
    "project_id": "project_id",
    "root_device_name": "root_device_name",
    "task_state": "task_state",
    "terminated_at": "terminated_at",
    "updated_at": "updated_at",
    "user_id": "user_id",
    "uuid": "id",
    "vm_state": "vm_state",
    "locked": "locked_by",
}
ADMIN_SORT = {"host", "node"}
TRUE, FALSE = ("1", "t", "true", "on", "y", "yes"), ("0", "f", "false", "off", "n", "no")
EXACT = {
    "user_id": "user_id",
    "project_id": "project_id",
    "tenant_id": "project_id",
    "image": "image_id",
    "image_ref": "image_id",
    "flavor": "flavor_id",
    "hostname": "hostname",
    "key_name": "key_name",
    "host": "host",
    "node": "node",
    "vm_state": "vm_state",
    "availability_zone": "availability_zone",
    "uuid": "id",
    "reservation_id": "reservation_id",
    "locked_by": "locked_by",
    "root_device_name": "root_device_name",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "description": "description",
    "display_description": "description",
}
NUMBERS = {"launch_index": "launch_index", "power_state": "power_state", "progress": "progress"}
TIMES = {"created_at": "created_at", "launched_at": "launched_at", "terminated_at": "terminated_at"}
USER = {
    "reservation_id",
    "name",
    "status",
    "image",
    "flavor",
    "ip",
    "changes-since",
    "all_tenants",
    "image_ref",
    "display_name",
}
USER_LATER = {
    "2.5": {"ip6"},
    "2.26": {"tags", "tags-any", "not-tags", "not-tags-any"},
    "2.66": {"changes-before"},
    "2.73": {"locked"},
    "2.83": {
        "availability_zone",
        "config_drive",
        "key_name",
        "created_at",
        "launched_at",
        "terminated_at",
        "power_state",
        "task_state",
        "vm_state",
        "progress",
        "user_id",
    },
}


def server_query(
    deps: Deps, ctx: Context, args: MultiDict[str, str], version: Version, rule: str
) -> tuple[ServerQuery | None, str | None]:
    """(what to look for, marker); None for what cannot be there. Raises InvalidParameter, and
    Forbidden for all_tenants."""
    query = ServerQuery(limit=limit_of(deps, args), sort=_sort(args, ctx))
    wanted = {k: args.getlist(k) for k in args}
    if "status" in wanted and not _status(wanted["status"], ctx, version, query):
        return None, None
    everybody = _all_tenants(args, ctx, rule)
    if version >= "2.66":
        changes_of(args)
    allowed = _allowed(ctx, version, everybody)
    conditions = query.conditions
    for key, values in wanted.items():
        if key in allowed or key in ("changes-since", "changes-before") and key in allowed:
            conditions += _conditions(key, values)
    _deletion(conditions, args, ctx, allowed)
    if not everybody:
        conditions.append(("eq", "project_id", ctx.project_id))
    return query, args.get("marker")


def limit_of(deps: Deps, args: MultiDict[str, str]) -> int:
    "`limit`, at most what the operator allows. Raises InvalidParameter."
    text = args.get("limit", "").strip()
    if text and not text.isdigit():
        raise InvalidParameter(
            field="limit", value=text, reason="It must be an integer of 0 or more."
        )
    most = deps.config.compute.max_limit
    return min(int(text), most) if text and int(text) else (0 if text else most)


def offset_of(args: MultiDict[str, str]) -> int:
    "`offset`. Raises InvalidParameter."
    text = args.get("offset", "0").strip()
    if not text.isdigit():
        raise InvalidParameter(
            field="offset", value=text, reason="It must be an integer of 0 or more."
        )
    return int(text)


def window(deps: Deps, args: MultiDict[str, str], rows: Sequence[T]) -> Sequence[T]:
    "The rows that `limit` and `offset` leave of a list that is short and has no markers."
    start = offset_of(args)
    return rows[start : start + limit_of(deps, args)]


def _allowed(ctx: Context, version: Version, everybody: bool) -> set[str]:
    if ctx.allows("os_compute_api:servers:allow_all_filters", {"project_id": ctx.project_id}):
        names = {
            *EXACT,
            *NUMBERS,
            *TIMES,
            *USER,
            "task_state",
            "config_drive",
            "deleted",
            "soft_deleted",
            "metadata",
            "ip6",
            "auto_disk_config",
            "disk_config",
        }
        if not everybody:
            names -= {"project_id", "tenant_id"}
    else:
        names = set(USER)
    for since, more in USER_LATER.items():
        if version >= since:
            names |= more
    if version < "2.26":
        names -= USER_LATER["2.26"]
    return names


def _all_tenants(args: MultiDict[str, str], ctx: Context, rule: str) -> bool:
    if "all_tenants" not in args:
        return False
    text = args["all_tenants"].lower()
    if text not in ("", *TRUE, *FALSE):
        raise InvalidParameter(field="all_tenants", value=text, reason="It must be a boolean.")
    if text in FALSE:
        return False
    ctx.enforce(f"os_compute_api:{rule}:get_all_tenants", {"project_id": ctx.project_id})
    return True


def _status(values: list[str], ctx: Context, version: Version, query: ServerQuery) -> bool:
    pairs: list[Any] = []
    for value in values:
        found = states_of(value)
        if value.upper() == "DELETED" and not ctx.is_admin:
            from common.errors import Forbidden

            raise Forbidden("Only administrators may list deleted instances")
        pairs += found
    if not pairs:
        if version >= "2.38":
            raise InvalidParameter("Invalid status value")
        return False
    query.conditions.append(("states", "", pairs))
    return True


def _deletion(
    conditions: list[Condition], args: MultiDict[str, str], ctx: Context, allowed: set[str]
) -> None:
    "Deleted servers show when somebody asks what changed, or an administrator for them."
    deleted = args.get("deleted") if "deleted" in allowed else None
    if deleted is not None:
        conditions.append(("eq", "deleted", _truth("deleted", deleted)))
    elif "DELETED" in [s.upper() for s in args.getlist("status")]:
        conditions.append(("eq", "deleted", True))
    elif "changes-since" not in args and "changes-before" not in args:
        conditions.append(("eq", "deleted", False))
    soft = args.get("soft_deleted") if "soft_deleted" in allowed else None
    if soft is not None and _truth("soft_deleted", soft):
        conditions.append(("eq", "vm_state", "soft-delete"))


def _conditions(key: str, values: list[str]) -> list[Condition]:
    maker = _SPECIAL.get(key)
    if maker:
        return maker(values[-1])
    if key in EXACT:
        return [("in", EXACT[key], values) if len(values) > 1 else ("eq", EXACT[key], values[0])]
    if key in NUMBERS:
        if not re.fullmatch(r"-?\d{1,9}", values[-1]):
            raise InvalidParameter(field=key, value=values[-1], reason="It must be an integer.")
        return [("eq", NUMBERS[key], int(values[-1]))]
    if key in TIMES:
        moment = time_of(key, values[-1])
        return [
            ("ge", TIMES[key], moment),
            ("le", TIMES[key], moment + datetime.timedelta(seconds=1)),
        ]
    return []


def pattern_of(field: str, text: str) -> str:
    "A regular expression. Raises InvalidParameter."
    try:
        re.compile(text)
    except re.error:
        raise InvalidParameter(
            field=field, value=text, reason="It is no regular expression."
        ) from None
    return text


def _regex(column: str) -> Callable[[str], list[Condition]]:
    return lambda text: [("regex", column, pattern_of(column, text))] if text else []


def _tags(operator: str) -> Callable[[str], list[Condition]]:
    return lambda text: [(operator, "", [t for t in text.split(",") if t])]


def _truth(key: str, text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise InvalidParameter(field=key, value=text, reason="It must be a boolean.")
    return text.lower() in TRUE


def _metadata(text: str) -> list[Condition]:
    import json

    try:
        value = json.loads(text.replace("'", '"').replace('u"', '"'))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidParameter(field="metadata", value=text, reason="It must be a JSON object.")
    return [("meta", "", {str(k): str(v) for k, v in value.items()})]


_SPECIAL: dict[str, Callable[[str], list[Condition]]] = {
    "name": _regex("name"),
    "display_name": _regex("name"),
    "ip": _regex("ips"),
    "ip6": _regex("ips"),
    "tags": _tags("tags_all"),
    "tags-any": _tags("tags_any"),
    "not-tags": _tags("tags_not_all"),
    "not-tags-any": _tags("tags_not_any"),
    "changes-since": lambda t: [("ge", "updated_at", time_of("changes-since", t))],
    "changes-before": lambda t: [("le", "updated_at", time_of("changes-before", t))],
    "locked": lambda t: [("set", "locked_by", _truth("locked", t))],
    "config_drive": lambda t: [("eq", "config_drive", bool(t) and _truth("config_drive", t))],
    "task_state": lambda t: [("eq", "task_state", None if t in ("", "None") else t)],
    "metadata": _metadata,
    "auto_disk_config": lambda t: [
        (
            "eq",
            "disk_config",
            t.upper()
            if t.upper() in ("AUTO", "MANUAL")
            else "AUTO"
            if _truth("auto_disk_config", t)
            else "MANUAL",
        )
    ],
    "disk_config": lambda t: [("eq", "disk_config", t.upper())],
}


def time_of(key: str, text: str) -> datetime.datetime:
    "An ISO 8601 moment. Raises InvalidParameter."
    try:
        moment = datetime.datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise InvalidParameter(
            field=key, value=text, reason="Invalid time: it must be as in 2026-01-31T12:00:00Z."
        ) from None
    try:
        return (
            moment.replace(tzinfo=datetime.UTC)
            if moment.tzinfo is None
            else moment.astimezone(datetime.UTC)
        )
    except OverflowError:
        raise InvalidParameter(field=key, value=text, reason="Invalid time.") from None


def changes_of(args: MultiDict[str, str]) -> dict[str, datetime.datetime]:
    "changes-since and changes-before as {since, before}. Raises InvalidParameter."
    found = {
        key: time_of(name, args[name])
        for name, key in (("changes-since", "since"), ("changes-before", "before"))
        if name in args
    }
    if len(found) == 2 and found["since"] > found["before"]:
        raise InvalidParameter(
            "The value of changes-since must be less than or equal to changes-before."
        )
    return found


def _sort(args: MultiDict[str, str], ctx: Context) -> list[tuple[str, str]]:
    keys, ways = args.getlist("sort_key"), args.getlist("sort_dir")
    if len(ways) > len(keys) and keys:
        raise InvalidParameter("Sort direction size exceeds sort key size")
    out = []
    for i, key in enumerate(keys):
        if key not in SORT or (key in ADMIN_SORT and not ctx.is_admin):
            if key in ADMIN_SORT:
                from common.errors import Forbidden

                raise Forbidden(f"Only administrators may sort by {key}")
            raise InvalidParameter(
                field="sort_key", value=key, reason=f"It must be one of {', '.join(sorted(SORT))}."
            )
        way = ways[i] if i < len(ways) else (ways[-1] if ways else "desc")
        if way not in ("asc", "desc"):
            raise InvalidParameter(field="sort_dir", value=way, reason="It must be asc or desc.")
        out.append((SORT[key], way))
    return out


def next_link(
    path: str, args: MultiDict[str, str], rows: list[Server], limit: int | None
) -> list[dict[str, str]]:
    "The link to the next page, when this one is full."
    if not rows or limit is None or len(rows) < limit:
        return []
    items = [(k, v) for k, v in args.items(multi=True) if k != "marker"]
    return [
        {"rel": "next", "href": f"{base()}/{path}?{urlencode([*items, ('marker', rows[-1].id)])}"}
    ]
