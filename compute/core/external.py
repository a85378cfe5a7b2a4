"Events that other services tell of: ports, volumes, power."

from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from common.errors import Error
from compute.core import Deps, nics
from compute.store import servers as store

PORT_EVENTS = (
    "network-changed",
    "network-vif-plugged",
    "network-vif-unplugged",
    "network-vif-deleted",
)


def handle(
    deps: Deps, ctx: Context, events: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    """(events with code and status, status of the answer): 200, 207 when some servers are not
    there, 404 when none is."""
    with deps.db.read() as session:
        known = store.by_ids(session, {e["server_uuid"] for e in events})
    out = []
    for event in events:
        answer = {
            "name": event["name"],
            "server_uuid": event["server_uuid"],
            "status": event.get("status", "completed"),
            "code": 200,
        }
        if "tag" in event:
            answer["tag"] = event["tag"]
        server = known.get(event["server_uuid"])
        if server is None:
            answer |= {"status": "failed", "code": 404}
        elif server.host is None and event["name"] != "network-changed":
            answer |= {"status": "failed", "code": 422}
        else:
            _apply(deps, event)
        out.append(answer)
    codes = {e["code"] for e in out}
    if codes == {404}:
        return out, 404
    return out, 200 if codes == {200} else 207


def _apply(deps: Deps, event: Mapping[str, Any]) -> None:
    if event["name"] not in PORT_EVENTS:
        return
    plugged = {"network-vif-plugged": "ACTIVE", "network-vif-unplugged": "DOWN"}.get(event["name"])
    try:
        nics.port_changed(
            deps,
            {
                "device_id": event["server_uuid"],
                "port_id": event.get("tag"),
                "status": plugged or "CHANGED",
            },
        )
    except Error:
        # the state is read again on the next event or detail; the sender must not fail for it
        return
