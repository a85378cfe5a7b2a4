"Events that other services tell of: ports, volumes, power."

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from common.context import Context
from common.errors import Error
from compute.core import Deps, actions, nics
from compute.errors import WrongState
from compute.store import servers as store

LOG = logging.getLogger(__name__)

PORT_EVENTS = (
    "network-changed",
    "network-vif-plugged",
    "network-vif-unplugged",
    "network-vif-deleted",
)
POWER = {"POWER_ON": "start", "POWER_OFF": "stop"}
TAGGED = ("volume-extended", "power-update", "accelerator-request-bound", "volume-reimaged")
"""Events that say nothing without the id of the volume or request that they are about"""


def handle(
    deps: Deps, ctx: Context, events: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    """(events with code and status, status of the answer): 200, or 207 when an event is not for a
    server that is there and on a host, or lacks its tag."""
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
        elif event["name"] in TAGGED and not event.get("tag"):
            answer |= {"status": "failed", "code": 400}
        elif server.host is None and event["name"] != "network-changed":
            answer |= {"status": "failed", "code": 422}
        else:
            _apply(deps, ctx, event)
        out.append(answer)
    return out, 200 if all(e["code"] == 200 for e in out) else 207


def _apply(deps: Deps, ctx: Context, event: Mapping[str, Any]) -> None:
    if event["name"] == "power-update" and event["tag"] in POWER:
        _power(deps, ctx, event["server_uuid"], POWER[event["tag"]])
    if event["name"] in PORT_EVENTS:
        _port(deps, event)


def _power(deps: Deps, ctx: Context, server_id: str, action: str) -> None:
    "The service that owns the machine has switched it: the server follows, as its record says."
    try:
        actions.power(deps, ctx.elevated(), server_id, action, f"servers:{action}")
    except WrongState:
        LOG.info("server %s needs no %s after a power-update", server_id, action)


def _port(deps: Deps, event: Mapping[str, Any]) -> None:
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
