"""What other services are told of ports, compute above all: events on the bus, lossy by design.

`network.port`: {"port_id", "device_id", "host", "status"}, and "change" when more than the status
has: "addresses", "port".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from network.core import Deps
from network.store import ports as store
from network.store.models import Port

TOPIC = "network.port"


def status(deps: Deps, rows: Sequence[Port], now: str) -> None:
    "The ports' status is another one."
    _publish(deps, rows, {"status": now})


def changed(deps: Deps, port_ids: Iterable[str | None], change: str) -> None:
    "What is to be read of these ports is not what it was; those that no device has are nobody's."
    ids = {i for i in port_ids if i}
    if deps.events is None or not ids:
        return
    with deps.db.read() as session:
        rows = [row for row in store.by_ids(session, ids) if row.device_id]
    for row in rows:
        _publish(deps, [row], {"status": row.status, "change": change})


def _publish(deps: Deps, rows: Sequence[Port], more: dict[str, str]) -> None:
    if deps.events is None:
        return
    for row in rows:
        about = {"port_id": row.id, "device_id": row.device_id, "host": row.host_id}
        deps.events.publish(TOPIC, about | more)
