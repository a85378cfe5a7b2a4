"Keeping what is kept of ports in step with the network service."

import logging
from collections.abc import Mapping
from typing import Any

from common.context import Context
from compute.core import Deps, network, servers, state
from compute.store import servers as store

LOG = logging.getLogger(__name__)


def port_changed(deps: Deps, payload: Mapping[str, Any]) -> None:
    """Something happened to a port of a server: `network.port` on the bus, or an external event.
    What changes with it (addresses, floating addresses, groups) is read again; a mere ACTIVE is
    only noted."""
    server_id, port_id = str(payload.get("device_id") or ""), str(payload.get("port_id") or "")
    if not server_id:
        return
    with deps.db.read() as session:
        server = store.get(session, server_id)
    if server is None or not server.nics:
        return
    known = next((n for n in server.nics if n["port_id"] == port_id), None)
    status = payload.get("status")
    if status in ("ACTIVE", "DOWN") and known and "change" not in payload:
        _note(deps, server_id, port_id, status == "ACTIVE")
    else:
        refresh(deps, server_id)


def _note(deps: Deps, server_id: str, port_id: str, active: bool) -> None:
    with deps.db.write() as session:
        server = store.get(session, server_id, lock=True)
        if server is None or all(
            n["active"] == active for n in server.nics if n["port_id"] == port_id
        ):
            return
        server.nics = [
            {**n, "active": active} if n["port_id"] == port_id else n for n in server.nics
        ]


def refresh(deps: Deps, server_id: str) -> None:
    "Read all ports of a server again."
    with deps.db.read() as session:
        server = store.get(session, server_id)
    if server is None or server.task_state in ("networking", "scheduling"):
        return
    fresh = network.refresh(deps, server_id, server.nics)
    with deps.db.write() as session:
        row = store.get(session, server_id, lock=True)
        if row is None or [n["port_id"] for n in row.nics] != [n["port_id"] for n in server.nics]:
            return  # ports came or went meanwhile; who did that has written it down
        if row.nics != fresh:
            row.nics, row.ips = fresh, network.addresses(fresh)


def refresh_wanted(deps: Deps, ctx: Context, server_id: str) -> None:
    "The same when an administrator asks for it (injectNetworkInfo)."
    server = servers.get(deps, ctx, server_id, "os-admin-actions:inject_network_info")
    state.check_lock(server, ctx.is_admin)
    refresh(deps, server.id)


def note_groups(deps: Deps, server_id: str, name: str, add: bool) -> None:
    "Names of security groups that answers show."
    with deps.db.write() as session:
        server = store.get(session, server_id, lock=True)
        if server is not None:
            left = [g for g in server.security_groups if g != name]
            server.security_groups = [*left, name] if add else left
