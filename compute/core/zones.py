"Availability zones: which a server asks for, and `zone:host:node`."

from collections.abc import Mapping
from typing import Any

from common.context import Context
from compute.core import Deps
from compute.errors import BadZone, ComputeHostNotFound, InvalidParameter
from compute.store import hosts as store


def wanted(deps: Deps, ctx: Context, wish: Mapping[str, Any]) -> dict[str, Any]:
    """{"zone", "force_host", "force_node", "skip_filters"} of a create. Raises BadZone, Forbidden
    for a host named by a user."""
    out: dict[str, Any] = {
        "zone": None,
        "force_host": None,
        "force_node": None,
        "skip_filters": False,
    }
    text = wish.get("availability_zone") or deps.config.compute.default_schedule_zone
    if text:
        out |= parse(deps, ctx, text)
    if wish.get("host") or wish.get("hypervisor_hostname"):
        ctx.enforce("compute:servers:create:requested_destination", {"project_id": ctx.project_id})
        if out["force_host"]:
            raise InvalidParameter(
                field="availability_zone", value=text, reason="it names a host, and so does host."
            )
        _check_host(deps, wish.get("host"), wish.get("hypervisor_hostname"))
        out |= {"force_host": wish.get("host"), "force_node": wish.get("hypervisor_hostname")}
    return out


def parse(deps: Deps, ctx: Context, text: str) -> dict[str, Any]:
    "`zone`, `zone:host`, `zone:host:node` or `zone::node`."
    zone, _, rest = text.partition(":")
    host, _, node = rest.partition(":")
    if ":" in node:
        raise InvalidParameter("Unable to parse availability_zone")
    if host or node:
        ctx.enforce("os_compute_api:servers:create:forced_host", {"project_id": ctx.project_id})
        return {
            "zone": zone or None,
            "force_host": host or None,
            "force_node": node or None,
            "skip_filters": True,
        }
    if zone not in names(deps):
        raise BadZone()
    return {"zone": zone}


def _check_host(deps: Deps, host: str | None, node: str | None) -> None:
    with deps.db.read() as session:
        nodes = store.nodes(session)
    if not any((host in (None, n.host)) and (node in (None, n.hypervisor_hostname)) for n in nodes):
        raise InvalidParameter(str(ComputeHostNotFound(host=host or node)))


def names(deps: Deps) -> set[str]:
    "Zones that there are."
    default = deps.config.compute.default_availability_zone
    with deps.db.read() as session:
        zones = store.zones(session, default)
        return {*zones.values(), default}


def listing(deps: Deps, detail: bool) -> list[dict[str, Any]]:
    "Zones with their state, and with `detail` the services of each host."
    from compute.core.hosts import is_up

    default = deps.config.compute.default_availability_zone
    with deps.db.read() as session:
        services = store.services(session)
        zone_of = store.zones(session, default)
    found: dict[str, dict[str, Any]] = {}
    for one in services:
        zone = zone_of[one.host] if one.binary == store.COMPUTE else "internal"
        if zone == "internal" and not detail:
            continue
        entry = found.setdefault(
            zone, {"zoneName": zone, "zoneState": {"available": False}, "hosts": {}}
        )
        up = is_up(deps, one)
        entry["zoneState"]["available"] |= not one.disabled
        entry["hosts"].setdefault(one.host, {})[one.binary] = {
            "available": up,
            "active": not one.disabled,
            "updated_at": one.last_seen_at,
        }
    if not detail:
        found.setdefault(
            default, {"zoneName": default, "zoneState": {"available": True}, "hosts": None}
        )
    for entry in found.values():
        if not detail:
            entry["hosts"] = None
    return sorted(found.values(), key=lambda z: (z["zoneName"] == "internal", z["zoneName"]))
